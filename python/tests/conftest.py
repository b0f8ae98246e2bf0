"""The tests of the SDK find their helpers beside them; the small repository as fixtures."""

import sys
from pathlib import Path

import coeval
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from airport_repository import NOON, write_repository


@pytest.fixture
def repo(tmp_path):
    write_repository(tmp_path / "repo")
    return tmp_path / "repo"


@pytest.fixture
def store(repo):
    with coeval.FeatureStore(repo, clock=NOON) as opened:
        opened.apply()
        yield opened


@pytest.fixture
def served(store):
    carried = store.materialize_incremental(NOON)
    assert {view.view for view in carried} == {"weather@v1", "planes@v1"}
    return store
