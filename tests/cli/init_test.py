"""`coeval init`, and the commands of the README that it writes."""

import json
import re
import shlex
import subprocess
import sys
import time

import pytest


def commands_of(readme: str) -> list[list[str]]:
    """The first block of shell commands."""
    block = re.search(r"```sh\n(.*?)```", readme, re.DOTALL).group(1)
    return [shlex.split(line) for line in block.strip().splitlines()]


@pytest.mark.parametrize("template", ["shop", "shop-yaml"])
def test_the_five_commands_of_the_readme_work_in_a_minute(coeval, template):
    start = time.monotonic()
    coeval("init", "my-shop", "--template", template)
    shop = type(coeval)(coeval.folder / "my-shop")
    commands = commands_of((shop.folder / "README.md").read_text())
    assert len(commands) == 5
    outputs = [shop(*command[1:]) for command in commands if command[0] == "coeval"]
    assert len(outputs) == 5
    assert time.monotonic() - start < 60
    assert "customer_history" in outputs[0].out
    assert "1,000 rows" in outputs[2].out
    assert (shop.folder / "training.parquet").exists()
    assert "PRESENT" in outputs[4].out and "enough_stock" in outputs[4].out
    assert shop.json("plan")["empty"] is True


def test_a_folder_of_the_commands_name_does_not_mislead_it(coeval):
    """Called by its name alone, as a shell does; a clone of the repository may lie there."""
    (coeval.folder / "coeval").mkdir()
    done = subprocess.run(
        ["coeval", "init", "shop"], cwd=coeval.folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and (coeval.folder / "shop/data/prices.parquet").exists(), done


def test_python_and_yaml_declare_the_same(coeval):
    coeval("init", "a")
    coeval("init", "b", "--template", "shop-yaml")
    type(coeval)(coeval.folder / "a")("apply")
    # The registry of the Python form, the definitions of the YAML form: nothing to change.
    registry = str(coeval.folder / "a" / ".coeval" / "registry.db")
    arguments = ["--set", f"registry={registry}", "--set", "project=a", "plan"]
    assert type(coeval)(coeval.folder / "b").json(*arguments)["empty"] is True


def test_ten_thousand_rows_the_same_each_time(coeval):
    import pyarrow.parquet as pq

    coeval("init", "a")
    coeval("init", "b")
    rows = 0
    for name in ("customers", "prices", "spine"):
        first, second = (coeval.folder / repo / "data" / f"{name}.parquet" for repo in "ab")
        assert first.read_bytes() == second.read_bytes()
        rows += pq.read_metadata(first).num_rows if name != "spine" else 0
    assert rows == 10_000


def test_what_is_there_is_never_overwritten(coeval):
    coeval("init", "shop")
    again = coeval("init", "shop", code=3)
    assert "not empty" in again.err and "shop" in again.err
    (coeval.folder / "file").write_text("mine")
    assert "is a file" in coeval("init", "file", code=3).err
    assert (coeval.folder / "file").read_text() == "mine"
    (coeval.folder / "empty").mkdir()
    coeval("init", "empty")


def test_in_the_folder_where_one_stands(coeval):
    folder = coeval.folder / "Größe 7"
    folder.mkdir()
    here = type(coeval)(folder)
    written = here.json("init", ".")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", written["project"])
    here("plan")


def test_a_name_that_no_project_may_have_is_told(coeval):
    text = coeval("init", "bad name!").out
    assert "The project is called bad_name_" in text and "cd 'bad name!'" in text
    text = coeval("init", "good-name").out
    assert "is called" not in text and "cd good-name\n" in text


def test_unknown_template(coeval):
    assert "shop-yaml" in coeval("init", "x", "--template", "shopp", code=2).err
    assert not (coeval.folder / "x").exists()


def test_state_is_kept_out_of_git(coeval):
    coeval("init", "shop")
    shop = type(coeval)(coeval.folder / "shop")
    shop("apply")
    git = ["git", "-c", "init.defaultBranch=main", "-C", str(shop.folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    seen = subprocess.run(
        [*git, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True
    ).stdout
    assert "definitions.py" in seen and ".coeval" not in seen


def test_the_notebook_runs(coeval):
    pytest.importorskip("pandas")
    coeval("init", "shop")
    folder = coeval.folder / "shop"
    notebook = json.loads((folder / "explore.ipynb").read_text())
    assert notebook["cells"][0]["source"][0] == "# shop\n"
    code = "\n".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
