#!/usr/bin/env bash
# Installs the peers that do not belong to Coeval's own environment: Feast, in a virtual environment
# of its own (build/bench/feast, about 700 MB), and Redis from Debian. DuckDB, Polars and pandas are
# in .venv already. bench/run leaves a peer out that is not there, and says so.
set -euo pipefail
cd "$(dirname "$0")/.."
feast=0.67.0
folder=build/bench/feast
if [ "$("$folder/bin/feast" version 2>/dev/null | grep -o "$feast")" != "$feast" ] ||
    ! "$folder/bin/python" -c 'import ibis, redis' 2>/dev/null; then
  python3 -m venv --clear "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "feast[redis,duckdb]==$feast"
fi
if ! command -v redis-server >/dev/null; then
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get install --yes --quiet redis-server
fi
echo "peers: Feast $feast and $(redis-server --version | cut -d' ' -f1-3) are here"
