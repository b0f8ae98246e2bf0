"""The oracles and checks of bench/: right where a plain loop is right, and they tell what is wrong."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"


@pytest.fixture
def making(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import making
    return making


def generate(name, folder, *sizes):
    subprocess.run([sys.executable, BENCH / name, folder, *map(str, sizes)], check=True)


def verdict(check, expected, answer, how):
    """(whether it holds, what was said)"""
    made = subprocess.run([sys.executable, BENCH / check, expected, answer, how], check=False,
                          capture_output=True, text=True)
    assert "Traceback" not in made.stderr, made.stderr
    return made.returncode == 0, (made.stdout + made.stderr).strip()


def changed(table, name, row, value):
    values = table[name].to_pylist()
    assert values[row] != value
    values[row] = value
    return table.set_column(table.column_names.index(name), name,
                            pa.array(values, table[name].type))


def test_winners_are_those_of_a_plain_loop(making):
    for seed in range(20):
        random = np.random.default_rng(seed)
        facts, asked = int(random.integers(0, 60)), 40
        ttl = [None, int(random.integers(0, 50))][seed % 2]
        # Times are few, so that questions meet facts exactly; a key has no two at one time.
        pairs = np.unique(random.integers(0, 5 * 100, facts))
        pairs = pairs[np.argsort(pairs % 100, kind="stable")]
        fact_key, fact_time = pairs // 100, pairs % 100
        if not len(pairs):
            continue
        key, time = random.integers(0, 7, asked), random.integers(0, 110, asked)
        winner, found = making.winners(fact_key, fact_time, key, time, ttl)
        for question in range(asked):
            fits = [at for at in range(len(pairs)) if fact_key[at] == key[question]
                    and fact_time[at] <= time[question]
                    and (ttl is None or fact_time[at] >= time[question] - ttl)]
            assert found[question] == bool(fits), f"seed {seed}, question {question}"
            if fits:
                best = max(fits, key=lambda at: fact_time[at])
                assert winner[question] == best, f"seed {seed}, question {question}"


def test_a_wrong_value_is_told(tmp_path):
    generate("make_point_in_time.py", tmp_path, 1_000, 100, 50, 30)
    expected = tmp_path / "expected.parquet"
    right = pq.read_table(expected)
    at = right["f3"].is_valid().to_pylist().index(True)
    wrong = tmp_path / "wrong.parquet"
    for check in ("check_point_in_time.py", "check_feast_offline.py"):
        assert verdict(check, expected, expected, "about")[0]
        pq.write_table(changed(right, "f3", at, 0.5), wrong)
        assert verdict(check, expected, wrong, "about") == (
            False, ("0\n" if "feast" in check else "") + "column f3 differs")
        pq.write_table(changed(right, "f3", at, None), wrong)
        assert not verdict(check, expected, wrong, "about")[0]


def test_rows_left_out_are_counted_or_told(tmp_path):
    generate("make_point_in_time.py", tmp_path, 1_000, 100, 50)
    expected, fewer = tmp_path / "expected.parquet", tmp_path / "fewer.parquet"
    pq.write_table(pq.read_table(expected).slice(7), fewer)
    assert verdict("check_feast_offline.py", expected, fewer, "about") == (True, "7")
    assert verdict("check_feast_offline.py", expected, fewer, "exact") == (
        False, "7 rows are missing")
    assert not verdict("check_point_in_time.py", expected, fewer, "about")[0]


def test_a_wrong_list_is_told(tmp_path):
    generate("make_top_k.py", tmp_path, 500, 40, 10)
    figures = pq.read_table(tmp_path / "expected.parquet")
    facts, asked = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("facts", "spine"))
    time = np.asarray(facts["event_timestamp"].cast(pa.int64()))
    amount = np.asarray(facts["amount"])
    answer = {"row": asked["row"]}
    for window, hours in (("1h", 1), ("1d", 24), ("30d", 720), ("all", 1_000_000)):
        tops = []
        for t in np.asarray(asked["event_timestamp"].cast(pa.int64())):
            inside = amount[(time <= t) & (time > t - hours * 3_600_000_000)]
            tops.append(sorted(inside.tolist(), reverse=True)[:300])
        answer |= {f"mean_{window}": figures[f"mean_{window}"], f"top_{window}": tops}
    right, path = pa.table(answer), tmp_path / "answer.parquet"
    pq.write_table(right, path)
    assert verdict("check_top_k.py", tmp_path / "expected.parquet", path, "exact") == (True, "")
    last = right["top_all"].to_pylist()[39]
    for wrong in (last[:-1], [*last[:-1], 0.25], [last[1], last[0], *last[2:]]):
        pq.write_table(changed(right, "top_all", 39, wrong), path)
        held, said = verdict("check_top_k.py", tmp_path / "expected.parquet", path, "exact")
        assert not held and "window all differs" in said
    # A list whose ends and sum are right is told where the lists themselves are known.
    first = right["top_all"].to_pylist()[3]
    pq.write_table(changed(right, "top_all", 3, [first[0], *first[2:-1], first[1], first[-1]]), path)
    assert verdict("check_top_k.py", tmp_path / "expected.parquet", path, "exact") == (
        False, "the list of row 3 and window all differs")
