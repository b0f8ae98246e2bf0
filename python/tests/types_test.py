"""The SDK's types: the stub of the extension is current, the package is typed throughout, and a
user's program is checked."""

import subprocess
import sys
from pathlib import Path

import coeval

SOURCE = Path(__file__).resolve().parents[1] / "coeval"
MYPY = [sys.executable, "-m", "mypy", "--ignore-missing-imports", "--no-error-summary"]


def run(command, **options):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )


def test_the_stub_is_what_the_extension_says(tmp_path):
    made = tmp_path / "_core.pyi"
    done = run([sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "coeval._core", "-o", made])
    assert done.returncode == 0, done.stderr
    assert (SOURCE / "_core.pyi").read_text() == made.read_text(), (
        "run: tools/in_build.sh release python -m nanobind.stubgen -q -m coeval._core "
        "-o python/coeval/_core.pyi"
    )


def test_the_package_is_typed_throughout(tmp_path):
    done = run([*MYPY, "--strict", "--cache-dir", tmp_path, SOURCE])
    assert done.returncode == 0, done.stdout
    assert (Path(coeval.__file__).parent / "py.typed").exists()


USER = """
from datetime import datetime, timedelta
import coeval
from coeval import Entity, FeatureView, Field, FileSource
from coeval.types import Array, Float64, String

source = FileSource(path="x.parquet", timestamp_field="t", data_delay=timedelta(hours=1))
view = FeatureView(
    name="v", entities=[Entity(name="e", value_type=String)], source=source, ttl="3h",
    schema=[Field("a", Array(Float64), default=[1.0])],
)
store = coeval.FeatureStore(".", clock=datetime(2020, 1, 1))
reveal_type(store.get_historical_features({"e": ["x"]}, [view[["a"]], "w:*"]))
reveal_type(store.get_online_features("service", [{"e": "x"}]).to_dict())
reveal_type(coeval.asof_join({"t": [1]}, {"t": [1]}, on="t"))
reveal_type(coeval.window({"t": [1]}, {"t": [1]}, on="t", aggregates={"n": "count()"}))
reveal_type(store.materialize_incremental(datetime(2020, 1, 1))[0].rows_read)
reveal_type(store.apply(view).changes)
"""
WRONG = [
    "coeval.FeatureStore(1)",
    "coeval.Field('a')",
    "coeval.FeatureView(name='v')",
    "coeval.FileSource(path='x', created='sometimes')",
    "coeval.FeatureStore('.').get_historical_features({}, ['a:b'], known='yesterday')",
    "coeval.asof_join({}, {}, no_such_argument=1)",
    "coeval.window({}, {}, aggregates=['count()'])",
    "coeval.window({}, {}, aggregates={'n': 'count()'}, closed='up')",
]


def test_a_users_program_is_checked(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    package = Path(coeval.__file__).parent.parent
    more = {"env": {"MYPYPATH": str(package), "PATH": "/usr/bin:/bin"}, "cwd": tmp_path}
    done = run([*MYPY, "--cache-dir", tmp_path / "cache", "user.py"], **more)
    assert done.returncode == 0, done.stdout
    shown = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    assert shown[0].endswith("TrainingSet")
    assert "dict" in shown[1] and "list" in shown[1]
    assert "dict" in shown[2] and "dict" in shown[3]
    (tmp_path / "wrong.py").write_text("import coeval\n" + "\n".join(WRONG) + "\n")
    done = run([*MYPY, "--cache-dir", tmp_path / "cache", "wrong.py"], **more)
    lines = {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == {str(number) for number in range(2, len(WRONG) + 2)}, done.stdout
