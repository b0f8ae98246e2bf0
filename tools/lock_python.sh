#!/usr/bin/env bash
# Writes tools/python/*.txt from tools/python/*.in: every package with its version and the hashes
# of its files, no addresses. Needs the Python package index; run it after changing an .in file.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pip-tools
for input in tools/python/*.in; do
  output=${input%.in}.txt
  echo "lock: $input -> $output"
  CUSTOM_COMPILE_COMMAND=tools/lock_python.sh "$work/venv/bin/pip-compile" --quiet \
    --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host \
    --no-emit-find-links --no-emit-options --resolver=backtracking --no-annotate \
    --output-file "$output" "$input"
done
