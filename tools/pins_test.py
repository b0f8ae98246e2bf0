"""One version of everything: the lock, the wheel's build requirements, CMake and the changelog."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def pins(path):
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\\n]+)", path.read_text(), re.M))


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_wheel_is_built_with_what_is_tested():
    locked = pins(ROOT / "tools/python/requirements.txt")
    for requirement in project()["build-system"]["requires"]:
        name, _, version = requirement.partition("==")
        assert locked[name] == version, requirement


def test_asked_versions_are_the_locked_ones():
    for path in (ROOT / "tools/python").glob("*.in"):
        locked = pins(path.with_suffix(".txt"))
        for name, version in pins(path).items():
            assert locked[name] == version, f"{path.name}: {name}; run tools/lock_python.sh"


def test_every_locked_package_has_hashes_and_no_address():
    for path in (ROOT / "tools/python").glob("*.txt"):
        text = path.read_text()
        assert not re.search(r"https?://", text), path.name
        for block in re.split(r"\n(?=\S)", text):
            if "==" in block:
                assert "--hash=sha256:" in block, f"{path.name}: {block[:40]}"


def test_one_version_of_coeval():
    version = project()["project"]["version"]
    assert f"project(coeval VERSION {version} " in (ROOT / "CMakeLists.txt").read_text()
    assert re.search(rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), re.M)
