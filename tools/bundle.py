#!/usr/bin/env python3
"""Gives programs and plugins private, renamed copies of the shared libraries that they need.

    tools/bundle.py --into DIR [--from DIR]... [--only REGEX] FILE...

Every library that a FILE needs (and what those need in turn) is copied into DIR as
`libcoeval-NAME-HASH.so.N` with a soname to match; FILEs and copies are pointed at the copies by an
RPATH relative to `$ORIGIN`. A process may then hold another version of the same library, for
example a pyarrow of another major, without the two meeting.

`--only` limits the copies to names that match; without it everything is copied but what each
Linux has (the C and C++ runtime). Needs patchelf. Running it twice changes nothing.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Part of every Linux that runs the wheel (manylinux's list, as far as we meet it).
SYSTEM = re.compile(
    r"^(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|nsl|gcc_s|stdc\+\+|anl|BrokenLocale))\.so")
RENAMED = re.compile(r"^libcoeval-")


class Failure(Exception):
    pass


def tool(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def needed(path):
    return tool("patchelf", "--print-needed", str(path)).split()


def find_library(name, path, folders):
    """Where `name`, needed by `path`, lies: in a given folder, by its RPATH, or as ld.so finds it."""
    for folder in folders:
        if (folder / name).exists():
            return (folder / name).resolve()
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    listed = subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=False,
                            env=environment).stdout
    for line in listed.splitlines():
        found = re.match(rf"\s*{re.escape(name)} => (/\S+)", line)
        if found:
            return Path(found.group(1)).resolve()
    raise Failure(f"{path} needs {name}, which was not found")


def private_name(soname, library):
    digest = hashlib.sha256(library.read_bytes()).hexdigest()[:8]
    stem, dot, rest = soname.partition(".so")
    return f"libcoeval-{stem.removeprefix('lib')}-{digest}{dot}{rest}"


def bundle(files, into, folders, only):
    """Copies the closure and rewrites names; returns {soname: private name}."""
    names, origin = {}, {}
    queue = [(path, path) for path in files]  # (the file that needs, where to look from)
    order = list(files)
    while queue:
        path, look_from = queue.pop()
        for soname in needed(path):
            if SYSTEM.match(soname) or RENAMED.match(soname) or not re.search(only, soname):
                continue
            if soname in names:
                continue
            library = find_library(soname, look_from, folders)
            names[soname] = private_name(soname, library)
            copy = into / names[soname]
            into.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(library, copy)
            copy.chmod(0o755)
            origin[soname] = library
            order.append(copy)
            queue.append((copy, library))
    for path in order:
        rewrite(path, into, names)
    return names


def rewrite(path, into, names):
    """Points `path` at the copies. One change per call: patchelf 0.14 mixes up several."""
    is_copy = path.parent == into and RENAMED.match(path.name)
    replaced = [soname for soname in needed(path) if soname in names]
    for soname in replaced:
        tool("patchelf", "--replace-needed", soname, names[soname], str(path))
    if is_copy:
        tool("patchelf", "--set-soname", path.name, str(path))
    if is_copy or replaced:
        folder = os.path.relpath(into, path.parent)
        runpath = "$ORIGIN" if folder == "." else f"$ORIGIN/{folder}"
        tool("patchelf", "--set-rpath", runpath, str(path))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--from", dest="folders", type=Path, action="append", default=[])
    parser.add_argument("--only", default="")
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args()
    try:
        names = bundle([path.resolve() for path in arguments.files], arguments.into.resolve(),
                       arguments.folders, arguments.only)
    except (Failure, OSError) as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    total = sum(path.stat().st_size for path in arguments.into.glob("libcoeval-*"))
    print(f"bundle: {len(names)} libraries, {total / 1e6:.0f} MB, in {arguments.into}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
