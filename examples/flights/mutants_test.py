"""The promise must be able to fail: an honest server against training sets that break a rule.

    the ttl's bound is off by one microsecond            (rule 3.1)
    of facts of the same minute the other one wins       (rule 3.3)
    facts are used before they are known                 (rule 3.2)
    late reports count from when it happened             (rules 3.2, 5.3)
    a corrected flight counts twice                      (rule 5.3)

All of it is real: the year's data, the feature repository, `coeval serve`.
"""

import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

pytest.importorskip("coeval._core", reason="the engine is not built")

import coeval  # noqa: E402

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from moments import GAPS, Ties, choose_moments  # noqa: E402
from prepare import DATA, prepare  # noqa: E402
from progress import DemoError  # noqa: E402
from promise import Promise  # noqa: E402
from server import ClockFile, Server, iso, micros_of  # noqa: E402
from spine import load_spine  # noqa: E402

SERVICE = "departure_delay_v2"
CLOCK = "2013-12-31T23:00:00Z"
pytestmark = pytest.mark.server


def repository(folder, data, change=("", "")):
    """The example's repository over the sources in `data`, one text of its definitions changed."""
    folder.mkdir()
    text = (HERE / "definitions.py").read_text()
    assert change[0] in text
    (folder / "definitions.py").write_text(text.replace(*change, 1) if change[0] else text)
    (folder / "coeval.yaml").write_text(
        f"project: flights\ndefinitions: [definitions.py]\nlocations: {{data: {data}}}\n"
    )
    return folder


def training_set(folder, spine, **options):
    store = coeval.FeatureStore(folder, clock=CLOCK)
    store.apply()
    service = store.get_feature_service(SERVICE)
    made = store.get_historical_features(entity_df=spine, features=service, **options).to_arrow()
    store.close()
    return made


@pytest.fixture(scope="module")
def spine():
    """The questions of some full moments and of those at the bounds of the weather's ttl."""
    prepare()
    whole = load_spine()
    times = whole["event_timestamp"].cast(pa.int64())
    bounds = [micros_of(start) for start, _ in GAPS[:2]]
    wanted = sorted({*choose_moments(whole, Ties(DATA).among(whole))[::40], *bounds})
    return whole.filter(pc.is_in(times, pa.array(wanted)))


@pytest.fixture(scope="module")
def served(spine, tmp_path_factory):
    """What the honest server answered: (honest training set, [(moment, rows, answer)])."""
    folder = repository(tmp_path_factory.mktemp("honest") / "flights", DATA)
    trained = training_set(folder, spine)
    promise = make_promise(spine, trained)
    times = spine["event_timestamp"].cast(pa.int64())
    clock = ClockFile(folder / "clock")
    moments = sorted(pc.unique(times).to_pylist())
    clock.set(moments[0])
    answers = []
    with Server(folder, clock, folder / "server.log") as server:
        for moment in moments:
            rows = pc.indices_nonzero(pc.equal(times, moment))
            answers.append((moment, rows, promise.ask(server, clock, moment, rows)))
    return trained, answers


def make_promise(spine, trained):
    features = [name for name in trained.column_names if name not in spine.column_names]
    return Promise(SERVICE, spine, trained, features, Ties(DATA))


def compare(spine, trained, answers):
    promise = make_promise(spine, trained)
    for moment, rows, answer in answers:
        promise.compare(moment, rows, answer)
    return promise.tally


def test_the_honest_training_set_is_what_was_served(spine, served):
    trained, answers = served
    tally = compare(spine, trained, answers)
    assert tally.equal == tally.values == spine.num_rows * 48


def test_a_ttl_off_by_one_microsecond_is_caught(spine, served, tmp_path):
    change = ("ttl=timedelta(hours=3)", "ttl=timedelta(hours=3) - timedelta(microseconds=1)")
    mutant = training_set(repository(tmp_path / "flights", DATA, change), spine)
    bound = iso(micros_of(GAPS[0][0]))
    with pytest.raises(DemoError, match=f"temp at {bound}: trained on None.*the row is.*origin="):
        compare(spine, mutant, served[1])


def test_ties_in_reverse_order_are_caught(spine, served, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("raw", "flights.parquet"))
    left = pq.read_table(data / "departures.parquet")
    reversed_flight = pc.negate(left["flight"])
    left = left.set_column(left.column_names.index("flight"), "flight", reversed_flight)
    pq.write_table(left, data / "departures.parquet")
    mutant = training_set(repository(tmp_path / "flights", data), spine)
    with pytest.raises(DemoError, match=r"(airport|carrier)_delay at .*: trained on"):
        compare(spine, mutant, served[1])


def test_facts_used_before_they_are_known_are_caught(spine, served, tmp_path):
    mutant = training_set(repository(tmp_path / "flights", DATA), spine, known="hindsight")
    with pytest.raises(DemoError, match="at .*: trained on"):
        compare(spine, mutant, served[1])


def test_late_reports_that_count_too_early_are_caught(spine, served, tmp_path):
    change = ('    created_timestamp_column="reported_at",\n    created="arrival",', "   ")
    mutant = training_set(repository(tmp_path / "flights", DATA, change), spine)
    with pytest.raises(DemoError, match=r"airport_\w+ at .*: trained on"):
        compare(spine, mutant, served[1])


def test_corrections_that_count_beside_what_they_correct_are_caught(spine, served, tmp_path):
    change = ('    event_id_field="flight_id",', "   ")
    mutant = training_set(repository(tmp_path / "flights", DATA, change), spine)
    with pytest.raises(DemoError, match=r"airport_(delay_mean|departures)_\w+ at .*: trained on"):
        compare(spine, mutant, served[1])
