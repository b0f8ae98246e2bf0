#!/usr/bin/env bash
# Runs a command with what a build made in front of it: the `coeval` command, the Python SDK and
# the plugin. tools/in_build.sh release python examples/flights/demo.py
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/${1:?usage: tools/in_build.sh PRESET COMMAND...}
shift
[ -d "$build" ] || { echo "in_build: $build is not there; run tools/build.sh ${build##*/}" >&2; exit 2; }
export COEVAL_SOURCE_DIR=$root COEVAL_BUILD_DIR=$build COEVAL_PYTHON=$root/.venv/bin/python
export PATH="$build/bin:$root/.venv/bin:$PATH"
export PYTHONPATH="$build/python${PYTHONPATH:+:$PYTHONPATH}"
exec "$@"
