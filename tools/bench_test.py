"""What bench/ says of its figures: medians, and sections that replace only their own kind."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = str(Path(__file__).resolve().parent.parent / "bench")


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(BENCH)
    for name in ("measure", "results"):
        sys.modules.pop(name, None)
    import measure
    import results
    yield measure, results
    for name in ("measure", "results"):
        sys.modules.pop(name, None)


def test_the_median_is_taken_figure_by_figure(bench):
    measure, _ = bench
    runs = [measure.Taken(3, 10, 5), measure.Taken(1, 30, 7), measure.Taken(2, 20, 6)]
    assert measure.median(runs) == measure.Taken(2, 20, 6)


def test_a_run_replaces_its_own_section_alone(bench):
    _, results = bench
    one = results.Section("One", "about one", ["who", "s"], [["Coeval", "1.0"]], ["a note"])
    two = results.Section("Two", "about two", ["who", "s"], [["Coeval", "2.0"]])
    text = results.merged("", [one, two], "make bench")
    assert text.count("## One") == text.count("## Two") == 1
    one.rows = [["Coeval", "9.0"]]
    again = results.merged(text, [one], "bench/run --only one")
    assert "| Coeval | 9.0 |" in again and "| Coeval | 1.0 |" not in again
    assert again.count("## One") == again.count("## Two") == 1
    assert "| Coeval | 2.0 |" in again and again.startswith(results.INTRODUCTION)


def test_what_a_process_took_is_its_own(tmp_path):
    # In a small process of its own, as bench/run is: a child's peak begins at its parent's size.
    script = f"""
import sys
sys.path.insert(0, {BENCH!r})
from pathlib import Path
from measure import Failed, run_once
log = Path({str(tmp_path / "log")!r})
small = run_once([sys.executable, "-c", "pass"], log)
large = run_once([sys.executable, "-c", "b'x' * (200 << 20)"], log)
assert 150 << 20 < large.peak_bytes - small.peak_bytes < 300 << 20, (small, large)
try:
    run_once([sys.executable, "-c", "raise SystemExit('no such thing')"], log)
except Failed as failure:
    assert "no such thing" in str(failure)
else:
    raise AssertionError("a program that fails must fail")
"""
    subprocess.run([sys.executable, "-c", script], check=True)
