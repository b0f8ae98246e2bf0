"""The runner tells the truth: what failed, what died and what ran nothing is never green."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import run_tests  # noqa: E402
from run_tests import Outcome, Runner  # noqa: E402


@pytest.fixture(autouse=True)
def no_build(monkeypatch, tmp_path):
    """Programs run as they are, without a build in front."""
    monkeypatch.setattr(run_tests, "in_build", lambda preset, *command: list(command))


def script(folder, text):
    path = folder / "run"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def finish(capsys, *outcomes):
    runner = Runner()
    for number, outcome in enumerate(outcomes):
        runner.suite(f"suite {number}", lambda outcome=outcome: outcome)
    code = runner.finish()
    return code, capsys.readouterr().out.splitlines()[-1]


def test_the_sum_is_the_last_line(capsys):
    assert finish(capsys, Outcome(3), Outcome(4)) == (0, "7 passed, 0 failed")


def test_one_failure_fails_the_run(capsys):
    assert finish(capsys, Outcome(3), Outcome(4, 1)) == (1, "7 passed, 1 failed")


def test_a_suite_that_ran_nothing_failed(capsys):
    assert finish(capsys, Outcome(3), Outcome()) == (1, "3 passed, 1 failed")


def test_an_unknown_suite_is_not_a_green_run(capsys):
    runner = Runner("no such suite")
    runner.suite("c++", lambda: Outcome(1))
    assert runner.finish() == 1


def test_a_suite_that_cannot_start_failed(capsys):
    runner = Runner()
    runner.suite("broken", run_tests.program, Path("/no/such/program"))
    assert runner.finish() == 1


def test_a_program_is_counted_by_its_closing_line(tmp_path):
    outcome = run_tests.program(script(tmp_path, 'echo "proof: 5 kills"; echo "12 passed, 0 failed"\n'))
    assert (outcome.passed, outcome.failed, outcome.proofs) == (12, 0, ["5 kills"])


def test_a_program_that_exits_badly_failed(tmp_path):
    outcome = run_tests.program(script(tmp_path, 'echo "12 passed, 0 failed"; exit 3\n'))
    assert outcome.failed == 1


def test_a_program_without_a_closing_line_failed(tmp_path):
    assert run_tests.program(script(tmp_path, "echo fine\n")).failed == 1
