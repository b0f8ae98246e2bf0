"""The online store verified: by its owner and by other processes, whole and damaged."""

import shutil

import coeval
import pytest
from coeval import Aggregation, Entity, FeatureView, FileSource
from coeval.types import String
from owner_test import Other
from push_test import Money
from tests_support import same_values


def test_what_is_there_is_counted(served):
    checked = served.online_verify()
    assert checked.ok and checked.problems == [] and checked.problem_count == 0
    assert {view.view: view.rows for view in checked} == {"planes": 2, "weather": 3}
    assert len(checked) == 2 and checked[0].facts >= checked[0].rows
    assert "all is as it was written" in repr(checked) and "weather" in repr(checked)
    assert "<table>" in checked._repr_html_()
    assert checked.to_dict()["files"] >= 2


def test_versions_without_data_are_noted(store):
    checked = store.online_verify()
    assert checked.ok and len(checked) == 0
    assert sorted(checked.notes) == ["planes@v1 holds no data yet", "weather@v1 holds no data yet"]
    assert "planes@v1 holds no data yet" in repr(checked)


def test_data_of_deleted_views_are_noted(served, repo):
    airport = Entity(name="airport", join_keys=["airport"], value_type=String)
    source = FileSource(
        name="more", path="data/weather.parquet", timestamp_field="at",
        field_mapping={"origin": "airport"},
    )  # fmt: skip
    counts = FeatureView(
        name="counts", entities=[airport], source=source,
        aggregations=[Aggregation([], "count", name="n", time_window="7d")],
    )  # fmt: skip
    served.apply([airport, source, counts])
    served.materialize_incremental(served.now())
    checked = served.online_verify()
    assert checked.notes == []
    events = next(view for view in checked if view.view == "counts")
    assert events.rows == 5 == events.facts  # a row for each event
    served.delete("counts")
    (note,) = served.online_verify().notes
    assert "of view counts, which was deleted" in note


def test_a_damaged_file_is_named_and_the_rest_is_read(served, repo):
    served.close()
    files = sorted((repo / ".coeval/online/db").glob("*.sst"), key=lambda f: f.stat().st_size)
    damaged = []
    for file in files:
        held = bytearray(file.read_bytes())
        if b"JFK" not in held or b"project/" in held:
            continue
        held[5] ^= 4
        file.write_bytes(held)
        damaged.append(file.name)
    assert len(damaged) == 1
    with coeval.FeatureStore(repo, clock="2024-05-01T12:00:00Z") as store:
        checked = store.online_verify()
        assert not checked.ok
        problem = next(problem for problem in checked.problems if problem.file)
        assert (problem.view, problem.file) == ("weather", damaged[0])
        assert (problem.first_key, problem.last_key) == ("airport='EWR'", "airport='LGA'")
        assert "checksum" in problem.what
        assert damaged[0] in repr(checked) and "EWR" in repr(checked)
        assert {view.view: view.rows for view in checked} == {"planes": 2, "weather": 0}
        with pytest.raises(coeval.CoevalError):
            store.get_online_features(["weather:temp"], [{"airport": "JFK"}])
        answer = store.get_online_features(["planes:seats"], [{"tail": 7}])
        assert answer.to_dict()["seats"] == [100]


def test_another_process_owns_the_store(tmp_path):
    money = Money(tmp_path / "money")
    money.push("EUR", 1.5)
    money.store.close()
    other = Other(money.folder)
    try:
        other.own()
        money.open()
        checked = money.store.online_verify()
        assert checked.ok
        assert [(view.view, view.rows) for view in checked] == [("rates", 1)]
        money.store.close()
    finally:
        other.kill()


def test_the_advice_brings_back_what_was_pushed(tmp_path):
    money = Money(tmp_path / "money")
    money.push("EUR", 1.5)
    money.store.seal_log()
    money.push("USD", 2.5)
    money.store.close()
    online = money.folder / ".coeval/online"
    manifest = next((online / "db").glob("MANIFEST-*"))
    held = bytearray(manifest.read_bytes())
    held[12] ^= 1
    manifest.write_bytes(held)
    money.open()
    checked = money.store.online_verify()
    assert not checked.ok and manifest.name in checked.problems[0].what
    assert f"remove '{online}'" in checked.advice and checked.advice in repr(checked)
    money.store.close()
    shutil.rmtree(online)
    money.open()
    assert [money.rate("EUR"), money.rate("USD")] == [1.5, 2.5]
    checked = money.store.online_verify()
    assert checked.ok and checked.advice == ""
    money.store.close()


def test_the_advice_brings_back_what_was_materialized(served, repo):
    rows = [{"airport": "JFK"}, {"airport": "EWR"}, {"airport": "LGA"}]
    before = served.get_online_features(["weather:temp"], rows).to_dict()
    served.close()
    shutil.rmtree(repo / ".coeval/online")
    with coeval.FeatureStore(repo, clock="2024-05-01T12:00:00Z") as store:
        store.materialize_incremental("2024-05-01T12:00:00Z")
        after = store.get_online_features(["weather:temp"], rows).to_dict()
        assert same_values(after["temp"], before["temp"])
        assert store.online_verify().ok


def test_a_damaged_log_is_no_reason_to_remove_the_store(tmp_path):
    money = Money(tmp_path / "money")
    money.push("EUR", 1.5)
    money.store.close()
    log = max((money.folder / ".coeval/log").glob("*.log"), key=lambda file: file.stat().st_size)
    held = bytearray(log.read_bytes())
    held[20] ^= 1
    log.write_bytes(held)
    money.open()
    checked = money.store.online_verify()
    assert not checked.ok and log.name in checked.problems[0].what
    assert "backup" in checked.advice and "remove" not in checked.advice
    money.store.close()
