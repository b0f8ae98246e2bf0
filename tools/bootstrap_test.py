"""bootstrap.sh on a machine that lacks everything: who waits for apt sees that it is alive."""

import os
import subprocess
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parent / "bootstrap.sh"


def commands(folder: Path, **scripts: str) -> dict[str, str]:
    """The environment in which these stand for the system's commands."""
    folder.mkdir()
    for name, text in scripts.items():
        path = folder / name.replace("_", "-")
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "COEVAL_BOOTSTRAP_EVERY": "0.05"}


@pytest.fixture
def start(tmp_path):
    """Starts it with such commands; the end of the test ends it."""
    started = []

    def start(**scripts: str) -> subprocess.Popen:
        everything = {"dpkg_query": "exit 0", "sudo": 'exec "$@"'} | scripts
        started.append(
            subprocess.Popen(
                [BOOTSTRAP],
                env=commands(tmp_path / "bin", **everything),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_apt_shows_that_it_is_alive(start, tmp_path):
    # apt ends when the test has seen its last line.
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    waiting = f'echo "Get:7 a package"; [ "$2" = update ] && read line <{gate}; exit 9'
    process = start(apt_get=waiting)
    assert "installing" in process.stdout.readline()
    line = process.stdout.readline()
    while "Get:7" not in line:  # before apt had said anything
        assert line.startswith("bootstrap: apt-get update, "), line
        line = process.stdout.readline()
    assert line.startswith("bootstrap: apt-get update, 0 s: ") or " s: Get:7 a package" in line
    gate.write_text("go\n")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Get:7 a package" in err and "apt-get update failed" in err


def test_a_machine_that_has_everything_sees_no_such_line(start):
    names = (BOOTSTRAP.parent / "apt-packages.txt").read_text().splitlines()
    names = [name.split("#")[0].strip() for name in names]
    listed = "".join(f"echo 'ii  {name}'\n" for name in names if name)
    process = start(dpkg_query=listed, apt_get="exit 9")
    out, err = process.communicate(timeout=60)
    if "up to date" not in out:
        pytest.skip("the virtual environment is another one")
    assert (process.returncode, err) == (0, "")
    assert " s: " not in out and out.endswith("bootstrap: ready\n")
