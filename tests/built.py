"""The program that the build made, for the tests that run it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def program() -> str:
    """`coeval` of $COEVAL_BUILD_DIR, else the one on the PATH. A test that needs it fails without."""
    build = os.environ.get("COEVAL_BUILD_DIR", "")
    beside = Path(build) / "bin" / "coeval"
    found = str(beside) if build and beside.exists() else shutil.which("coeval")
    if found is None:
        pytest.fail("the command `coeval` is not built")
    return found
