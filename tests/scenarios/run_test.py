"""The runner itself: a wrong story fails, and says where and why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
GOOD = """rule 3.1
define
  entities: [{name: k, join_keys: [{name: k, type: int64}]}]
  sources: [{name: s, path: "{data}/s", timestamp_field: at}]
  feature_views: [{name: v, entities: [k], source: s, schema: [{name: a, type: float64}]}]
day 2024-05-01
facts s
  k | at    | a
  1 | 10:00 | -0.0
ask v:a
  k | event_timestamp => a    | a.status
  1 | 10:00           => -0.0 | PRESENT
"""


def play(folder, text, *arguments):
    story = folder / "story.txt"
    story.write_text(text)
    done = subprocess.run(
        [sys.executable, HERE / "run", *arguments, story],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COEVAL_PYTHON": sys.executable},
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_story_that_holds(tmp_path):
    code, out = play(tmp_path, GOOD)
    assert (code, out.splitlines()[-1]) == (0, "1 passed, 0 failed")


@pytest.mark.parametrize(
    ("was", "is_now", "line", "said"),
    [
        ("=> -0.0", "=> 0.0", 12, "temp expected 0.0 found    -0.0"),
        ("=> -0.0", "=> null", 12, "expected null found    -0.0"),
        ("=> -0.0", "=> NaN", 12, "expected NaN found    -0.0"),
        ("PRESENT", "NOT_FOUND", 12, "expected NOT_FOUND found    PRESENT"),
        ("1 | 10:00           =>", "1 | 09:00           =>", 12, "expected -0.0 found    null"),
        ("=> a    |", "=> a: float32 |", 11, "type of a expected float32 found    float64"),
        ("=> a    |", "=> b |", 10, "columns"),
        ("  1 | 10:00 | -0.0", "  1 | 10:00", 9, "2 cells under 3 columns"),
        ("ask v:a", "aks v:a", 10, "there is no statement 'aks'"),
        ("ask v:a", "ask v:b", 10, "expected no error found    NotFound"),
        ("ask v:a", "ask v:a\n  fails: nothing", 10, "expected an error with 'nothing'"),
        ("ask v:a", "ask v:a\n  manifest: rows = 2", 10, "manifest rows expected 2 found    1"),
        ("day 2024-05-01", "day 2024-05-01\nclock noon", 7, "'noon' is no time"),
        ("rule 3.1", "rule three", 1, "a story names its rules"),
        ("  1 | 10:00 | -0.0", "\t1 | 10:00 | -0.0", 9, "a tab"),
    ],
)
def test_a_story_that_does_not_hold(tmp_path, was, is_now, line, said):
    assert was in GOOD
    code, out = play(tmp_path, GOOD.replace(was, is_now))
    assert code == 1
    assert out.splitlines()[-1] == "0 passed, 1 failed"
    assert f"story.txt:{line}: " in out
    assert " ".join(said.removeprefix("temp ").split()) in " ".join(out.split())


def test_late_facts_are_late_only_where_they_differ(tmp_path):
    text = GOOD + "clock 11:00\nmaterialize\nserve v:a\n  late: no\n  k => a\n  1 => -0.0\n"
    code, out = play(tmp_path, text)
    assert code == 1 and "serve: late" in out


def test_what_was_not_carried_is_a_difference(tmp_path):
    code, out = play(tmp_path, GOOD + "clock 11:00\nserve v:a\n  k => a\n  1 => null\n")
    assert code == 1 and "online against offline" in out


def test_every_rule_needs_a_story(tmp_path):
    rules = tmp_path / "rules.txt"
    rules.write_text("3.1\n3.2  # the created time\n")
    code, out = play(tmp_path, GOOD, "--rules", rules)
    assert code == 1
    assert "rule 3.2 has no story" in out and "rule 3.1" not in out
    assert out.splitlines()[-1] == "1 passed, 1 failed"


def test_the_list_of_rules_is_that_of_the_law():
    """Every numbered rule is listed, but those that rules.txt explains."""
    import re

    law = (HERE.parent.parent / "docs" / "semantics.md").read_text()
    numbered = set(re.findall(r"^([1-8]\.\d+) ", law, re.M)) - {"5.10", "6.5"}
    listed = [line for line in (HERE / "rules.txt").read_text().splitlines() if line[:1] != "#"]
    assert set(listed) == numbered | {"9"}
