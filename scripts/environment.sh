#!/bin/sh
# Makes .venv with the first Python from 3.11 up that works, and installs the files named.
# A second call with unchanged files does nothing. Works in a path with spaces.
set -eu
cd "$(dirname "$0")/.."

fits='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c "$fits" >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "Tensorscope needs Python 3.11, 3.12 or 3.13 with venv." >&2
    echo "Install it (Debian and Ubuntu: apt-get install python3 python3-venv) or set PYTHON=/path/to/python3." >&2
    exit 1
}

if ! .venv/bin/python -c "$fits" >/dev/null 2>&1; then
    python=$(find_python)
    echo "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi

wanted=$(cat "$@" | cksum)
stamp=".venv/installed-$(echo "$*" | cksum | cut -d' ' -f1)"
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    echo "Installing from $* (a few minutes the first time)"
    for file in "$@"; do set -- "$@" -r "$file"; shift; done
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
    echo "$wanted" >"$stamp"
fi
