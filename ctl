#!/bin/sh
# The one command of the suite: finds a Python that Odoo 19 supports and hands over to tools/ctl.py.
here=$(cd "$(dirname "$0")" && pwd -P) || exit 1
usable='import sys; raise SystemExit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'
for python in "${ORDER_CONTROL_PYTHON:-python3}" python3.12 python3.11 python3.13 python3.10; do
    if "$python" -c "$usable" >/dev/null 2>&1; then
        exec "$python" "$here/tools/ctl.py" "$@"
    fi
done
echo "ctl: Odoo 19 needs Python 3.10 to 3.13 and none was found; install one (Debian: apt-get install python3 python3-venv) or name it in ORDER_CONTROL_PYTHON." >&2
exit 1
