"""Forked children of processes that have a store."""

import json
import os
import subprocess
import sys

import coeval
import pytest
from push_test import Money

PATIENCE = 120


@pytest.fixture
def money(tmp_path):
    opened = Money(tmp_path / "money")
    opened.store.close()
    return opened


def test_a_child_of_a_fork_asks_its_parent(money):
    money.open()
    assert money.push("EUR", 1.5).rows == 1
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told = "nothing"
        try:
            told = json.dumps([money.rate("EUR"), money.push("USD", 2.5).rows])
        except BaseException as error:
            told = repr(error)
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "[1.5, 1]"
    os.waitpid(child, 0)
    assert money.rate("USD") == 2.5
    money.store.close()


def test_a_child_of_a_process_that_had_a_store_owns_none(money):
    """It has no threads that merge files: it says so, and does not grow slow in silence."""
    money.open()
    money.push("EUR", 1.5)
    money.store.close()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told = "nothing"
        try:
            money.open()
            told = str(money.rate())
        except coeval.FailedPrecondition as error:
            told = str(error)
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert "spawn" in pipe.read()
    os.waitpid(child, 0)


FORKS = """
import os, signal, sys, threading
import coeval

folder = sys.argv[1]
store = coeval.FeatureStore(folder, clock="@" + folder + "/clock")

def rate(store):
    return store.get_online_features(["rates:rate"], [{"currency": "EUR"}]).to_dict()["rate"][0]

ended = threading.Event()

def reach():
    while not ended.is_set():
        opened = coeval.FeatureStore(folder, clock="@" + folder + "/clock")
        stores[0] = opened
        rate(opened)
        opened.close()

rate(store)  # this process owns it; the others below reach it
stores = [store]
thread = threading.Thread(target=reach)
thread.start()
for _ in range(20):
    held = stores[0]
    child = os.fork()
    if child == 0:
        ok = False
        try:
            ok = rate(coeval.FeatureStore(folder, clock="@" + folder + "/clock")) == 1.5
            try:
                ok = ok and rate(held) == 1.5
            except coeval.FailedPrecondition:
                pass  # it was closed
        finally:
            os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
ended.set()
thread.join()
print("done")
"""


def test_a_fork_while_other_threads_reach_the_owner_hangs_no_child(money):
    money.open()
    money.push("EUR", 1.5)
    money.store.close()
    done = subprocess.run(
        [sys.executable, "-c", FORKS, str(money.folder)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout == "done\n", done.stderr
