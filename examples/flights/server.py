"""`coeval serve` as a child process on a free port of this machine, and the requests sent to it."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from progress import DemoError

READY_SECONDS = 60
DRAIN_SECONDS = 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(micros: int) -> str:
    """1357034400000000 -> 2013-01-01T10:00:00Z. Whole seconds only."""
    return (EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%SZ")


def micros_of(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def coeval_command() -> str:
    found = shutil.which("coeval")
    if found is None:
        raise DemoError(
            "the command `coeval` is not on the PATH; install coeval, or run `make demo`"
        )
    return found


class ClockFile:
    """The file that `serve --clock @FILE` reads at each request: what time it is for the server."""

    def __init__(self, path: Path):
        self.path = path

    def set(self, micros: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.path.with_suffix(".new")
        scratch.write_text(iso(micros) + "\n")
        os.replace(scratch, self.path)  # a reader sees the old time or the new one, nothing between


class Server:
    """One server of `repository`, in an environment of its coeval.yaml, "" for none.

    Use it as a context: leaving it stops the process.
    Its words go to `log`. One thread may use it at a time.
    """

    def __init__(self, repository: Path, clock: ClockFile, log: Path, environment: str = ""):
        self.repository, self.clock, self.log = repository, clock, log
        self.environment = environment
        self.process: subprocess.Popen | None = None
        self.connection: http.client.HTTPConnection | None = None
        self.port = 0

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            self.stop()
        elif self.process is not None:
            self.process.kill()
            self.process.wait()

    def start(self) -> None:
        command = [coeval_command(), "-C", str(self.repository), "serve"]
        command += ["--port", "0", "--clock", f"@{self.clock.path}"]
        if self.environment:
            command += ["--env", self.environment]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            said = log.tell()
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self.wait_until_ready(said)
        except DemoError:
            self.process.kill()
            self.process.wait()
            raise
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)

    def wait_until_ready(self, said: int) -> None:
        """`said`: how long the log was before this process. It tells there which port it took."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise DemoError(
                    f"`coeval serve` ended with {self.process.returncode}:\n{self.last_words()}"
                )
            told = re.search(rb"listening on http://[^\n]*:(\d+)\n", self.log.read_bytes()[said:])
            if told is not None:
                self.port = int(told[1])
                if self.is_ready():
                    return
            time.sleep(0.02)
        raise DemoError(
            f"`coeval serve` was not ready after {READY_SECONDS} s:\n{self.last_words()}"
        )

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """SIGTERM: what was asked is answered, what was acknowledged is on disk."""
        if self.connection is not None:
            self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=DRAIN_SECONDS)
        if code != 0:
            raise DemoError(f"`coeval serve` ended with {code} at SIGTERM:\n{self.last_words()}")

    def restart(self) -> None:
        self.stop()
        self.start()

    def get(self, path: str) -> str:
        return self.ask("GET", path, None)

    def post(self, path: str, body: object):
        return json.loads(self.ask("POST", path, json.dumps(body)), parse_int=integer)

    def ask(self, method: str, path: str, body: str | None) -> str:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"{method} {path}: {error!r}\n{self.last_words()}") from error
        if response.status != 200:
            raise DemoError(f"{method} {path} answered {response.status}: {text[:2000]}")
        return text

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-15:]) or "(it said nothing)"


def integer(text: str) -> int | float:
    """An integer of JSON; -0 is a float's, and Python's int would lose its sign."""
    return -0.0 if text == "-0" else int(text)
