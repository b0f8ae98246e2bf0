"""Looks into a wheel: what must be in it is, and its libraries need nothing that is not.

python check_wheel.py coeval-*.whl
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

NEEDED = [
    r"coeval/__init__\.py",
    r"coeval/py\.typed",
    r"coeval/_core\.pyi",
    r"coeval/_core\..*\.so",
    r"coeval/bin/coeval",
    r"coeval/lib/libcoeval_arrow\.so",
    r"coeval/definitions/__main__\.py",
]
UNWANTED = [r"\.cc$", r"\.h$", r"/tests/", r"CMakeLists", r"__pycache__"]
# What every Debian, Ubuntu or Fedora with Python has.
SYSTEM = re.compile(
    r"^(linux-vdso|ld-linux.*|libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+)\.so"
)


def main(path):
    mistakes = []
    with zipfile.ZipFile(path) as wheel, tempfile.TemporaryDirectory() as folder:
        names = wheel.namelist()
        for pattern in NEEDED:
            if not any(re.fullmatch(pattern, name) for name in names):
                mistakes.append(f"{pattern} is missing")
        for pattern in UNWANTED:
            mistakes += [
                f"{name} should not be there" for name in names if re.search(pattern, name)
            ]
        wheel.extractall(folder)
        for name in names:
            if re.search(r"\.so(\.|$)|/bin/coeval$", name):
                mistakes += foreign_libraries(Path(folder), name)
    for mistake in mistakes:
        print(mistake)
    print(f"{Path(path).name}: {len(names)} files, {Path(path).stat().st_size / 2**20:.1f} MiB")
    return 1 if mistakes else 0


def foreign_libraries(folder, name):
    """Libraries that a file of the wheel would take from the machine."""
    (folder / name).chmod(0o755)
    told = subprocess.run(["ldd", str(folder / name)], capture_output=True, text=True, check=False)
    found = []
    for line in told.stdout.splitlines():
        library = line.split()[0].rsplit("/", 1)[-1]
        if SYSTEM.match(library) or "statically linked" in line:
            continue
        if str(folder) not in line:
            found.append(f"{name} needs {line.strip()}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
