"""What people see of tables and plans."""

import datetime as dt

import pytest
from coeval import _core, display
from coeval.materialization import Materialized
from coeval.plan import Plan
from coeval.table import Table


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "0 %"),
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (1, 8, "12.5 %"),
        (1, 100_000, "<0.1 %"),
        (99_999, 100_000, ">99.9 %"),
    ],
)
def test_a_share_never_rounds_to_all_or_nothing(part, whole, text):
    assert display.percent(part, whole) == text


def table(rows: int) -> Table:
    cells = [dt.datetime(2020, 1, 1, 12, 30, tzinfo=dt.UTC)] * rows
    names = [f"<a{i}>" for i in range(15)]
    columns = [("at", "timestamp", cells), *[(name, "string", ["x" * 60] * rows) for name in names]]
    return Table(_core.Frame.from_columns(columns, rows))


def test_a_table_shows_its_first_rows_and_columns():
    text = repr(table(1000))
    assert text.startswith("Table: 1,000 rows, 16 columns\nat ")
    assert "2020-01-01 12:30:00" in text
    assert "+ 4 columns" in text
    assert text.endswith("... 995 more rows")
    assert "x" * 38 not in text
    assert max(len(line) for line in text.splitlines()) < 600


def test_html_escapes_what_it_shows():
    page = table(1)._repr_html_()
    assert "&lt;a0&gt;" in page
    assert "<a0>" not in page
    assert "more rows" not in page


def test_an_empty_table():
    assert "0 rows" in repr(table(0))
    assert len(table(0)) == 0


def test_a_column_that_cannot_be_read_shows_dots():
    pa = pytest.importorskip("pyarrow")
    shown = repr(Table(_core.Frame.read(pa.table({"s": [{"x": 1}], "i": [5]}))))
    assert "..." in shown
    assert "5" in shown


def test_a_plan_explains_itself():
    changes = {"changes": [{"kind": "entity"}], "refusals": []}
    plan = Plan(changes, "+ entity 'a<b'\n", False, False)
    assert str(plan) == repr(plan) == "+ entity 'a<b'"
    assert plan._repr_html_() == "<pre>+ entity &#x27;a&lt;b&#x27;</pre>"
    assert plan and plan.changes == [{"kind": "entity"}] and plan.refusals == []
    assert not Plan({}, "nothing to do", True, False)


def test_what_was_carried_is_a_table():
    report = {
        "view": "weather@v1",
        "rows_read": 12_345,
        "rows_written": 12_000,
        "rows_refused": 0,
        "watermark": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        "detail": "",
    }
    carried = Materialized([report, report | {"watermark": None, "detail": "source unchanged"}])
    assert len(carried) == 2
    assert carried[0].rows_read == 12_345
    assert [view.view for view in carried] == ["weather@v1"] * 2
    lines = repr(carried).splitlines()
    assert lines[0].split() == ["view", "read", "written", "refused", "up", "to", "note"]
    assert "12,345" in lines[1] and "2020-01-01 00:00:00" in lines[1]
    assert lines[2].endswith("source unchanged")
