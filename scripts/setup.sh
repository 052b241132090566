#!/bin/sh
# Makes a checkout ready to run: installs what the lockfile says when it is not installed yet, then builds dist/.
# Needs nothing but sh, npm and any Node that npm itself runs on.
set -eu
cd "$(dirname "$0")/.."
# Not `npm ci`: it refuses a lockfile that lacks optional packages of other platforms, which not every registry has.
if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm install --no-save --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
exec node_modules/.bin/node scripts/build.ts
