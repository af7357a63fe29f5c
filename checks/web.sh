#!/bin/sh
# Rebuilds the web bundle from web/ into src/exosuit/faces/web. Only those who change web/ need this, and Node.
set -eu
cd "$(dirname "$0")/.."
if [ ! -f web/package.json ]; then
    printf 'error: there is no web/package.json to build from\nhint: run this in a checkout that has the web sources\n' >&2
    exit 1
fi
if ! command -v npm >/dev/null 2>&1; then
    printf 'error: building the web bundle needs Node, and npm is not on PATH\n' >&2
    printf 'hint: install Node 20 or newer; to use Exosuit you do not need it, the built bundle is in src/exosuit/faces/web\n' >&2
    exit 1
fi
cd web
# Installed again only when the lock file has changed since.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-audit --no-fund
fi
npm run build -- --outDir ../src/exosuit/faces/web --emptyOutDir
