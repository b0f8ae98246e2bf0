"""Each check of tools/tidy.py fails once, on a small tree made for it."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tidy  # noqa: E402

HEADER = "// What it is for.\n#pragma once\n"


@pytest.fixture
def tree(tmp_path):
    """A tree of two rooms with nothing to find."""
    files = {
        "layers.txt": "base:\nio: base\nsource: base arrow/plugin.h\narrow:\n",
        "src/base/CMakeLists.txt": "coeval_module(base HEADERS time.h)\n",
        "src/base/time.h": HEADER,
        "src/io/CMakeLists.txt": "coeval_module(io DEPS base HEADERS file.h SOURCES file.cc)\n",
        "src/io/file.h": HEADER + '#include "base/time.h"\n',
        "src/io/file.cc": '#include "io/file.h"\n',
    }
    for name, text in files.items():
        write(tmp_path, name, text)
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    return tmp_path


def write(root, name, text):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def findings(root):
    return tidy.Tidy(root).run()


def expect(root, *words):
    found = findings(root)
    assert len(found) == 1, found
    for word in words:
        assert word in found[0]


def test_a_good_tree_has_no_findings(tree):
    assert findings(tree) == []


def test_an_include_against_the_layers(tree):
    write(tree, "src/base/time.h", HEADER + '#include "io/file.h"\n')
    expect(tree, "src/base/time.h:3", "base may not include io/file.h")


def test_one_file_of_a_room_may_be_allowed(tree):
    write(tree, "src/source/CMakeLists.txt", "coeval_module(source HEADERS a.h)\n")
    write(tree, "src/arrow/CMakeLists.txt", "coeval_plugin(arrow HEADERS plugin.h other.h)\n")
    write(tree, "src/arrow/plugin.h", HEADER)
    write(tree, "src/arrow/other.h", HEADER)
    write(tree, "src/source/a.h", HEADER + '#include "arrow/plugin.h"\n')
    assert findings(tree) == []
    write(tree, "src/source/a.h", HEADER + '#include "arrow/other.h"\n')
    expect(tree, "source may not include arrow/other.h")


def test_an_include_without_its_folder(tree):
    write(tree, "src/io/file.cc", '#include "file.h"\n')
    expect(tree, "src/io/file.cc:1", "name the folder")


def test_arrow_outside_its_room(tree):
    write(tree, "src/io/file.cc", '#include "io/file.h"\n#include <arrow/api.h>\n')
    expect(tree, "src/io/file.cc:2", "only src/arrow")


def test_a_dependency_against_the_layers(tree):
    write(tree, "src/base/CMakeLists.txt", "coeval_module(base DEPS io HEADERS time.h)\n")
    expect(tree, "base may not depend on io")


def test_a_cycle_in_the_layers(tree):
    write(tree, "layers.txt", "base: io\nio: base\n")
    assert any("cycle: base -> io -> base" in finding for finding in findings(tree))


def test_a_room_that_is_not_on_the_list(tree):
    write(tree, "src/cellar/CMakeLists.txt", "")
    expect(tree, "src/cellar", "no line in layers.txt")


def test_a_header_without_pragma_once(tree):
    write(tree, "src/base/time.h", "// What it is for.\n")
    expect(tree, "src/base/time.h:1", "#pragma once")


def test_a_header_that_does_not_say_what_it_is_for(tree):
    write(tree, "src/base/time.h", "#pragma once\n")
    expect(tree, "src/base/time.h:1", "what it is for")


def test_a_public_header_with_something_internal(tree):
    write(tree, "include/coeval/store.h", HEADER + '#include "base/time.h"\n')
    expect(tree, "include/coeval/store.h:3", "base/time.h")


def test_a_file_that_is_not_built(tree):
    write(tree, "src/io/socket.h", HEADER)
    expect(tree, "src/io/socket.h", "is not named in src/io/CMakeLists.txt")


def test_a_named_file_that_is_missing(tree):
    (tree / "src/io/file.cc").unlink()
    expect(tree, "names file.cc, which does not exist")


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME"])
def test_an_unfinished_word(tree, word):
    write(tree, "src/io/file.cc", f'#include "io/file.h"\n// {word}: later\n')
    expect(tree, "src/io/file.cc:2", "unfinished")


def test_a_path_of_one_machine(tree):
    write(tree, "src/io/file.cc", '#include "io/file.h"\nconst char* kPath = "/home/' + 'me/data";\n')
    expect(tree, "src/io/file.cc:2", "path of one machine")


def test_a_long_file_and_its_ratchet(tree):
    write(tree, "src/io/file.cc", '#include "io/file.h"\n' * (tidy.MAX_LINES + 1))
    expect(tree, "longer than 500 lines")
    write(tree, "tools/length_ratchet.txt", "src/io/file.cc 501\n")
    assert findings(tree) == []


def test_a_commit_subject(tree):
    git = ["git", "-C", str(tree), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "fixed things."], check=True)
    expect(tree, "subject is not", "fixed things.")
