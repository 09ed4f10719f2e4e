"""How often an event of one kind is recorded: whoever tries may not fill the trail."""

import threading
import time

# keys that a process remembers at most
KEYS = 10_000


class RateLimit:
    """The first events of each key within a time are recorded, the rest is counted.

    Each process counts by itself: what is recorded is at most that many times more.

    :param int number: events of one key recorded within the time
    :param float seconds: the time
    """

    def __init__(self, number, seconds):
        self.number = number
        self.seconds = seconds
        self._lock = threading.Lock()
        self._seen = {}

    def passes(self, key):
        """Return how many events were left out since the last one, None to leave out.

        :param key: what is counted, such as a login and an address
        """
        now = time.monotonic()
        with self._lock:
            start, count, left_out = self._seen.get(key, (now, 0, 0))
            if now - start >= self.seconds:
                start, count = now, 0
            if count >= self.number:
                self._seen[key] = start, count, left_out + 1
                return None
            if len(self._seen) >= KEYS:
                self._seen.clear()
            self._seen[key] = start, count + 1, 0
            return left_out
