#!/usr/bin/env bash
# The main job, end to end, on real data: tools/demo.sh [arguments of examples/flights/demo.py]
set -euo pipefail
cd "$(dirname "$0")/.."
exec tools/in_build.sh release .venv/bin/python examples/flights/demo.py "$@"
