"""./ctl: sets up, runs and tests the suite. Needs nothing but Python itself."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# The interpreter put tools/ itself first, where our modules would hide others'.
sys.path.remove(str(Path(__file__).resolve().parent))

from tools import commands, output  # noqa: E402 (needs the path above)


def main(arguments):
    """Run the command that `arguments` name; return the exit code."""
    name, rest = (arguments or ["help"])[0], arguments[1:]
    if name in ("-h", "--help"):
        name = "help"
    command = commands.COMMANDS.get(name)
    # Being terminated is like Ctrl-C: what was started is stopped, locks are released.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        if command is None:
            raise output.Fail(f'There is no command "{name}": see ./ctl help.')
        return command(rest) or 0
    except output.Fail as failure:
        print(f"ctl: {failure}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("ctl: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, less) went away; that is no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"ctl: {error}: check the folder's owner and the disk.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
