"""`make install PREFIX=`: the command, away from the tree that it was built in, without Python."""

import os
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("COEVAL_BUILD_DIR", "build/release")).resolve()


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder that it was installed into, moved after: nothing may hold the first path."""
    prefix = tmp_path_factory.mktemp("prefix")
    command = ["cmake", "--install", str(BUILD), "--prefix", str(prefix / "first"), "--strip"]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return (prefix / "first").rename(prefix / "moved")


def run(installed: Path, folder: Path, *arguments: str) -> str:
    """The command as a user has it: no variable points into the build."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    command = [str(installed / "bin" / "coeval"), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_command_walks_the_whole_road(installed, tmp_path):
    run(installed, tmp_path, "init", "shop", "--template", "shop-yaml")
    shop = tmp_path / "shop"
    assert "customer_history" in run(installed, shop, "apply")
    made = run(installed, shop, "training-set", "purchase_v1", "--spine", "data/spine.parquet", "-o",
               "t.parquet")  # fmt: skip
    assert "1,000 rows" in made and (shop / "t.parquet").exists()


def test_the_installed_plugin_has_libraries_of_its_own(installed):
    plugin = installed / "lib" / "coeval" / "libcoeval_arrow.so"
    needed = subprocess.run(["ldd", str(plugin)], check=True, capture_output=True, text=True).stdout
    arrow = [line for line in needed.splitlines() if "arrow" in line or "parquet" in line]
    assert arrow and all(str(installed) in line for line in arrow), needed
