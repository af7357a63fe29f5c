#!/bin/sh
# Makes .venv, or brings it up to date: run by every make target that needs it; a no-op of a few milliseconds when nothing changed.
# Usage: checks/setup.sh [PYTHON]    PYTHON: the interpreter to use; without it the newest tested one on PATH.
set -eu
cd "$(dirname "$0")/.."
wanted=${1:-}
stamp=.venv/exosuit-stamp

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

# Asks the interpreter itself: a name on PATH may be a shim of something that is not there.
version_of() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

pick() {
    for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
        if version_of "$name" >/dev/null; then
            echo "$name"
            return
        fi
    done
    found=$(version_of python3 || true)
    fail "no Python 3.11 or newer on PATH${found:+ (python3 is $found)}" \
        "install python3.11 or newer, or name one: make PYTHON=/path/to/python3.12"
}

inputs() { cat pyproject.toml requirements.lock | cksum; }

# Without a wish, a .venv that works is kept, whatever Python it was made from.
if [ -z "$wanted" ] && [ -x .venv/bin/python ] && version_of .venv/bin/python >/dev/null; then
    version=$(version_of .venv/bin/python)
else
    python=${wanted:-$(pick)}
    version=$(version_of "$python") || fail "$python is not a Python 3.11 or newer that runs" "make PYTHON=/path/to/python3.12"
fi
key="$version $(inputs)"
[ -f $stamp ] && [ "$(cat $stamp)" = "$key" ] && exit 0

if [ ! -x .venv/bin/python ] || [ "$(version_of .venv/bin/python)" != "$version" ]; then
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python cannot make virtual environments: its venv module is missing" \
            "on Debian and Ubuntu: apt install python3-venv; or name another one: make PYTHON=/path/to/python3.12"
    echo "Setting up .venv with Python $version"
    rm -rf .venv
    "$python" -m venv .venv
else
    echo "Bringing .venv up to date (Python $version)"
fi
rm -f $stamp
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock ||
    fail "the packages in requirements.lock did not install" "the lines above say why; is there a network?"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable . ||
    fail "exosuit did not install into .venv" "the lines above say why"
echo "$key" >$stamp
