#!/bin/sh
# Make sure that DIRECTORY is a virtual environment with Python 3.11 or newer and pip.
# Usage: tools/make_venv.sh DIRECTORY     (PYTHON=... names the interpreter to use)
set -eu

directory=$1
modern='import sys; sys.exit(sys.version_info < (3, 11))'

if [ -x "$directory/bin/python" ] && "$directory/bin/python" -c "$modern" >/dev/null 2>&1; then
    "$directory/bin/python" -m pip --version >/dev/null 2>&1 ||
        "$directory/bin/python" -m ensurepip >/dev/null
    exit 0
fi

for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
    # A Python without venv or ensurepip (Debian keeps them apart) is passed over.
    if "$candidate" -c "import ensurepip, venv; $modern" >/dev/null 2>&1; then
        echo "making $directory with $("$candidate" --version)"
        exec "$candidate" -m venv --clear "$directory"
    fi
done

cat >&2 <<MESSAGE
crmkit needs Python 3.11 or newer, with the standard modules venv and ensurepip.
Looked for: ${PYTHON:-python3.13, python3.12, python3.11, python3 and python}.
Install one (Debian and Ubuntu: apt install python3 python3-venv), or name yours:
    make demo PYTHON=/path/to/python3
MESSAGE
exit 1
