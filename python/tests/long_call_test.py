"""Long work can be interrupted, shows progress, and leaves other threads alone."""

import datetime as dt
import signal
import threading

import coeval
import pyarrow as pa
import pytest
from coeval import progress

START = dt.datetime(2020, 1, 1)
LEFT = {"t": [START]}
BATCH = pa.record_batch({"t": pa.array([START] * 1000, pa.timestamp("us")), "x": list(range(1000))})
MOST_BATCHES = 1_000_000  # an endless source, but for a test that fails


def reader(before_batch):
    def batches():
        for number in range(MOST_BATCHES):
            before_batch(number)
            yield BATCH
        raise AssertionError("nobody stopped the join")

    return pa.RecordBatchReader.from_batches(BATCH.schema, batches())


@pytest.fixture
def ctrl_c_counts():
    """A shell starts background jobs with Ctrl-C ignored, and Python then leaves it so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_counts")
def test_ctrl_c_stops_the_work():
    def interrupt(number):
        if number == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        coeval.asof_join(LEFT, reader(interrupt), on="t")
    joined = coeval.asof_join(LEFT, {"t": [START], "x": [1]}, on="t")  # and all is well
    assert joined["x"] == [1]


def test_progress_that_fails_stops_the_work(monkeypatch):
    class Broken(Exception):
        pass

    import contextlib

    def show(*_):
        raise Broken

    @contextlib.contextmanager
    def bar():
        yield show

    monkeypatch.setattr("coeval.asof.progress_bar", bar)
    with pytest.raises(Broken):
        coeval.asof_join(LEFT, reader(lambda number: None), on="t")


def test_other_threads_go_on_while_the_engine_works():
    """The source of the join waits for a thread that needs the interpreter to itself."""
    ran = threading.Event()
    thread = threading.Thread(target=ran.set)

    class Enough(Exception):
        pass

    def start(number):
        if number == 0:
            thread.start()
        assert ran.wait(timeout=60)
        if number == 2:
            raise Enough

    with pytest.raises(coeval.CoevalError):
        coeval.asof_join(LEFT, reader(start), on="t")
    thread.join()
    assert ran.is_set()


def test_a_line_of_progress():
    text = progress.progress_text("weather", 500_000, 2_000_000, 2.0)
    assert text == "weather  500,000 of 2,000,000 rows   25%   250,000 rows/s   6 s left"
    assert progress.progress_text("weather", 10, -1, 0.0) == "weather  10 rows"
    assert "100%" in progress.progress_text("weather", 10, 10, 1.0, finished=True)
    assert "99%" in progress.progress_text("weather", 1_000, 1_000, 1.0)
    assert [progress.time_left(s) for s in (0.2, 59, 150, 7300)] == [
        "1 s",
        "59 s",
        "2 min 30 s",
        "2 h 1 min",
    ]


def test_progress_shows_in_a_terminal_and_goes_away(monkeypatch, capsys):
    monkeypatch.setenv(progress.QUIET_VARIABLE, "1")
    monkeypatch.setattr(progress, "_FIRST_SHOWN_AFTER", 0.0)
    with progress.progress_bar() as show:
        show("weather", 5, 10, False)
    shown = capsys.readouterr().err
    assert "weather  5 of 10 rows" in shown
    assert shown.endswith("\r\x1b[K")


def test_no_progress_where_nobody_looks(monkeypatch, capsys):
    monkeypatch.delenv(progress.QUIET_VARIABLE, raising=False)
    with progress.progress_bar() as show:
        assert show is None
    monkeypatch.setenv(progress.QUIET_VARIABLE, "0")
    with progress.progress_bar() as show:
        assert show is None
    assert capsys.readouterr().err == ""
