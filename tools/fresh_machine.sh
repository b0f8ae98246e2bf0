#!/usr/bin/env bash
# Proves that a fresh Debian 12 machine can build Coeval: makes a minimal root with debootstrap,
# copies this machine's way to its package registries in (apt, pip, certificates), clones the
# repository at its last commit and runs the commands of the README in a chroot.
#
#   tools/fresh_machine.sh                      make demo, make demo again, make test
#   tools/fresh_machine.sh --commands 'setup'   other make targets instead
#   tools/fresh_machine.sh --root DIR           where to put the root (default: a new folder)
#   tools/fresh_machine.sh --keep               leave the root there
#
# Needs root or sudo, debootstrap, about 8 GB of disk. The logs stay in build/fresh-machine/.
set -euo pipefail
cd "$(dirname "$0")/.."

commands="demo demo test" root="" keep=0
while [ $# -gt 0 ]; do
  case "$1" in
    --commands) commands=${2:?}; shift 2 ;;
    --root) root=${2:?}; shift 2 ;;
    --keep) keep=1; shift ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 2 ;;
  esac
done

if [ "$(id -u)" != 0 ]; then
  exec sudo --preserve-env env "PATH=$PATH" "$0" --commands "$commands" ${root:+--root "$root"} $([ $keep = 1 ] && echo --keep)
fi
# Everything that is mounted below lives in a mount space of its own and goes with this process.
if [ -z "${COEVAL_FRESH_MACHINE:-}" ]; then
  export COEVAL_FRESH_MACHINE=1
  exec unshare --mount --propagation private -- "$0" --commands "$commands" ${root:+--root "$root"} $([ $keep = 1 ] && echo --keep)
fi

say() { echo "fresh machine: $*"; }
command -v debootstrap >/dev/null || { say "debootstrap is missing; run tools/bootstrap.sh --check" >&2; exit 1; }

repository=$PWD
logs=$PWD/build/fresh-machine
mkdir -p "$logs"
root=${root:-$(mktemp -d "${TMPDIR:-/var/tmp}/coeval-fresh-XXXXXX")}
mkdir -p "$root"
chmod 755 "$root"
remove_root() {
  cd /
  umount --recursive "$root/dev" "$root/proc" 2>/dev/null || true
  if [ "$keep" = 1 ]; then say "the root is left in $root"; else rm -rf --one-file-system "$root"; fi
}
trap remove_root EXIT

# The root -------------------------------------------------------------------------------------

mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' | awk '$2 == "bookworm" {print $1; exit}')
mirror=${mirror:-http://deb.debian.org/debian}
say "a minimal Debian 12 in $root"
start=$SECONDS
debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" "$mirror" \
  >"$logs/debootstrap.log" 2>&1 || { tail -n 20 "$logs/debootstrap.log" >&2; exit 1; }
say "debootstrap took $((SECONDS - start)) s"

# This machine's way to the registries ---------------------------------------------------------

copy() { # a file or folder to the same place in the root
  local path
  for path in "$@"; do
    [ -e "$path" ] || continue
    mkdir -p "$root$(dirname "$path")"
    cp -aL "$path" "$root$(dirname "$path")/"
  done
}
rm -f "$root/etc/apt/sources.list"
copy /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/auth.conf /etc/apt/auth.conf.d \
  /etc/apt/keyrings /etc/apt/trusted.gpg.d /usr/share/keyrings /etc/resolv.conf /etc/hosts \
  /etc/pip.conf "$HOME/.config/pip" "$HOME/.pip" /usr/local/share/ca-certificates \
  /etc/ssl/certs/ca-certificates.crt
for file in /etc/apt/apt.conf.d/*; do # how to fetch; not the hooks of programs that are not there
  if grep -q '^ *Acquire' "$file" && ! grep -q Invoke "$file"; then copy "$file"; fi
done
environment=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb)
while IFS='=' read -r name value; do
  environment+=("$name=$value")
  if [ "$name" = PIP_FIND_LINKS ] && [ -d "$value" ]; then copy "$value"; fi
done < <(env | grep -E '^(PIP_[A-Z_]+|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)=')

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
in_root() { chroot "$root" env -i "${environment[@]}" "$@" </dev/null; }
in_root update-ca-certificates >/dev/null 2>&1 || true

# The commands ---------------------------------------------------------------------------------

git clone --quiet --no-hardlinks "file://$repository" "$root/opt/coeval"
# Test files of others lie beside the repository, as they do for `.ci/run`.
if [ -d ../shared/test-data ]; then
  mkdir -p "$root/opt/shared" && cp -a ../shared/test-data "$root/opt/shared/"
fi
say "cloned $(git -C "$root/opt/coeval" log -1 --format='%h %s')"
number=0 failed=0
for target in $commands; do
  number=$((number + 1))
  log=$logs/$number-$target.log
  say "make $target (log: ${log#"$repository/"})"
  start=$SECONDS
  if in_root make -C /opt/coeval --no-print-directory "$target" >"$log" 2>&1; then
    say "make $target: ok in $((SECONDS - start)) s; its last line: $(tail -n 1 "$log")"
  else
    say "make $target: FAILED after $((SECONDS - start)) s; the end of its log:"
    tail -n 40 "$log"
    failed=1
    break
  fi
done
exit "$failed"
