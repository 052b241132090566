#!/bin/sh
# Makes a checkout ready to run: installs what the lockfile says when it is not installed yet, then builds dist/.
# Needs nothing but sh, npm and any Node that npm itself runs on.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
exec node_modules/.bin/node scripts/build.ts
