"""tools/bundle.py on libraries made for it: `outer` needs `inner`, a program needs `outer`."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent / "bundle.py"


def compile_library(folder, name, source, *needs):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.c").write_text(source)
    library = folder / f"lib{name}.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(folder / f"{name}.c"),
                    f"-Wl,-soname,lib{name}.so.1", *map(str, needs),
                    f"-Wl,-rpath,{folder}"], check=True)
    return library


@pytest.fixture
def libraries(tmp_path):
    store = tmp_path / "store"
    inner = compile_library(store, "inner", "int inner(void) { return 41; }\n")
    outer = compile_library(store, "outer", "int inner(void);\nint outer(void) { return inner() + 1; }\n",
                            inner)
    plugin = compile_library(tmp_path / "app", "plugin",
                             "int outer(void);\nint answer(void) { return outer(); }\n", outer)
    return store, plugin


def bundle(plugin, into, *options):
    return subprocess.run([sys.executable, str(TOOL), "--into", str(into), *options, str(plugin)],
                          capture_output=True, text=True, check=False)


def needed(path):
    return subprocess.run(["patchelf", "--print-needed", str(path)], capture_output=True,
                          text=True, check=True).stdout.split()


def move_away(store):
    store.rename(store.with_name("gone"))


def test_the_copies_are_enough(libraries, tmp_path):
    store, plugin = libraries
    done = bundle(plugin, tmp_path / "private", "--from", str(store))
    assert done.returncode == 0, done.stderr
    move_away(store)
    assert ctypes.CDLL(str(plugin)).answer() == 42
    copies = sorted(path.name for path in (tmp_path / "private").iterdir())
    assert len(copies) == 2 and all(name.startswith("libcoeval-") for name in copies)


def test_a_copy_does_not_meet_the_original(libraries, tmp_path):
    """Both in one process: the copy goes on calling its own `inner`."""
    store, plugin = libraries
    assert bundle(plugin, tmp_path / "private", "--from", str(store)).returncode == 0
    other = compile_library(tmp_path / "other", "inner", "int inner(void) { return 1; }\n")
    assert ctypes.CDLL(str(other)).inner() == 1
    assert ctypes.CDLL(str(plugin)).answer() == 42


def test_only_the_named_ones(libraries, tmp_path):
    store, plugin = libraries
    assert bundle(plugin, tmp_path / "private", "--from", str(store), "--only", "^libouter").returncode == 0
    assert [name for name in needed(plugin) if "outer" in name][0].startswith("libcoeval-outer-")
    assert len(list((tmp_path / "private").iterdir())) == 1


def test_twice_is_once(libraries, tmp_path):
    store, plugin = libraries
    assert bundle(plugin, tmp_path / "private", "--from", str(store)).returncode == 0
    before = plugin.read_bytes()
    assert bundle(plugin, tmp_path / "private", "--from", str(store)).returncode == 0
    assert plugin.read_bytes() == before


def test_a_missing_library_is_named(libraries, tmp_path):
    store, plugin = libraries
    move_away(store)
    done = bundle(plugin, tmp_path / "private")
    assert done.returncode == 1
    assert "libouter.so.1, which was not found" in done.stderr
