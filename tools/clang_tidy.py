#!/usr/bin/env python3
"""clang-tidy over every C++ file of ours but tests, once for each content.

  tools/clang_tidy.py                      every file of build/clang (`cmake --preset clang`)
  tools/clang_tidy.py src/io src/x/y.cc    these rooms and files
  --budget SECONDS                         starts no file later than that; says how many are left
  --jobs N                                 files at once

A file that was clean costs nothing until it changes: the command that compiles it, .clang-tidy,
the version of clang-tidy, or the bytes of anything that it includes, the system's headers too. What
was clean is remembered by a hash of all that, beside ccache's own memory, in
$COEVAL_TIDY_CACHE (else ~/.cache/coeval-clang-tidy), and forgotten when unused for ninety days;
all clones of a machine share it. What was not clean is looked at again each time. The files of
the latest commits come first.

As ccache does, it finds the headers of a file in the list of the last time that the file had these
bytes; a new header that hides an old one by its place on the include path is not noticed.

Exit 1 if there are findings, or if a file could not be read.
"""

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"
KEPT_SECONDS = 90 * 86400

# Names of files; `findings` are what clang-tidy said of each; `left` had no time.
Verdict = namedtuple("Verdict", "remembered clean findings left")


class Memory:
    """Which contents were clean: an empty file for each, named by their hash."""

    def __init__(self, folder, root, salt):
        self.folder, self.root, self.salt = Path(folder), Path(root), salt
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hashes, self.born = {}, time.time()

    def hash_of(self, path):
        if path not in self.hashes:
            try:
                self.hashes[path] = hashlib.sha256((self.root / path).read_bytes()).hexdigest()
            except OSError:
                self.hashes[path] = "missing"
        return self.hashes[path]

    def list_path(self, entry):
        command = entry["command"].replace(str(self.root), ".")
        return self.folder / (digest(self.salt, command, self.hash_of(entry["file"])) + ".headers")

    def stamp_path(self, entry, headers):
        lines = (f"{name} {self.hash_of(name)}" for name in headers)
        return self.folder / (digest(self.list_path(entry).name, *lines) + ".clean")

    def knows(self, entry):
        """Whether this very content was clean; marks what it uses as young."""
        listed = self.list_path(entry)
        if not listed.exists():
            return False
        stamp = self.stamp_path(entry, listed.read_text().splitlines())
        if not stamp.exists():
            return False
        for path in (listed, stamp):
            path.touch()
        return True

    def learn(self, entry, headers):
        """Remembers a content as clean, unless somebody wrote to it meanwhile."""
        if any(os.stat(name).st_mtime > self.born for name in headers):
            return
        names = sorted(name.removeprefix(f"{self.root}/") for name in headers)
        temporary = self.list_path(entry).with_suffix(f".{os.getpid()}.{id(names)}")
        temporary.write_text("\n".join(names))
        temporary.replace(self.list_path(entry))
        self.stamp_path(entry, names).touch()

    def forget_old(self, now):
        for path in self.folder.iterdir():
            try:
                if now - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()
            except FileNotFoundError:
                pass  # another clone was faster


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def entries(root, wanted=()):
    """What build/clang compiles of our own but tests, the latest commits first."""
    listed = json.loads((root / "build/clang/compile_commands.json").read_text())
    known = {str(Path(entry["file"]).relative_to(root)): entry for entry in listed
             if Path(entry["file"]).is_relative_to(root)}
    order = git(root, "diff", "--name-only", "HEAD") + git(
        root, "log", "-n", "200", "--name-only", "--format=", "--", "*.cc")
    own = set(git(root, "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.cc"))
    names = [name for name in dict.fromkeys(order + sorted(known))
             if name in known and name in own and not name.endswith("_test.cc")]
    if wanted:
        names = [name for name in names
                 if any(name == want or name.startswith(want.rstrip("/") + "/") for want in wanted)]
    return {name: known[name] for name in names}


def git(root, *arguments):
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True,
                          check=True).stdout.split()


def headers_of(entry):
    """Everything that the compiler reads for a file, itself included."""
    command = shlex.split(entry["command"])
    del command[command.index("-o"):command.index("-o") + 2]
    command.remove("-c")
    rule = subprocess.run([*command, "-M"], cwd=entry["directory"], capture_output=True, text=True,
                          check=True).stdout
    names = shlex.split(rule.replace("\\\n", " "))[1:]
    return {os.path.normpath(os.path.join(entry["directory"], name)) for name in names}


def look_at(entry, root):
    """What clang-tidy says: empty if the file is clean."""
    done = subprocess.run([TIDY, "--quiet", "-p", str(root / "build/clang"), entry["file"]],
                          cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode == 0:
        return ""
    return done.stdout.replace(f"{root}/", "") or done.stderr or f"{TIDY}: exit {done.returncode}\n"


def check(root, memory, found, budget, jobs, say=print):
    """Looks at the files of `found` that `memory` does not know, until the time is used up."""
    remembered = [name for name, entry in found.items() if memory.knows(entry)]
    clean, findings, left = [], {}, []
    end = time.monotonic() + budget

    def one(name):
        if time.monotonic() >= end:
            return left.append(name)
        text = look_at(found[name], root)
        if text:
            findings[name] = text
            say(text)
        else:
            memory.learn(found[name], headers_of(found[name]))
            clean.append(name)

    with ThreadPoolExecutor(jobs) as threads:
        list(threads.map(one, [name for name in found if name not in set(remembered)]))
    return Verdict(remembered, clean, findings, left)


def run(budget=float("inf"), jobs=os.cpu_count() or 2, wanted=(), root=ROOT):
    """Over the tree, with this machine's memory."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = os.environ.get("COEVAL_TIDY_CACHE") or Path(base) / "coeval-clang-tidy"
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    lists = [root / ".clang-tidy", *sorted(root.glob("src/*/.clang-tidy"))]
    memory = Memory(folder, root, digest(version, *(path.read_text() for path in lists)))
    verdict = check(root, memory, entries(root, wanted), budget, jobs,
                    lambda text: print(text, flush=True))
    memory.forget_old(time.time())
    return verdict


def describe(verdict):
    left = f", {len(verdict.left)} left for want of time" if verdict.left else ""
    return (f"{len(verdict.remembered)} clean since they last changed, "
            f"{len(verdict.clean) + len(verdict.findings)} looked at{left}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="*", help="rooms or files, as src/io")
    parser.add_argument("--budget", type=float, default=float("inf"), metavar="SECONDS")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, metavar="N")
    arguments = parser.parse_args()
    verdict = run(arguments.budget, arguments.jobs, arguments.files)
    print(f"clang-tidy: {describe(verdict)}; {len(verdict.findings)} with findings", flush=True)
    if not verdict.remembered and not verdict.clean and not verdict.findings:
        print("clang-tidy: looked at nothing", file=sys.stderr)
        return 1
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())
