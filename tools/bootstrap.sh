#!/usr/bin/env bash
# Prepares a Debian 12 machine: Debian packages (tools/apt-packages.txt) and a virtual environment
# .venv with pinned, hashed Python packages (tools/python/requirements.txt). Says what it does;
# what is there already is left alone, so a second run ends at once.
#
#   tools/bootstrap.sh              everything that building and testing needs
#   tools/bootstrap.sh --check      and the tools of .ci/run (clang 19, debootstrap)
set -euo pipefail
cd "$(dirname "$0")/.."

with_checks=0
for argument in "$@"; do
  case "$argument" in
    --check) with_checks=1 ;;
    *) echo "bootstrap: unknown argument '$argument'; usage: tools/bootstrap.sh [--check]" >&2; exit 2 ;;
  esac
done

every=${COEVAL_BOOTSTRAP_EVERY:-10}  # seconds from one sign of life to the next

say() { echo "bootstrap: $*"; }
fail() { echo "bootstrap: $*" >&2; exit 1; }

# alive LABEL LOG COMMAND...: runs the command with its output in LOG, and says every while how long
# it has worked and what it said last.
alive() {
  local label=$1 log=$2 start=$SECONDS code=0 ticker
  shift 2
  (
    # A sleep that outlives the ticker must not hold the output of this script open.
    while sleep "$every" >/dev/null 2>&1; do
      say "$label, $((SECONDS - start)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)"
    done
  ) &
  ticker=$!
  "$@" </dev/null >"$log" 2>&1 || code=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  return "$code"
}

# Debian packages ------------------------------------------------------------------------------

wanted_packages() {
  if [ "$with_checks" = 1 ]; then
    sed -e 's/#.*//' tools/apt-packages.txt
  else
    grep -v '# check' tools/apt-packages.txt | sed -e 's/#.*//'
  fi | tr -d ' \t' | grep -v '^$'
}

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' 2>/dev/null |
    awk '$1 == "ii" {sub(/:.*/, "", $2); print $2}' | sort -u)
  comm -23 <(wanted_packages | sort -u) <(printf '%s\n' "$installed")
}

install_packages() {
  command -v dpkg-query >/dev/null || fail "needs Debian 12 (dpkg not found); see CONTRIBUTING.md for other systems"
  local missing as_root=()
  missing=$(missing_packages)
  if [ -z "$missing" ]; then
    say "Debian packages: all $(wanted_packages | wc -l) are installed"
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "Debian packages are missing and this is neither root nor sudo: $(echo $missing)"
    as_root=(sudo)
  fi
  say "Debian packages: installing $(echo "$missing" | wc -l): $(echo $missing)"
  local log
  log=$(mktemp)
  run_apt() {
    if ! alive "apt-get $1" "$log" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"; then
      tail -n 30 "$log" >&2
      fail "apt-get $1 failed; the end of its output is above"
    fi
  }
  run_apt update
  # shellcheck disable=SC2086  # a list of names
  run_apt install -y --no-install-recommends $missing
  rm -f "$log"
}

# Python ---------------------------------------------------------------------------------------

# Any Python 3.11 does; the one named by COEVAL_PYTHON first, then Debian's, then python3.
find_python() {
  local candidate
  for candidate in ${COEVAL_PYTHON:-} python3 /usr/bin/python3 python3.11; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys, venv, ensurepip, sysconfig, os
sys.exit(not (sys.version_info[:2] == (3, 11) and os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h"))))' \
        2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "no Python 3.11 with venv and headers found; install python3, python3-venv and python3-dev, or name one in COEVAL_PYTHON"
}

install_python() {
  local lock=tools/python/requirements.txt stamp=.venv/coeval-stamp hash
  hash=$(sha256sum "$lock" | cut -d' ' -f1)
  if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ] && .venv/bin/python -c '' 2>/dev/null; then
    say "Python packages: .venv is up to date"
    return
  fi
  local python
  python=$(find_python)
  if ! { [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null; }; then
    say "Python: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
  fi
  say "Python packages: installing $(grep -c '==' "$lock") pinned packages into .venv"
  local log
  log=$(mktemp)
  if ! alive "pip" "$log" .venv/bin/python -m pip install --progress-bar off --disable-pip-version-check \
    --no-input --require-hashes --only-binary :all: --requirement "$lock"; then
    tail -n 30 "$log" >&2
    fail "pip could not install $lock; the end of its output is above"
  fi
  rm -f "$log"
  echo "$hash" >"$stamp"
}

install_packages
install_python
say "ready"
