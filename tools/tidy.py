#!/usr/bin/env python3
"""The tree checks itself. Run it from anywhere; exit 1 and one line per finding.

What is checked:
  layers      src/<room> includes only what layers.txt allows, in code and in DEPS; no cycle there
  borders     headers under include/ include nothing internal; Arrow only in src/arrow
  headers     `#pragma once`; every file opens with what it is for (a .cc may open with its header)
  build       every file of a room is named in its CMakeLists.txt, and every name there exists
  words       no FIXME/TODO left behind, no path of one machine
  length      a file has at most 500 lines (tools/length_ratchet.txt: longer ones, may only shrink)
  commits     subjects read `area: Imperative sentence`, at most 90 characters (aim for 72)

The tests in tools/tidy_test.py make each check fail once.
"""

import re
import subprocess
import sys
from pathlib import Path

MAX_LINES = 500
CODE = {".h", ".cc"}
TEXT = CODE | {".py", ".sh", ".cmake", ".txt", ".md", ".yaml", ".yml", ".json", ".toml"}
LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|work|home/[a-z]\w*)/\w")
SUBJECT = re.compile(r"^[a-z][a-z0-9/_, -]*: [A-Z].*[^.]$")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


class Tidy:
    def __init__(self, root):
        self.root = Path(root)
        self.findings = []

    def fail(self, path, line, message):
        name = path.relative_to(self.root) if isinstance(path, Path) else path
        self.findings.append(f"{name}:{line}: {message}" if line else f"{name}: {message}")

    def run(self):
        self.check_layers()
        self.check_files()
        self.check_build_files()
        self.check_commits()
        return self.findings

    # -- which room may include which ---------------------------------------------------------

    def read_layers(self):
        allowed = {}
        path = self.root / "layers.txt"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            room, _, needs = line.partition(":")
            allowed[room.strip()] = needs.split()
            for need in needs.split():
                if need.split("/")[0] == room.strip():
                    self.fail(path, number, f"{room} names itself")
        self.check_cycles(path, allowed)
        return allowed

    def check_cycles(self, path, allowed):
        done, active = set(), []

        def visit(room):
            if room in done:
                return
            if room in active:
                self.fail(path, 0, "cycle: " + " -> ".join(active[active.index(room):] + [room]))
                return
            active.append(room)
            for need in allowed.get(room, []):
                if "/" in need:
                    continue
                if need not in allowed:
                    self.fail(path, 0, f"{room} names {need}, which has no line of its own")
                visit(need)
            active.pop()
            done.add(room)

        for room in allowed:
            visit(room)

    def check_layers(self):
        allowed = self.read_layers()
        source = self.root / "src"
        if not source.is_dir():
            return
        for folder in sorted(p for p in source.iterdir() if p.is_dir()):
            if folder.name not in allowed:
                self.fail(folder, 0, "has no line in layers.txt")
                continue
            for path in sorted(folder.rglob("*")):
                if path.suffix in CODE:
                    self.check_includes(path, folder.name, allowed)
            self.check_deps(folder, allowed)
        for path in sorted((self.root / "python").rglob("*")):
            if path.suffix in CODE:
                self.check_includes(path, "python", allowed)

    def check_includes(self, path, room, allowed):
        for number, line in enumerate(read(path).splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            target = found.group(2)
            other = target.split("/")[0] if "/" in target else None
            if found.group(1) == '"' and other is None and not (self.root / "python") in path.parents:
                self.fail(path, number, f'"{target}": name the folder too, as "{room}/{target}"')
            if other in allowed and other != room and found.group(1) == '"':
                if other not in allowed[room] and target not in allowed[room]:
                    self.fail(path, number, f"{room} may not include {target} (layers.txt)")
            if other in ("arrow", "parquet") and found.group(1) == "<" and room != "arrow":
                self.fail(path, number, f"only src/arrow sees Arrow's headers: <{target}>")

    def check_deps(self, folder, allowed):
        path = folder / "CMakeLists.txt"
        if not path.exists():
            return
        found = re.search(rf"coeval_module\(\s*{folder.name}\b(.*?)\)", strip_comments(read(path)), re.S)
        if not found:
            return
        deps = words_after(found.group(1), "DEPS")
        for dep in deps:
            if dep in allowed and dep not in allowed[folder.name]:
                self.fail(path, 0, f"{folder.name} may not depend on {dep} (layers.txt)")

    # -- each file for itself -----------------------------------------------------------------

    def check_files(self):
        ratchet = self.read_ratchet()
        for path in self.tracked():
            if path.suffix not in TEXT and path.name != "Makefile":
                continue
            text = read(path)
            lines = text.splitlines()
            if path.suffix in CODE:
                self.check_opening(path, lines)
            if path.suffix == ".h":
                self.check_header(path, text)
            self.check_words(path, lines)
            name = str(path.relative_to(self.root))
            if path.suffix in CODE | {".py"} and len(lines) > ratchet.get(name, MAX_LINES):
                self.fail(path, len(lines), f"longer than {ratchet.get(name, MAX_LINES)} lines; "
                                            "split it along a noun")

    def read_ratchet(self):
        path = self.root / "tools" / "length_ratchet.txt"
        ratchet = {}
        if path.exists():
            for line in path.read_text().splitlines():
                if line.strip() and not line.startswith("#"):
                    name, limit = line.split()
                    ratchet[name] = int(limit)
        return ratchet

    def check_opening(self, path, lines):
        first = lines[0] if lines else ""
        if first.startswith(("//", "/*")):
            return
        if path.suffix == ".cc" and first.startswith("#include"):
            return
        self.fail(path, 1, "does not open with what it is for")

    def check_header(self, path, text):
        if not re.search(r"^#pragma once$", text, re.M):
            self.fail(path, 1, "lacks `#pragma once`")
        if (self.root / "include") in path.parents:
            for number, line in enumerate(text.splitlines(), 1):
                found = INCLUDE.match(line)
                if found and found.group(1) == '"' and not found.group(2).startswith("coeval/"):
                    self.fail(path, number, f"a public header includes {found.group(2)}")

    def check_words(self, path, lines):
        if path.name in ("tidy.py", "tidy_test.py"):
            return
        for number, line in enumerate(lines, 1):
            if LEFTOVER.search(line):
                self.fail(path, number, "unfinished: " + line.strip()[:60])
            if MACHINE_PATH.search(line):
                self.fail(path, number, "path of one machine: " + line.strip()[:60])

    # -- build files --------------------------------------------------------------------------

    def check_build_files(self):
        for path in sorted((self.root / "src").glob("**/CMakeLists.txt")):
            folder = path.parent
            text = strip_comments(read(path))
            named = set(re.findall(r"[\w./-]+\.(?:cc|h|c|S)\b", text))
            for file in sorted(folder.rglob("*")):
                owner = next(p for p in file.parents if (p / "CMakeLists.txt").exists())
                if file.suffix in CODE and owner == folder:
                    name = str(file.relative_to(folder))
                    if name not in named:
                        self.fail(file, 0, f"is not named in {path.relative_to(self.root)}")
            for name in sorted(named):
                places = (folder / name, self.root / "include" / "coeval" / name)
                if not any(place.exists() for place in places) and "/" not in name:
                    self.fail(path, 0, f"names {name}, which does not exist")

    # -- history ------------------------------------------------------------------------------

    def check_commits(self):
        log = self.git("log", "--no-merges", "-n", "50", "--format=%h %s")
        for line in log.splitlines():
            commit, _, subject = line.partition(" ")
            if subject.startswith(("Revert ", "fixup!")):
                continue
            if len(subject) > 90 or not SUBJECT.match(subject):
                self.fail(f"commit {commit}", 0, f"subject is not 'area: Imperative sentence': {subject}")

    def tracked(self):
        listed = self.git("ls-files", "--cached", "--others", "--exclude-standard")
        return [path for path in map(self.root.joinpath, listed.splitlines()) if path.is_file()]

    def git(self, *arguments):
        done = subprocess.run(["git", "-C", str(self.root), *arguments], capture_output=True,
                              text=True, check=False)
        return done.stdout if done.returncode == 0 else ""


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def strip_comments(text):
    return re.sub(r"#.*", "", text)


def words_after(text, keyword):
    """The words of one keyword argument of a CMake call, up to the next keyword."""
    words, result, active = text.split(), [], False
    for word in words:
        if re.fullmatch(r"[A-Z][A-Z_]+", word):
            active = word == keyword
        elif active:
            result.append(word)
    return result


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    findings = Tidy(root).run()
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings" if findings else "tidy: clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
