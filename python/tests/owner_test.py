"""Several processes on one repository: one owns the online store, the others reach it."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import coeval
import pytest
from coeval import FeatureStore
from push_test import MINUTE, NOON, Money, definitions
from tests_support import same_values

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from built import program  # noqa: E402

PATIENCE = 120


class Other:
    """Another process with a store on the repository: a line of Python in, a line of JSON out."""

    PROGRAM = textwrap.dedent("""
        import json, sys
        import coeval
        store = coeval.FeatureStore(sys.argv[1], clock="@" + sys.argv[1] + "/clock")
        print("ready", flush=True)
        for line in sys.stdin:
            try:
                answer = eval(line, {"store": store, "coeval": coeval})
            except coeval.CoevalError as error:
                answer = [type(error).__name__, str(error)]
            print(json.dumps(answer, default=str), flush=True)
        store.close()
    """)

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def __call__(self, line):
        self.send(line)
        return json.loads(self.process.stdout.readline())

    def own(self):
        """Makes it the owner, by asking for something."""
        self("store.get_online_features(['rates:rate'], [{'currency': 'EUR'}]).to_dict()")

    def rate(self, code):
        asked = f"store.get_online_features(['rates:rate'], [{{'currency': '{code}'}}])"
        return self(f"{asked}.to_dict()['rate'][0]")

    def stop(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(self.process.pid, os.WUNTRACED)[1])

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0


@pytest.fixture
def money(tmp_path):
    opened = Money(tmp_path / "money")
    opened.store.close()
    return opened


@pytest.fixture
def other(money):
    process = Other(money.folder)
    yield process
    process.kill()


def push_row(code, rate, number=1):
    return (
        f"store.push('rates_push', {{'code': ['{code}'], 'rate': [{rate}], 'number': [{number}], "
        "'at': ['2024-05-01T11:59:00Z']}).rows"
    )


def test_two_processes_read_and_push_at_the_same_time(money, other):
    other.own()
    money.open()
    assert money.push("EUR", 1.5).rows == 1
    assert other.rate("EUR") == 1.5
    assert other(push_row("USD", 2.5)) == 1
    assert money.rate("USD") == 2.5
    assert other(push_row("EUR", 0.25)) == 1
    assert money.rate("EUR") == 0.25
    money.store.close()


def test_any_process_seals_and_trains_while_another_owns_the_log(money, other):
    other.own()
    money.open()
    spine = {"currency": ["EUR"], "event_timestamp": ["2024-05-01T12:30:00Z"]}

    def train():
        made = money.store.get_historical_features(spine, ["rates:rate", "rates:number"])
        return made.to_arrow(), made.manifest

    for rate in range(1, 4):
        assert money.push("EUR", float(rate)).rows == 1
        table, manifest = train()
        assert table["rate"].to_pylist() == [rate]
        sealed = money.store.seal_log() if rate < 3 else other("store.seal_log()")
        assert sealed["records"] == 1
        again = train()
        assert again[0].equals(table)
        assert again[1] == manifest
    assert list((money.folder / ".coeval" / "log" / "segments" / "rates_push").rglob("*.parquet"))
    money.store.close()


def test_the_answer_of_another_process_is_the_same(money, other):
    """Values, statuses, times and error texts."""
    other.own()
    assert other(push_row("EUR", "float('nan')")) == 1
    assert other(push_row("USD", -0.0)) == 1
    money.open()

    def ask():
        answer = money.store.get_online_features(
            ["rates:rate", "rates:number"], {"currency": ["EUR", "USD", "ZZZ", None]}
        )
        return [answer.to_dict(), answer.statuses, answer.times, answer.errors]

    there = ask()
    with pytest.raises(coeval.InvalidArgument) as wrong_there:
        money.store.push("rates_push", {"code": ["EUR"]})
    other.end()
    here = ask()
    assert same_values(there, here)
    with pytest.raises(coeval.InvalidArgument) as wrong_here:
        money.store.push("rates_push", {"code": ["EUR"]})
    assert str(wrong_there.value) == str(wrong_here.value)
    money.store.close()


def test_training_finds_what_another_process_pushed(money, other):
    other.own()
    assert other(push_row("EUR", 7.0)) == 1
    money.open()
    assert money.trained([NOON + MINUTE]) == [7.0]
    assert money.push("EUR", 8.0).rows == 1
    assert money.trained([NOON + MINUTE]) == [8.0]
    assert not other("store.close()")
    assert money.trained([NOON + MINUTE]) == [8.0]
    money.store.close()


def test_an_apply_of_another_process_is_seen(money, other):
    other.own()
    money.open()
    currency, source, rates = definitions()
    wider = coeval.FeatureView(
        name="numbers",
        entities=[currency],
        schema=[coeval.Field("number", coeval.types.Int64)],
        source=source,
    )
    money.store.apply([currency, source, rates, wider])
    assert money.push("EUR", 1.5).views == ["numbers", "rates"]
    asked = "store.get_online_features(['numbers:number'], [{'currency': 'EUR'}]).to_dict()"
    assert other(asked)["number"] == [1]
    money.store.close()


@pytest.mark.parametrize("round", range(3))
def test_an_owner_that_is_killed_under_load(money, round):
    """Nothing that was acknowledged is lost, nothing is there twice, and the client goes on."""
    money.open()
    money.store.close()
    owner = Other(money.folder)
    owner.own()
    money.open()
    acknowledged = []
    kill = threading.Timer(0.1 + 0.1 * round, owner.kill)
    kill.start()
    number = 0
    while number < 300 or owner.process.poll() is None:
        number += 1
        if money.push(f"C{number}", float(number)).rows == 1:
            acknowledged.append(number)
        if number % 10 == 0:
            assert money.rate(f"C{number}") == float(number)
    kill.join()
    for expected in acknowledged:
        assert money.rate(f"C{expected}") == float(expected)
    assert acknowledged == list(range(1, number + 1))
    # Each of them is one record of the log.
    assert json.loads(curl(money.folder, "/v1/log"))["end"] == number
    money.store.close()


def curl(folder, route, body=None):
    """What the owner says, to a program that is not ours."""
    socket = Path(folder) / ".coeval" / "online" / "owner.sock"
    command = ["curl", "--silent", "--unix-socket", str(socket), f"http://coeval{route}"]
    if body is not None:
        command += ["-d", json.dumps(body)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return done.stdout


def test_a_server_takes_the_store_over_under_load(money):
    """A notebook owns the store and pushes; `coeval serve` comes, and is killed again."""
    money.open()
    assert money.push("EUR", 1.0).rows == 1
    command = [program(), "-C", str(money.folder), "--clock", f"@{money.folder / 'clock'}"]
    number = 1
    with subprocess.Popen(
        [*command, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    ) as server:
        listening = threading.Event()
        watcher = threading.Thread(target=lambda: server.stderr.readline() and listening.set())
        watcher.start()
        while not listening.is_set() or number < 200:
            number += 1
            assert money.push("EUR", float(number)).rows == 1
            assert money.rate("EUR") == float(number)
        watcher.join()
        owner = json.loads(curl(money.folder, "/v1/health"))["process"]
        assert owner == server.pid
        server.kill()
    for _ in range(50):
        number += 1
        assert money.push("EUR", float(number)).rows == 1
    assert money.rate("EUR") == float(number)
    assert json.loads(curl(money.folder, "/v1/health"))["process"] == os.getpid()
    assert json.loads(curl(money.folder, "/v1/log"))["end"] == number
    money.store.close()


def test_an_owner_that_is_stopped_is_told_of_and_goes_on_later(money, other):
    other.own()
    settings = {"online_store.owner_timeout": "2s"}
    clock = f"@{money.folder / 'clock'}"
    with FeatureStore(money.folder, clock=clock, settings=settings) as store:
        money.store = store
        assert money.push("EUR", 1.5).rows == 1
        other.stop()
        try:
            with pytest.raises(coeval.Unavailable, match="no sign of life"):
                money.rate("EUR")
            with pytest.raises(coeval.Unavailable, match="no sign of life") as failed:
                money.push("EUR", 2.5)
        finally:
            os.kill(other.process.pid, signal.SIGCONT)
        assert money.push("EUR", 2.5, idempotency_key=failed.value.idempotency_key).rows == 1
        assert money.push("EUR", 3.5).rows == 1
        assert money.rate("EUR") == 3.5


def test_a_push_that_may_have_been_taken_tells_its_key(money, other):
    other.own()
    settings = {"online_store.owner_timeout": "2s"}
    clock = f"@{money.folder / 'clock'}"
    with FeatureStore(money.folder, clock=clock, settings=settings) as store:
        money.store = store
        assert money.rate("EUR") is None
        other.stop()
        try:
            with pytest.raises(coeval.Unavailable) as made:
                money.push("EUR", 2.5, at=NOON - MINUTE)
            with pytest.raises(coeval.Unavailable) as given:
                money.push("EUR", 3.5, at=NOON - MINUTE, idempotency_key="mine")
        finally:
            os.kill(other.process.pid, signal.SIGCONT)
        assert given.value.idempotency_key == "mine"
        key = made.value.idempotency_key
        (note,) = made.value.__notes__
        assert key
        assert f"idempotency_key={key!r}" in note
        for _ in range(2):
            pushed = money.push("EUR", 2.5, at=NOON - MINUTE, idempotency_key=key)
            assert pushed.rows == 1
        assert pushed.repeated
        money.push("EUR", 3.5, at=NOON - MINUTE, idempotency_key="mine")
        assert json.loads(curl(money.folder, "/v1/log"))["end"] == 2
        with pytest.raises(coeval.InvalidArgument) as wrong:
            store.push("rates_push", {"code": ["EUR"]})
        assert wrong.value.idempotency_key is None


@pytest.mark.parametrize("dropped", [False, True])
def test_a_store_that_nobody_closed_harms_nobody_at_exit(money, dropped):
    """Others ask it all the while. Dropped: what it made still uses it."""
    program = """
import sys, coeval
store = coeval.FeatureStore(sys.argv[1], clock="@" + sys.argv[1] + "/clock")
store.get_online_features(["rates:rate"], [{"currency": "EUR"}])
spine = {"currency": ["EUR"], "event_timestamp": ["2024-05-01T12:00:00Z"]}
made = store.get_historical_features(spine, ["rates:rate"])
if sys.argv[2] == "True":
    del store
    made.explain(0, "rate")
print("ready", flush=True)
sys.stdin.readline()
"""
    command = [sys.executable, "-c", program, str(money.folder), str(dropped)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    money.open()
    money.push("EUR", 1.5)
    ended = threading.Event()
    failed = []

    def ask():
        while not ended.is_set():
            try:
                assert money.rate("EUR") == 1.5
            except BaseException as error:
                failed.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    process.stdin.close()
    code = process.wait(PATIENCE)
    process.stdout.close()
    ended.set()
    for thread in threads:
        thread.join()
    assert code == 0
    assert failed == []
    assert money.rate("EUR") == 1.5
    money.store.close()


def test_an_owner_that_is_killed_while_it_is_stopped(money, other):
    other.own()
    assert other(push_row("EUR", 1.5)) == 1
    money.open()
    assert money.rate("EUR") == 1.5
    other.stop()
    other.kill()
    assert money.rate("EUR") == 1.5
    money.store.close()


def test_another_user_is_kept_away(money, other):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    other.own()
    online = money.folder / ".coeval" / "online"
    socket = online / "owner.sock"
    assert online.stat().st_mode & 0o777 == 0o700
    assert socket.stat().st_mode & 0o777 == 0o600
    program = f"""
import os, socket
os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
try:
    s.connect({str(socket)!r})
    s.sendall(b"GET /v1/health HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print(s.recv(100).decode().splitlines()[0])
except PermissionError:
    print("no permission")
"""

    def try_it():
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        return done.stdout.strip() or done.stderr

    assert try_it() == "no permission"
    # Whoever opens the doors all the same still meets one.
    for folder in [online, *online.parents]:
        if folder == Path("/tmp"):
            break
        folder.chmod(0o777)
    socket.chmod(0o666)
    assert try_it() == "HTTP/1.1 403 Forbidden"
