#!/usr/bin/env bash
# Checks docs/api/openapi.yaml with a public linter and all of its recommended rules. The first run needs npm and the
# network; the linter is kept in build/openapi-lint.
set -eu -o pipefail

version=2.77.0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=$root/build/openapi-lint
linter=$place/node_modules/.bin/redocly

if [ "$("$linter" --version 2>/dev/null)" != "$version" ]; then
  mkdir -p "$place"
  npm install --prefix "$place" --no-save --no-audit --no-fund --silent "@redocly/cli@$version"
fi
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
exec "$linter" lint --config "$root/scripts/lint_openapi.yaml" --max-problems 1000 "$root/docs/api/openapi.yaml"
