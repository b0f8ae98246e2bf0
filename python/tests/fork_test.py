"""Forked children of processes that have a store."""

import json
import os

import coeval
import pytest
from push_test import Money


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
