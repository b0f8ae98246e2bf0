"""What tests of the program share: `coeval` as a process, and a repository to ask."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from built import program  # noqa: E402

PATIENCE = 120  # seconds until a command counts as hung


class Outcome:
    """What a command said, and how it ended."""

    def __init__(self, done: subprocess.CompletedProcess):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)


class Coeval:
    """Runs `coeval` in a folder."""

    def __init__(self, folder: Path, **variables: str):
        self.folder = folder
        self.variables = variables

    @staticmethod
    def program() -> str:
        return program()

    def __call__(
        self, *arguments: str, code: int | None = 0, stdin: str | None = None, **variables: str
    ) -> Outcome:
        done = subprocess.run(
            [program(), *map(str, arguments)],
            cwd=self.folder,
            env=os.environ | {"NO_COLOR": "1"} | self.variables | variables,
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        outcome = Outcome(done)
        assert code is None or outcome.code == code, f"exit {outcome.code}\n{outcome.out}\n{outcome.err}"
        assert "Traceback" not in outcome.err and "terminate called" not in outcome.err
        return outcome

    def json(self, *arguments: str, code: int = 0, **variables: str):
        return self(*arguments, "--json", code=code, **variables).json


class Server:
    """`coeval serve` on a free port; a context that ends it by SIGTERM."""

    def __init__(self, folder: Path, *arguments: str):
        self.process = subprocess.Popen(
            [program(), "serve", "--port", "0", *arguments],
            cwd=folder,
            env=os.environ | {"NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = self.process.stderr.readline()
        found = re.fullmatch(r"listening on http://(?:127\.0\.0\.1|localhost):(\d+)\n", first)
        if found is None:
            self.process.kill()
            pytest.fail(f"coeval serve said: {first}{self.process.stderr.read()}")
        self.port = int(found.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def stop(self, by=signal.SIGTERM) -> str:
        """What it said on standard error after its first line."""
        self.process.send_signal(by)
        _, err = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, err
        return err

    def ask(self, method: str, path: str, body: str | bytes | None = None):
        """(status, text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def post(self, path: str, body):
        return self.ask("POST", path, body if isinstance(body, (str, bytes)) else json.dumps(body))

    def error(self, path: str, body, status: int) -> str:
        """The message of a refusal in Feast's form."""
        answered, text = self.post(path, body)
        assert answered == status, text
        return json.loads(json.loads(text))["message"]


@pytest.fixture
def coeval(tmp_path) -> Coeval:
    """The command, in an empty folder."""
    return Coeval(tmp_path)


@pytest.fixture(scope="session")
def _filled_shop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    run = Coeval(folder)
    run("init", "shop")
    run = Coeval(folder / "shop")
    run("apply")
    run("materialize-incremental", "now")
    return folder / "shop"


@pytest.fixture
def shop(_filled_shop, tmp_path) -> Coeval:
    """The command, in a copy of what `coeval init` writes, applied and materialized."""
    shutil.copytree(_filled_shop, tmp_path / "shop")
    return Coeval(tmp_path / "shop")


@pytest.fixture(scope="session")
def shop_server(_filled_shop, tmp_path_factory) -> Server:
    """A server of such a repository, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("served") / "shop"
    shutil.copytree(_filled_shop, folder)
    with Server(folder) as server:
        yield server


@pytest.fixture
def serve():
    """Starts servers that the end of the test stops."""
    started = []

    def start(folder: Path, *arguments: str) -> Server:
        started.append(Server(folder, *arguments))
        return started[-1]

    yield start
    for server in started:
        server.__exit__()
