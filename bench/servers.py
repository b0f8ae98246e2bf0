"""Starts the servers of the online workload, waits until they answer, and ends them."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from measure import DATA, ROOT, Failed, prepare

FEAST = DATA / "feast" / "bin"


def pinned(core, command):
    """The command on one core, where there are several: servers and the asker share none."""
    if (os.cpu_count() or 1) < 2 or not shutil.which("taskset"):
        return list(command)
    return ["taskset", "--cpu-list", str(core), *command]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(name, command, ready, environment=None, cwd=ROOT, seconds=120):
    """A server that runs while the `with` lasts. `ready` says whether it answers."""
    log = DATA / "logs" / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen([str(part) for part in pinned(0, command)], cwd=cwd, stdout=out,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env=os.environ | (environment or {}))
    try:
        end = time.monotonic() + seconds
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                raise Failed(f"{name} does not answer:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def coeval(folder):
    """`coeval serve` over the files of `folder`; gives its port."""
    repository = folder / "repository"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / "online", repository)
    for step in ("apply", "materialize-incremental now"):
        prepare(["coeval", "-C", repository, *step.split()], DATA / "logs" / "coeval-online.log")
    port = free_port()
    with running("coeval-serve", ["coeval", "-C", repository, "serve", "--port", port],
                 lambda: answers(f"http://127.0.0.1:{port}/ready")):
        yield port


def feast_is_here():
    return (FEAST / "feast").exists() and shutil.which("redis-server")


@contextlib.contextmanager
def feast_store(folder):
    """Feast's repository over Redis, filled with the same files; gives its folder and environment."""
    redis = free_port()
    repository = folder / "feast"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "contenders" / "feast_online", repository)
    settings = repository / "feature_store.yaml"
    settings.write_text(settings.read_text().replace("REDIS", str(redis)))
    environment = {"COEVAL_BENCH_FACTS": str(folder / "facts.parquet"), "FEAST_USAGE": "False",
                   "PYTHONPATH": "", "PATH": f"{FEAST}:{os.environ['PATH']}"}
    with running("redis", ["redis-server", "--port", redis, "--bind", "127.0.0.1", "--save", "",
                           "--appendonly", "no"], lambda: listens(redis)):
        for step in (["apply"], ["materialize", "2024-01-01T00:00:00", "2024-12-31T00:00:00"]):
            log = DATA / "logs" / f"feast-{step[0]}.log"
            with log.open("wb") as out:
                done = subprocess.run([FEAST / "feast", *step], cwd=repository, stdout=out,
                                      stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                      env=os.environ | environment, check=False)
            if done.returncode != 0:
                raise Failed(f"feast {step[0]}:\n{log.read_text(errors='replace')[-2000:]}")
        yield repository, environment


@contextlib.contextmanager
def feast(folder):
    """Feast's Python feature server over Redis and the same files; gives its port."""
    port = free_port()
    with feast_store(folder) as (repository, environment), running(
            "feast-serve",
            [FEAST / "feast", "serve", "--host", "127.0.0.1", "--port", port, "--no-access-log",
             "--workers", "1", "--max-requests", "100000000"],
            lambda: answers(f"http://127.0.0.1:{port}/health"), environment, repository):
        yield port
