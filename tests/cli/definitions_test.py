"""plan, apply, promote, rollback, delete, list, describe, runs, doctor."""

import fcntl
import json
import os
import pty
import re
import sqlite3
import struct
import subprocess
import termios


def change(shop, before: str, after: str) -> None:
    path = shop.folder / "definitions.py"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def change_of(report: dict, name: str) -> dict:
    return next(each for each in report["changes"] if each["name"] == name)


def test_plan_changes_nothing_and_tells_ci(coeval):
    coeval("init", "shop")
    shop = type(coeval)(coeval.folder / "shop")
    for _ in range(2):
        text = shop("plan").out
        assert "customer_history" in text and "purchase_v1" in text
    assert shop("plan", "--exit-code", code=1).out == text
    shop("apply")
    assert shop.json("plan", "--exit-code")["empty"] is True


def test_a_changed_definition_is_explained_and_serves_when_promoted(shop):
    change(shop, '"price * quantity"', '"price * quantity * 2"')
    report = shop.json("plan")
    assert report["empty"] is False
    assert any("total" in line for line in change_of(report, "offer_value")["differences"])
    text = shop("plan").out
    assert "offer_value" in text and "total" in text

    def total() -> float:
        question = ["get", "offer_value:total", "product=tea", "quantity=2"]
        return shop.json(*question)["features"][0]["value"]

    before = total()
    shop("apply")
    assert total() == before, "apply never moves serving"
    shop("promote", "offer_value")
    assert total() == 2 * before
    shop("rollback", "offer_value")
    assert total() == before
    shop("promote", "offer_value@v2")
    assert total() == 2 * before


def test_apply_promote(shop):
    question = ["get", "offer_value:total", "product=tea", "quantity=2"]
    before = shop.json(*question)["features"][0]["value"]
    change(shop, '"price * quantity"', '"price * quantity * 3"')
    shop("apply", "--promote")
    assert shop.json(*question)["features"][0]["value"] == 3 * before


def test_what_is_used_is_not_deleted(shop):
    outcome = shop("delete", "product_price", code=3)
    assert "purchase_v1" in outcome.err and "offer_value" in outcome.err
    assert "product_price" in shop("list", "--names").out
    shop("delete", "purchase_v1")
    assert "purchase_v1" not in shop("list", "--names").out


def test_a_plan_that_apply_would_refuse_is_a_no(shop):
    shop("get", "purchase_v1", "customer_id=7", "product=tea", "quantity=2")  # it is served
    definitions = shop.folder / "definitions.py"
    text = definitions.read_text()
    head, tail = text.split("offer_value = OnDemandFeatureView(", 1)
    tail = tail.split("\n)\n", 1)[1].replace(", offer_value]", "]")
    definitions.write_text(head + tail)
    outcome = shop("plan", code=1)
    assert "REFUSED, nothing will be changed" in outcome.out and "apply with --promote" in outcome.out
    assert "purchase_v1" in shop("apply", code=3).err
    shop("plan", "--promote")


def test_misspelt_names_have_a_suggestion(shop):
    for command in ("describe", "promote", "rollback", "delete"):
        outcome = shop(command, "customer_histroy", code=3)
        assert 'did you mean "customer_history"?' in outcome.err, command


def test_list_and_describe(shop):
    everything = shop.json("list")
    assert [each["name"] for each in everything["feature_services"]] == ["purchase_v1"]
    assert "features" not in everything
    views = shop.json("list", "feature-views")
    assert {each["name"] for each in views} == {"customer_history", "product_price"}
    assert shop.json("list", "views") == views
    assert "spent" in shop("list", "features").out
    unknown = shop("list", "feature_vews", code=3)
    assert 'did you mean "feature_views"?' in unknown.err
    record = shop.json("describe", "customer_history")
    assert record["name"] == "customer_history"
    text = shop("describe", "customer_history").out
    for words in ("customer_id", "customers_file", "14d", "spent"):
        assert words in text + json.dumps(record), words


def test_describe_shows_windows_as_people_write_them(shop):
    path = shop.folder / "definitions.py"
    path.write_text(path.read_text() + """
from coeval import Aggregation
spending = FeatureView(name="spending", entities=[customer], source=customers_file, aggregations=[
    Aggregation(column="spent", function="sum", name="week", time_window=timedelta(days=7),
                slide_interval=timedelta(hours=1), offset=timedelta(minutes=5))])
""")
    shop("apply")
    record = shop.json("describe", "spending")
    (window,) = record["aggregations"]
    assert (window["time_window"], window["slide_interval"], window["offset"]) == ("7d", "1h", "5m")
    assert "7d" in shop("describe", "spending").out


def test_describe_a_version(shop):
    replace = ("timedelta(days=2)", "timedelta(days=3)")
    definitions = shop.folder / "definitions.py"
    definitions.write_text(definitions.read_text().replace(*replace))
    shop("apply")
    ttls = {}
    for name in ("product_price", "product_price@v1", "product_price@v2", "feature_view:product_price@v2"):
        record = shop.json("describe", name)
        ttls[name] = (record["version"], record["ttl"])
    assert list(ttls.values()) == [(1, "2d"), (1, "2d"), (2, "3d"), (2, "3d")]
    assert shop.json("describe", "purchase_v1@v1")["version"] == 1
    assert "no version 7; the newest is 2" in shop("describe", "product_price@v7", code=3).err
    assert "has no versions" in shop("describe", "customer@v1", code=3).err
    assert 'did you mean "product_price"?' in shop("describe", "product_prize@v1", code=3).err


def test_a_run_that_was_killed_is_shown_as_interrupted(shop):
    last = shop.json("runs")[0]["id"]
    with sqlite3.connect(shop.folder / ".coeval" / "registry.db") as registry:
        registry.execute("UPDATE runs SET status = 'running', finished_at = NULL WHERE id = ?", (last,))
    assert {run["id"]: run["status"] for run in shop.json("runs")}[last] == "interrupted"


def test_a_run_is_running_while_the_store_has_an_owner(shop, serve):
    serve(shop.folder)
    last = shop.json("runs")[0]["id"]
    with sqlite3.connect(shop.folder / ".coeval" / "registry.db") as registry:
        registry.execute("UPDATE runs SET status = 'running', finished_at = NULL WHERE id = ?", (last,))
    assert {run["id"]: run["status"] for run in shop.json("runs")}[last] == "running"


def test_runs_history_and_training_sets(shop):
    runs = shop.json("runs")
    assert {run["status"] for run in runs} == {"finished"} or all("status" in r for r in runs)
    assert len(runs) >= 2
    assert len(shop.json("runs", "--limit", "1")) == 1
    assert "customer_history" in shop("runs").out
    assert shop.json("runs", "--applied")
    assert shop.json("runs", "--training-sets") == []
    assert shop("runs", "--training-sets").out == "there is none yet\n"
    shop("training-set", "purchase_v1", "-s", "data/spine.parquet", "-o", "t.parquet")
    sets = shop.json("runs", "--training-sets")
    assert len(sets) == 1 and sets[0]["row_count"] == 1000
    shop("runs", "--applied", "--training-sets", code=2)


def test_doctor(shop):
    report = shop.json("doctor")
    assert report["ok"] is True and all(check["ok"] for check in report["checks"])
    assert shop("doctor").out.endswith("everything is in order\n")
    (shop.folder / "data" / "prices.parquet").unlink()
    text = shop("doctor", code=1).out
    assert "WRONG" in text and "prices" in text
    assert text.endswith("something is wrong\n")


def test_doctor_looks_at_sources_before_the_first_apply(coeval):
    coeval("init", "shop")
    shop = type(coeval)(coeval.folder / "shop")
    text = shop("doctor").out
    assert "source prices_file: 1 file" in text and "not applied yet" in text
    (shop.folder / "coeval.yaml").write_text(
        (shop.folder / "coeval.yaml").read_text().replace("data: data", "data: nowhere")
    )
    text = shop("doctor", code=1).out
    assert "WRONG" in text and "prices_file" in text and "nowhere" in text
    (shop.folder / "definitions.py").write_text("def broken(:\n")
    assert "definitions.py:1" in shop("doctor", code=1).out


def test_doctor_outside_a_repository(coeval):
    report = coeval.json("doctor", code=1)
    assert report["ok"] is False
    assert "coeval.yaml" in report["checks"][0]["detail"]


def on_terminal(shop, columns: int, *arguments: str) -> list[str]:
    """The lines that a command shows on a terminal of that width, without their colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [shop.program(), *arguments], cwd=shop.folder, stdin=theirs, stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"},
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:  # how a terminal says that its program is gone
            pass
    os.close(ours)
    assert process.returncode == 0 and b"\x1b[1m" in shown
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()


def test_tables_fit_a_terminal_and_keep_their_names(shop):
    for arguments in (["list"], ["runs"]):
        for columns in (60, 80, 200):
            lines = on_terminal(shop, columns, *arguments)
            assert max(map(len, lines)) <= max(columns, 70), lines
            text = "\n".join(lines)
            assert "customer_history" in text and "product_price" in text
            assert ("…" in text or "more column" in text) == (columns < 200 or "more" in text)


def test_nothing_is_coloured_in_a_pipe(shop):
    for command in (["list"], ["plan"], ["doctor"], ["describe", "customer_history"], ["--help"]):
        outcome = shop(*command, NO_COLOR="")
        assert not re.search("\x1b", outcome.out + outcome.err), command


def test_what_is_kept_is_its_owners_alone(shop):
    shop("materialize-incremental", "now")
    assert (shop.folder / ".coeval").stat().st_mode & 0o777 == 0o700
    assert (shop.folder / ".coeval" / "online").stat().st_mode & 0o777 == 0o700
