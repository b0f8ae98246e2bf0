"""The `coeval` command of the Python package becomes the binary that lies in it."""

import subprocess
import sys
from pathlib import Path

from coeval import _command

CODE = """
sys.argv = ['coeval', 'a b', '--c']
from coeval._command import main
sys.exit(main())
"""


def run(package: Path):
    code = f"import sys; sys.path.insert(0, {str(package.parent)!r})\n{CODE}"
    return subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False
    )


def copy_package(folder: Path) -> Path:
    package = folder / "coeval"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_command.py").write_text(Path(_command.__file__).read_text())
    return package


def test_arguments_exit_code_and_interpreter_are_passed_on(tmp_path):
    package = copy_package(tmp_path)
    (package / "bin").mkdir()
    binary = package / "bin" / "coeval"
    binary.write_text('#!/bin/sh\nprintf "%s|" "$@" "$COEVAL_PYTHON"\nexit 3\n')
    binary.chmod(0o755)
    done = run(package)
    assert done.returncode == 3
    assert done.stdout == f"a b|--c|{sys.executable}|"


def test_a_binary_that_is_not_there(tmp_path):
    done = run(copy_package(tmp_path))
    assert done.returncode == 4
    assert "install coeval again" in done.stderr
