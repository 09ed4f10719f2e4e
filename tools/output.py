"""Messages, progress and failures of ./ctl."""

import os
import subprocess
import sys
import threading
import time

# ./ctl env prints shell code on stdout, so its messages go to stderr.
stream = sys.stdout


class Fail(Exception):
    """A failure that the user can act on: one line that ends in the remedy."""


def say(text=""):
    """Print one line at once, also when stdout is a pipe."""
    print(text, file=stream, flush=True)


def step(text):
    """Announce a step that may take a while."""
    say(f"==> {text}")


def note(text):
    """Print a detail of the current step."""
    say(f"    {text}")


class Progress:
    """Prints a line every few seconds while a slow step runs.

    ``status`` may be changed by whoever does the work; the line then shows it.
    """

    def __init__(self, label, every=15):
        self.status = label
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self):
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._done.set()
        self._thread.join()

    def _tick(self):
        while not self._done.wait(self._every):
            note(f"{self.status} ({time.monotonic() - self._start:.0f} s)")


def run(command, failure, log=None, progress=None, **options):
    """Run a quiet command; on failure raise `Fail` with the last line it printed.

    :param str failure: what to tell the user, with the remedy
    :param log: file that keeps the whole output
    :param str progress: label of the line printed while it runs
    :return: what the command printed
    """
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    try:
        with Progress(progress or failure, every=15 if progress else 3600):
            done = subprocess.run(
                [os.fspath(part) for part in command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                **options,
            )
    except OSError as error:
        raise Fail(f"{failure} ({error})") from error
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        last = lines[-1].strip() if lines else f"exit code {done.returncode}"
        raise Fail(f"{failure} ({last})")
    return done.stdout
