"""`python -m coeval.definitions`: which files are read, what is found, how mistakes are told."""

import json
import subprocess
import sys

import pytest

ENTITY = (
    "from coeval import Entity, Field, FeatureView, FileSource, types\n"
    "{0} = Entity(name='{0}', value_type=types.Int64)\n"
)


def write(folder, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(folder, *files: str, code: int = 0):
    done = subprocess.run(
        [sys.executable, "-m", "coeval.definitions", str(folder), *files],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout), done.stderr


def entities(document) -> list[str]:
    return [entity["name"] for entity in document["entities"]]


def test_all_files_are_read_but_those_left_out(tmp_path):
    write(
        tmp_path,
        {
            "b.py": ENTITY.format("b"),
            "a/deep/c.py": ENTITY.format("c"),
            "with-dash.py": ENTITY.format("dash"),
            ".hidden/x.py": ENTITY.format("x1"),
            ".coeval/x.py": ENTITY.format("x2"),
            "__pycache__/x.py": ENTITY.format("x3"),
            "env/pyvenv.cfg": "",
            "env/x.py": ENTITY.format("x4"),
            "notebooks/x.py": ENTITY.format("x5"),
            "test_x.py": ENTITY.format("x6"),
            "setup.py": "raise SystemExit(1)",
            "x.txt": "",
        },
    )
    document, _ = run(tmp_path)
    assert entities(document) == ["c", "b", "dash"]
    assert document["entities"][1]["where"] == "b.py:2"
    assert document["entities"][0]["where"] == "a/deep/c.py:2"


@pytest.mark.parametrize("name", [".coevalignore", ".feastignore"])
def test_ignore_files(tmp_path, name):
    write(
        tmp_path,
        {
            name: "# words\nold/\njobs/*.py   # these\nscratch_*\n**/deep/x.py\n",
            "keep.py": ENTITY.format("keep"),
            "old/x.py": "raise ValueError",
            "jobs/x.py": "raise ValueError",
            "scratch_1.py": "raise ValueError",
            "a/deep/x.py": "raise ValueError",
        },
    )
    assert entities(run(tmp_path)[0]) == ["keep"]


def test_only_the_files_that_are_named(tmp_path):
    write(tmp_path, {"a.py": ENTITY.format("a"), "b.py": "raise ValueError"})
    assert entities(run(tmp_path, "a.py")[0]) == ["a"]
    errors = run(tmp_path, "no.py", code=3)[0]["errors"]
    assert "there is no file no.py" in errors[0]["message"]


def test_files_import_one_another_and_each_object_is_there_once(tmp_path):
    write(
        tmp_path,
        {
            "a_views.py": "from shared.base import base, make\n"
            "from coeval import FeatureView, FileSource\n"
            "v = FeatureView(name='v', entities=[base], source=make('s'))\n"
            "many = [FeatureView(name=f'v{i}', entities=[base], source='s') for i in range(2)]\n",
            "shared/base.py": ENTITY.format("base")
            + "def make(name):\n    return FileSource(name=name, path='x', timeless=True)\n",
        },
    )
    document, _ = run(tmp_path)
    assert entities(document) == ["base"]
    assert [v["name"] for v in document["feature_views"]] == ["v", "v0", "v1"]
    assert document["sources"][0]["where"] == "shared/base.py:4"


def test_a_file_named_like_a_module_of_python(tmp_path):
    write(tmp_path, {"types.py": ENTITY.format("t"), "json.py": ENTITY.format("j")})
    assert entities(run(tmp_path)[0]) == ["j", "t"]


def test_standard_output_is_the_documents_alone(tmp_path):
    write(
        tmp_path,
        {
            "a.py": "import os, sys\nprint('hello')\nos.system('echo child')\n"
            "sys.__stdout__.write('deep')\n" + ENTITY.format("a")
        },
    )
    document, words = run(tmp_path)
    assert entities(document) == ["a"]
    for word in ("hello", "child", "deep"):
        assert word in words


def test_errors_of_all_files_with_the_line_to_look_at(tmp_path):
    write(
        tmp_path,
        {
            "a.py": "import coeval\n\n\nx = 1 / 0\n",
            "b.py": "from coeval import Field\nfrom coeval.types import Int64\n"
            "f = Field('a',\n  Int64, nam='x')\n",
            "c.py": "x = (\n",
            "d.py": "import helper\nhelper.fail()\n",
            "e.py": "import sys\nsys.exit('no')\n",
            "helper.py": "def fail():\n    return {}['gone']\n",
            "good.py": ENTITY.format("good"),
        },
    )
    document, _ = run(tmp_path, code=3)
    assert list(document) == ["errors"]
    told = {error["file"]: error["message"] for error in document["errors"]}
    assert told == {
        "a.py:4": "ZeroDivisionError: division by zero",
        "b.py:3": "TypeError: Field 'a': there is no argument 'nam', did you mean \"name\"?",
        "c.py:1": "SyntaxError: '(' was never closed",
        "helper.py:2": "KeyError: 'gone'",
        "e.py:2": "SystemExit: no",
    }
    trace = next(e["traceback"] for e in document["errors"] if e["file"] == "helper.py:2")
    assert 'd.py", line 2' in trace and 'helper.py", line 2' in trace
    assert "repository.py" not in trace


def test_an_error_raised_by_a_definition_shows_the_users_line(tmp_path):
    write(
        tmp_path,
        {"a.py": "from coeval import Entity\n\ne = Entity(\n  name='a',\n  join_keys='id',\n)\n"},
    )
    (error,) = run(tmp_path, code=3)[0]["errors"]
    assert error["file"] == "a.py:3"
    assert error["message"] == "TypeError: Entity 'a': join_keys: a list is expected, found 'id'"


def test_usage():
    def code_of(*arguments):
        command = [sys.executable, "-m", "coeval.definitions", *arguments]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert code_of() == 2
    assert code_of("/no/such/folder") == 2
    assert code_of("--help") == 0
