"""How `coeval` is called: help, wrong usage, exit codes, completion."""

import os
import re
import shutil
import subprocess

import pytest

COMMANDS = (
    "init asof window plan apply promote rollback delete list describe runs training-set backfill "
    "materialize "
    "materialize-incremental push get serve doctor version completion"
).split()


def test_help_lists_every_command_under_its_heading(coeval):
    for help_text in (coeval().out, coeval("--help").out, coeval("-h").out):
        for command in COMMANDS:
            assert re.search(rf"^  {command} ", help_text, re.MULTILINE), command
        assert "Examples:" in help_text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(coeval, command):
    text = coeval(command, "--help").out
    assert f"Usage: coeval {command}" in text
    assert f"\n  coeval {command}" in text.split("Examples:")[1] or command == "completion"


def test_the_examples_of_get_are_true_after_init(shop):
    lines = shop("get", "--help").out.splitlines()
    examples = [line.split("#")[0].split() for line in lines if line.strip().startswith("coeval get ")]
    assert len(examples) == 3
    for _, *arguments in examples:
        assert "PRESENT" in shop(*arguments).out


def test_version(coeval):
    assert re.fullmatch(r"coeval \d+\.\d+\.\d+\n", coeval("--version").out)
    versions = coeval.json("version")
    assert coeval("version").out.startswith(f"coeval {versions['release']}\n")
    assert re.match(r"\d+\.", versions["libraries"]["arrow"])
    assert versions["formats"]["registry"] >= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["aply"], 'no command \'aply\', did you mean "apply"?'),
        (["get", "x", "--jsn"], 'no option --jsn of `coeval get`, did you mean "--json"?'),
        (["--jsn"], 'no option --jsn, did you mean "--json"?'),
        (["plan", "weather"], "`coeval plan` takes no argument 'weather'"),
        (["describe"], "NAME is required"),
        (["materialize", "yesterday", "now"], "yesterday"),
        (["--set", "serve.port", "list"], "key=value"),
        (["training-set", "x"], "--spine FILE"),
        (["training-set", "x", "-f", "a:b", "-s", "s.csv"], "not both"),
        (["asof", "one.csv"], "FEATURES is required"),
        (["window", "one.csv", "two.csv"], "--aggregate is required"),
        (["asof", "a.csv", "b.csv", "--known", "later"], "declared"),
        (["asof", "a.csv", "b.csv", "--ttl", "3 hours"], "3 hours"),
        (["serve", "--port", "http"], "http"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_wrong_usage_is_exit_two(coeval, arguments, words):
    outcome = coeval(*arguments, code=2)
    assert outcome.err.startswith("coeval: error: ")
    assert words in outcome.err
    assert "--help`." in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize("arguments", [["aply"], ["describe"], ["plan", "x"], ["get", "--at", "x"], []])
def test_wrong_usage_as_json(coeval, arguments):
    error = coeval.json(*arguments, code=2)["error"]
    assert error["code"] == "wrong usage" and error["message"]


def test_json_of_every_command(coeval):
    """One document on standard output, whatever the command."""
    assert coeval.json("init", "shop")["project"] == "shop"
    shop = type(coeval)(coeval.folder / "shop")
    spine = ["-s", "data/spine.parquet"]
    key = ["customer_id=7", "product=tea", "quantity=2"]
    asked = {
        "asof": ["asof", "data/spine.parquet", "data/prices.parquet", "--by", "product"],
        "window": ["window", "data/spine.parquet", "data/prices.parquet", "--by", "product", "-a", "count() as n"],
        "plan": ["plan"],
        "apply": ["apply"],
        "promote": ["promote", "purchase_v1"],
        "list": ["list"],
        "names": ["list", "--names"],
        "describe": ["describe", "product_price"],
        "runs": ["runs"],
        "training-set": ["training-set", "purchase_v1", *spine],
        "backfill": ["backfill", "product_price", "--start", "2025-02-10", "--end", "now", "--every", "30d"],
        "materialize": ["materialize", "2025-02-01", "now"],
        "materialize-incremental": ["materialize-incremental", "now"],
        "get": ["get", "purchase_v1", *key],
        "doctor": ["doctor"],
        "version": ["version"],
        "completion": ["completion", "bash"],
    }
    for name, arguments in asked.items():
        answer = shop.json(*arguments)
        assert isinstance(answer, (dict, list)), name
    assert "product_price" in shop.json("list", "--names")
    assert shop.json("rollback", "purchase_v1", code=3)["error"]["code"] == "failed precondition"
    assert shop.json("delete", "purchase_v1")["changes"]
    assert len(asked) + len(["init", "rollback", "delete", "serve", "push"]) == len(COMMANDS) + len(["names"])


def test_without_a_repository(coeval):
    outcome = coeval("plan", code=3)
    assert "coeval.yaml" in outcome.err and "coeval init" in outcome.err
    error = coeval.json("plan", code=3)["error"]
    assert error["code"] == "not found" and "coeval.yaml" in error["message"]


def test_options_may_stand_before_and_after_the_command(shop):
    for arguments in (
        ["--json", "-C", "..", "list"],
        ["list", "-C", "..", "--json"],
        ["-C", "..", "list", "--json"],
    ):
        below = type(shop)(shop.folder / "data")
        assert below(*arguments).json.keys() >= {"entities", "feature_views"}


def test_the_repository_is_found_from_a_folder_below(shop):
    below = type(shop)(shop.folder / "data")
    assert below("list", "--names").out == shop("list", "--names").out


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["version", "--json"]])
def test_output_that_cannot_be_written_is_a_failure(shop, arguments):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [shop.program(), *arguments],
            cwd=shop.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 4
    assert "standard output could not be written" in done.stderr


def test_a_reader_that_went_away_is_no_failure(shop):
    for arguments in (["completion", "fish"], ["list"], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [shop.program(), *arguments],
            cwd=shop.folder,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (0, ""), arguments


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_right_for_their_shell(coeval, shell):
    script = coeval("completion", shell).out
    for command in COMMANDS:
        assert command in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def complete_in_bash(folder, script: str, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    line = f"""
{script}
COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words) - 1}
_coeval
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", line], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


def test_bash_completes_commands_options_and_names(shop):
    script = shop("completion", "bash").out

    def offers(*words):
        return complete_in_bash(shop.folder, script, "coeval", *words)

    assert offers("mat") == ["materialize", "materialize-incremental"]
    assert offers("apply", "--pro") == ["--promote"]
    assert "--json" in offers("runs", "--")
    assert offers("describe", "customer_") == ["customer_history"]
    assert offers("get", "pur") == ["purchase_v1"]
    assert offers("--env", "x", "list", "feature_s") == ["feature_services"]
    assert offers("-C", "..", "list", "ent") == ["entities"]
    assert "data" in offers("training-set", "--spine", "da")
    assert offers("completion", "") == ["bash", "zsh", "fish"]
