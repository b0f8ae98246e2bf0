"""Backups by the SDK."""

import datetime as dt

import coeval
import pytest
from coeval import Entity, FeatureView, Field, PushSource
from coeval.types import Float64, String

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def store(tmp_path):
    (tmp_path / "coeval.yaml").write_text("project: money\n")
    currency = Entity(name="currency", join_keys=["currency"], value_type=String)
    source = PushSource(
        name="rates_push",
        schema=[Field("currency", String), Field("rate", Float64)],
        timestamp_field="at",
    )
    rates = FeatureView(
        name="rates", entities=[currency], schema=[Field("rate", Float64)], source=source
    )
    with coeval.FeatureStore(tmp_path, clock=NOON) as store:
        store.apply([currency, source, rates])
        push(store, 1.08)
        yield store


def push(store, rate):
    return store.push("rates_push", [{"currency": "EUR", "rate": rate, "at": NOON}])


def rate(store):
    return store.get_online_features(["rates:rate"], {"currency": "EUR"}).to_dict()["rate"][0]


def test_a_backup_is_taken_while_the_store_goes_on(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backups") / "monday"
    done = store.backup(folder)
    assert done["backup"] == str(folder)
    assert done["records"] == 1
    assert done["bytes"] == sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.name != "backup.json"
    )
    push(store, 2.5)
    assert rate(store) == 2.5


def test_a_folder_that_is_in_use_is_refused(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    (folder / "mine").write_text("mine")
    with pytest.raises(coeval.FailedPrecondition, match="is not empty"):
        store.backup(folder)
    assert rate(store) == 1.08
