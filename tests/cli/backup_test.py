"""`coeval backup`, `verify` and `restore`: what was pushed and applied comes back."""

import json
import random
import signal
import subprocess
import time

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

    def run(*arguments, **options):
        return coeval("-C", folder, *CLOCK, *arguments, **options)

    def push(rate):
        rows = folder / "rows.csv"
        rows.write_text(f"currency,rate,at\nEUR,{rate},2024-05-01T11:59:00Z\n")
        run("push", "rates_push", rows)

    run.json = lambda *arguments: coeval.json("-C", folder, *CLOCK, *arguments)
    run.folder = folder
    run.backup = tmp_path / "backup"
    run.push = push
    run.program = coeval.program()
    run("apply")
    push(1.08)
    return run


def test_a_lost_store_comes_back(money):
    assert "backed up to" in money("backup", money.backup).out
    assert "it is sound" in money("verify", money.backup).out
    assert money.json("verify", money.backup)["problems"] == []
    money.push(2.5)
    (money.folder / ".coeval").rename(money.folder / "old")
    out = money("restore", money.backup).out
    assert "restored" in out
    assert "removed" not in out
    assert "1.08" in money("get", "rates:rate", "currency=EUR").out
    money.push(3.5)
    assert "3.5" in money("get", "rates:rate", "currency=EUR").out


def test_a_store_gives_way_where_that_is_asked_for(money):
    money("backup", money.backup)
    money.push(2.5)
    refused = money("restore", money.backup, code=3)
    assert "--replace" in refused.err
    assert "2.5" in money("get", "rates:rate", "currency=EUR").out
    assert "can be removed" in money("restore", money.backup, "--replace").out
    assert "1.08" in money("get", "rates:rate", "currency=EUR").out


def test_a_damaged_backup_is_told(money):
    money("backup", money.backup)
    registry = money.backup / "registry.db"
    registry.write_bytes(registry.read_bytes()[:-1])
    assert "registry.db" in money("verify", money.backup, code=4).err
    assert "registry.db" in money("restore", money.backup, "--replace", code=4).err
    (money.backup / "backup.json").unlink()
    assert "holds no whole backup" in money("verify", money.backup, code=3).err


def test_what_may_be_other_projects_is_not_said_to_be_removable(money):
    (money.folder / "coeval.yaml").write_text("project: money\nregistry: shared/registry.db\n")
    money("apply")
    money.push(1.5)
    money("backup", money.backup)
    out = money("restore", money.backup, "--replace").out
    removable, shared = out.split("outside of the state folder")
    assert "can be removed" in removable
    assert "registry.db" not in removable
    assert "counts no more for this project" in shared
    assert "shared/registry.db" in shared
    assert "1.5" in money("get", "rates:rate", "currency=EUR").out


LONG = 60.0  # seconds, by which any of these commands has ended


def moments(whole, seed):
    """When to kill 14 runs that take `whole` seconds: one at once, so that it is certain to be
    killed, one so late that it has ended, and the others anywhere between."""
    chosen = random.Random(seed)
    return [0.0, *(chosen.uniform(0.05, 1.1) * whole for _ in range(12)), LONG]


def ends_before(money, after, *arguments):
    """Runs a command and kills it after so many seconds. Did it come to its end?"""
    command = [money.program, "-C", money.folder, *CLOCK, *arguments]
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        code = process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    assert code in (0, -signal.SIGKILL)  # none fails by itself
    return code == 0


def seconds(run, *arguments):
    began = time.monotonic()
    run(*arguments)
    return time.monotonic() - began


def test_a_backup_that_is_killed_is_whole_or_none(money):
    whole = seconds(money, "backup", money.backup)
    seed = random.randrange(2**32)
    found = {True: 0, False: 0}
    kills = 0
    for i, after in enumerate(moments(whole, seed)):
        folder = money.backup.with_name(f"backup {i}")
        ended = ends_before(money, after, "backup", folder)
        kills += not ended
        is_backup = (folder / "backup.json").exists()
        assert is_backup or not ended, f"seed {seed}"
        found[is_backup] += 1
        if is_backup:
            assert money.json("verify", folder)["problems"] == [], f"seed {seed}"
        else:
            assert "holds no whole backup" in money("restore", folder, "--replace", code=3).err
        assert "1.08" in money("get", "rates:rate", "currency=EUR").out
    assert kills >= 1, f"seed {seed}"
    assert found[True] >= 1 and found[False] >= 1, f"seed {seed}: {found}"
    print(f"seed {seed}: {found}, {kills} killed")


def test_a_restore_that_is_killed_is_whole_or_none(money):
    money("backup", money.backup)
    whole = seconds(money, "restore", money.backup, "--replace")
    seed = random.randrange(2**32)
    epoch = money.folder / ".coeval" / "EPOCH"
    found = {True: 0, False: 0}
    kills = 0
    for after in moments(whole, seed):
        money.push(2.5)
        before = json.loads(epoch.read_text())["epoch"]
        ended = ends_before(money, after, "restore", money.backup, "--replace")
        kills += not ended
        restored = json.loads(epoch.read_text())["epoch"] != before
        assert restored or not ended, f"seed {seed}"
        found[restored] += 1
        served = money("get", "rates:rate", "currency=EUR").out
        assert ("1.08" if restored else "2.5") in served, f"seed {seed}"
    money("restore", money.backup, "--replace")
    assert not (epoch.parent / "RESTORING").exists()
    assert kills >= 1, f"seed {seed}"
    assert found[True] >= 1 and found[False] >= 1, f"seed {seed}: {found}"
    counted = 1 + found[True] + 1  # what gave way stays, what was not finished does not
    assert len(list(epoch.parent.glob("epoch-*"))) == counted, f"seed {seed}: {found}"
    print(f"seed {seed}: {found}, {kills} killed")
