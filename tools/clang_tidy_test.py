"""What was clean costs nothing, what may have changed is looked at again: on a small tree, with a
stand-in for clang-tidy that finds the word `bad` in a file."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import clang_tidy  # noqa: E402
from clang_tidy import KEPT_SECONDS, Memory, Verdict  # noqa: E402

STAND_IN = """#!/bin/sh
for name; do :; done
echo "$name" >> looked_at
grep -n bad "$name" || exit 0
exit 1
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    root = tmp_path / "tree"
    for name, text in {"src/a/a.h": "int A();\n", "src/a/a.cc": '#include "a/a.h"\n',
                       "src/b/b.cc": '#include "a/a.h"\n', "src/b/c.cc": "\n",
                       "src/b/c_test.cc": "bad\n", "build/clang/made.cc": "bad\n",
                       ".venv/lib/theirs.cc": "bad\n", ".gitignore": "build\n.venv\n"}.items():
        write(root, name, text)
    stand_in = write(tmp_path, "clang-tidy", STAND_IN)
    stand_in.chmod(0o755)
    monkeypatch.setattr(clang_tidy, "TIDY", str(stand_in))
    compile_with(root, "")
    for command in (["init", "-q"], ["add", "-A"],
                    ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a: Begin"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    return root


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (0, time.time() - 60))  # before the run that reads it
    return path


def compile_with(root, flag):
    entries = [{"directory": str(root / "build/clang"), "file": str(path),
                "command": f"g++ {flag} -I{root}/src -o {path.stem}.o -c {path}"}
               for path in sorted(root.glob("*/*/*.cc"))]
    write(root, "build/clang/compile_commands.json", json.dumps(entries))


def check(root, salt="1", budget=1000, wanted=()):
    """The verdict, with sorted names, of a run with the memory of the runs before."""
    memory = Memory(root.parent / "memory", root, salt)
    verdict = clang_tidy.check(root, memory, clang_tidy.entries(root, wanted), budget, 2,
                               lambda text: None)
    return Verdict(*(sorted(names) for names in verdict))


ALL = ["src/a/a.cc", "src/b/b.cc", "src/b/c.cc"]


def test_a_clean_file_is_looked_at_once(tree):
    assert check(tree) == Verdict([], ALL, [], [])
    assert check(tree) == Verdict(ALL, [], [], [])
    assert len((tree / "looked_at").read_text().split()) == 3


def test_findings_are_told_each_time(tree):
    write(tree, "src/b/c.cc", "bad\n")
    for _ in range(2):
        assert check(tree).findings == ["src/b/c.cc"]


def test_a_change_of_a_header_is_a_change_of_who_includes_it(tree):
    check(tree)
    write(tree, "src/a/a.h", "int Another();\n")
    assert check(tree) == Verdict(["src/b/c.cc"], ["src/a/a.cc", "src/b/b.cc"], [], [])


def test_a_content_that_comes_back_is_remembered(tree):
    check(tree)
    write(tree, "src/a/a.h", "int Another();\n")
    check(tree)
    write(tree, "src/a/a.h", "int A();\n")
    assert check(tree).remembered == ALL


def test_a_header_that_is_gone_is_a_change(tree):
    check(tree)
    (tree / "src/a/a.h").unlink()
    write(tree, "src/b/b.cc", "bad\n")
    write(tree, "src/a/a.cc", "bad\n")
    assert check(tree) == Verdict(["src/b/c.cc"], [], ["src/a/a.cc", "src/b/b.cc"], [])


def test_other_flags_are_a_change(tree):
    check(tree)
    compile_with(tree, "-DNDEBUG")
    assert check(tree).clean == ALL


def test_other_checks_or_another_version_are_a_change(tree):
    check(tree)
    assert check(tree, salt="2").clean == ALL


def test_without_time_files_are_left_and_said_to_be(tree):
    verdict = check(tree, budget=0)
    assert verdict == Verdict([], [], [], ALL)
    assert clang_tidy.describe(verdict).endswith("0 looked at, 3 left for want of time")


def test_only_what_was_asked_for_is_looked_at(tree):
    assert check(tree, wanted=["src/b/", "src/a/a"]).clean == ["src/b/b.cc", "src/b/c.cc"]


def test_what_was_changed_last_comes_first(tree):
    write(tree, "src/b/c.cc", "int c;\n")
    assert next(iter(clang_tidy.entries(tree))) == "src/b/c.cc"


def test_what_is_written_during_a_run_is_not_remembered(tree):
    os.utime(tree / "src/a/a.h", (0, time.time() + 60))
    check(tree)
    assert check(tree).remembered == ["src/b/c.cc"]


def test_a_clone_elsewhere_shares_the_memory(tree):
    check(tree)
    elsewhere = tree.parent / "elsewhere"
    subprocess.run(["cp", "-a", str(tree), str(elsewhere)], check=True)
    compile_with(elsewhere, "")
    assert check(elsewhere).remembered == ALL


def test_what_nobody_used_for_long_is_forgotten(tree):
    check(tree)
    memory = Memory(tree.parent / "memory", tree, "1")
    memory.forget_old(time.time())
    assert check(tree).remembered == ALL
    memory.forget_old(time.time() + 2 * KEPT_SECONDS)
    assert check(tree).clean == ALL
