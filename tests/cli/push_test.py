"""`coeval push`: rows of a file into the log and the online store."""

import pytest

DEFINITIONS = """
from datetime import timedelta
from coeval import Entity, FeatureView, Field, PushSource
from coeval.types import Float64, String

currency = Entity(name="currency", join_keys=["currency"], value_type=String)
rates_push = PushSource(name="rates_push", timestamp_field="at",
                        schema=[Field("currency", String), Field("rate", Float64)])
rates = FeatureView(name="rates", entities=[currency], ttl=timedelta(hours=1), source=rates_push,
                    schema=[Field("rate", Float64)])
"""
CLOCK = ("--clock", "2024-05-01T12:00:00Z")


@pytest.fixture
def money(coeval, tmp_path):
    folder = tmp_path / "money"
    folder.mkdir()
    (folder / "coeval.yaml").write_text("project: money\n")
    (folder / "definitions.py").write_text(DEFINITIONS)
    (folder / "today.csv").write_text("currency,rate,at\nEUR,1.08,2024-05-01T11:59:00Z\n")

    def run(*arguments, **options):
        return coeval("-C", folder, *CLOCK, *arguments, **options)

    run.json = lambda *arguments: coeval.json("-C", folder, *CLOCK, *arguments)
    run.folder = folder
    run("apply")
    return run


def test_what_is_pushed_is_served_and_trained_on(money):
    out = money("push", "rates_push", money.folder / "today.csv").out
    assert "1 row pushed to rates_push" in out
    assert "served by rates" in out
    assert "1.08" in money("get", "rates:rate", "currency=EUR").out
    spine = money.folder / "spine.csv"
    spine.write_text("currency,event_timestamp\nEUR,2024-05-01T12:30:00Z\nEUR,2024-05-01T11:59:30Z\n")
    made = money.folder / "made.csv"
    money("training-set", "-f", "rates:rate", "-s", spine, "-o", made)
    assert [line.split(",")[-1] for line in made.read_text().splitlines()] == ['"rate"', "1.08", ""]


def test_a_key_makes_a_repeated_push_one(money):
    push = ("push", "rates_push", money.folder / "today.csv", "--idempotency-key", "today")
    first, again = money.json(*push), money.json(*push)
    assert (first["rows"], first["repeated"], first["views"]) == (1, False, ["rates"])
    assert again["repeated"]
    assert again["created"] == first["created"]


def test_what_is_sealed_is_served_and_trained_on(money):
    assert "nothing to seal" in money("seal").out
    money("push", "rates_push", money.folder / "today.csv")
    assert "1 row of 1 push sealed into 1 segment" in money("seal").out
    assert money.json("seal")["records"] == 0
    assert "1.08" in money("get", "rates:rate", "currency=EUR").out
    checks = {check["check"]: check for check in money.json("doctor")["checks"]}
    assert "1 sealed segment of" in checks["log of pushes"]["detail"]
    spine = money.folder / "spine.csv"
    spine.write_text("currency,event_timestamp\nEUR,2024-05-01T12:30:00Z\n")
    made = money.folder / "made.csv"
    money("training-set", "-f", "rates:rate", "-s", spine, "-o", made)
    assert made.read_text().splitlines()[1].endswith(",1.08")


def test_segments_that_are_merged_give_the_same(money):
    spine = money.folder / "spine.csv"
    spine.write_text("currency,event_timestamp\nEUR,2024-05-01T12:30:00Z\n")
    made = [money.folder / "before.csv", money.folder / "after.csv"]
    for _ in range(3):
        money("push", "rates_push", money.folder / "today.csv")
        assert "merged" not in money("seal").out
    money("training-set", "-f", "rates:rate", "-s", spine, "-o", made[0])
    assert "nothing to seal\n3 segments merged into 1" in money("seal", "--merge").out
    sealed = money.json("seal", "--merge")
    assert (sealed["merged"], sealed["merged_into"]) == (0, 0)
    money("training-set", "-f", "rates:rate", "-s", spine, "-o", made[1])
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("currency,rate\nEUR,1\n", "column `at` is missing"),
        ("currency,rates,at\nEUR,1,2024-05-01T11:59:00Z\n", "did you mean `rate`"),
        ("currency,rate,at\nEUR,1,\n", "at"),
        ("currency,rate,at\nEUR,1,2099-05-01T11:59:00Z\n", "max_future"),
    ],
)
def test_bad_rows_are_refused_and_nothing_is_taken(money, text, words):
    (money.folder / "bad.csv").write_text(text)
    refused = money("push", "rates_push", money.folder / "bad.csv", code=3)
    assert words in refused.err
    assert "1.08" not in money("get", "rates:rate", "currency=EUR").out


def test_a_mistaken_source_is_told_with_the_nearest(money):
    refused = money("push", "rate_push", money.folder / "today.csv", code=3)
    assert "did you mean `rates_push`" in refused.err


def test_rows_are_json_on_standard_input(money):
    rows = '{"currency": "EUR", "rate": 1.5, "at": "2024-05-01T11:59:00Z"}\n'
    for text in (rows, f"[{rows}]", rows + rows.replace("EUR", "USD").replace("1.5", "2.5")):
        assert "pushed to rates_push" in money("push", "rates_push", "-", stdin=text).out
    assert "1.5" in money("get", "rates:rate", "currency=EUR").out
    assert "2.5" in money("get", "rates:rate", "currency=USD").out
    (money.folder / "rows.json").write_text(
        '{"currency": ["EUR"], "rate": [3.5], "at": ["2024-05-01T11:59:30Z"]}'
    )
    money("push", "rates_push", money.folder / "rows.json")
    assert "3.5" in money("get", "rates:rate", "currency=EUR").out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "column `"),
        ("nothing", "row 0 is no JSON"),
        ('{"currency": "EUR"}\n[1]', "row 1 is no object"),
        ('[{"currency": "EUR"}, 1]', "row 1 is no object"),
        ('{"currency": "EUR", "rates": 1}', "did you mean"),
        ('{"currency": "EUR", "rate": "much", "at": "2024-05-01T11:59:00Z"}', "rate"),
        ('{"currency": "EUR"}\n{"currency": "E', "row 1"),
    ],
)
def test_bad_json_is_told(money, text, words):
    refused = money("push", "rates_push", "-", stdin=text, code=3)
    assert words in refused.err
    assert "standard input" in refused.err or "rates_push" in refused.err


def test_a_delete_is_pushed(money):
    money("push", "rates_push", money.folder / "today.csv")
    (money.folder / "gone.csv").write_text("currency,at\nEUR,2024-05-01T11:59:30Z\n")
    assert "1 row of deletes pushed" in money("push", "rates_push", money.folder / "gone.csv", "--delete").out
    assert "1.08" not in money("get", "rates:rate", "currency=EUR").out


def test_bad_rows_are_set_apart_looked_at_corrected_and_pushed_again(money):
    (money.folder / "bad.csv").write_text(
        "currency,rate,at\nEUR,1.5,2024-05-01T11:59:00Z\nUSD,2.5,\n"
    )
    push = ("push", "rates_push", money.folder / "bad.csv", "--on-error", "quarantine")
    found = money.json(*push)
    assert (found["rows"], found["quarantined"]) == (1, 1)
    name = found["quarantine"]
    assert name in money("quarantine").out
    shown = money("quarantine", name).out
    assert "row 1 of the push" in shown
    assert "USD" in shown
    corrected = money.folder / "corrected.csv"
    money("quarantine", name, "-o", corrected)
    corrected.write_text(corrected.read_text().rstrip().rstrip(",") + ",2024-05-01T11:59:00Z\n")
    assert "1 row pushed again" in money("quarantine", name, "--rows", corrected).out
    assert "2.5" in money("get", "rates:rate", "currency=USD").out
    assert "nothing is in quarantine" in money("quarantine").out
    assert money("quarantine", name, "--drop", code=3).err
