#!/usr/bin/env bash
# Configures and builds a preset: tools/build.sh release [ninja targets...]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: tools/build.sh PRESET [TARGET...]}
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ ! -f "build/$preset/build.ninja" ]; then
  echo "build: configuring $preset"
  if ! cmake --preset "$preset" ${COEVAL_CMAKE_FLAGS:-} >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
fi
echo "build: $preset (ninja, $(nproc) cores)"
cmake --build "build/$preset" --parallel "$(nproc)" ${1:+--target "$@"}
