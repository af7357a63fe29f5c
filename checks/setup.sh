#!/bin/sh
# Makes .venv, or brings it up to date: run by every make target that needs it; a no-op of a few milliseconds when nothing changed.
# Usage: checks/setup.sh [PYTHON]    PYTHON: the interpreter to use; without it the newest tested one on PATH.
#        checks/setup.sh --pick      print the one that would be used
set -eu
cd "$(dirname "$0")/.."
wanted=${1:-}
[ "$wanted" != --pick ] || { only_pick=yes && wanted=; }
stamp=.venv/exosuit-stamp

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

# Asks the interpreter itself: a name on PATH may be a shim of something that is not there.
version_of() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
makes_environments() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }

# Prints the newest Python that the tests run on, else any other that is new enough.
pick() {
    bare=
    for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
        version_of "$name" >/dev/null || continue
        if makes_environments "$name"; then
            command -v "$name"
            return
        fi
        bare=${bare:-$name}
    done
    [ -z "$bare" ] || fail "$bare cannot make virtual environments: its venv module is missing" \
        "on Debian and Ubuntu: apt install python3-venv; or name another one: make PYTHON=/path/to/python3.12"
    old=$(version_of python3 || true)
    fail "no Python 3.11 or newer on PATH${old:+ (python3 is $old)}" \
        "install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12"
}

if [ "${only_pick:-}" ]; then
    pick
    exit
fi

# The stamp says what .venv was made for, the Python and the folder (its scripts hold the path), then what was installed.
stamped() { sed -n "$1p" $stamp 2>/dev/null || true; }
installed=$(cat pyproject.toml requirements.lock | cksum)

# A .venv that works is kept, whatever Python it was made from, unless another one is wished for.
have=$(version_of .venv/bin/python) || have=
if [ -n "$have" ] && [ -z "$wanted" ] && { [ ! -f $stamp ] || [ "$(stamped 1)" = "Python $have in $PWD" ]; }; then
    version=$have
else
    python=$wanted
    [ -n "$python" ] || python=$(pick)
    version=$(version_of "$python") || fail "$python is not a Python 3.11 or newer that runs" "make PYTHON=/path/to/python3.12"
    makes_environments "$python" || fail "$python cannot make virtual environments" "make PYTHON=/path/to/another"
fi
made_for="Python $version in $PWD"
[ "$(stamped 1)" != "$made_for" ] || [ "$(stamped 2)" != "$installed" ] || exit 0

if [ "$have" != "$version" ] || { [ -f $stamp ] && [ "$(stamped 1)" != "$made_for" ]; }; then
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
printf '%s\n%s\n' "$made_for" "$installed" >$stamp
