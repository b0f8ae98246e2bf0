"""Runs programs and says what they took: seconds, processor seconds, peak memory.

Every measured thing is a process of its own. This module and whoever calls it import nothing big:
the peak that the system reports for a child begins at the parent's own size when it was forked.
"""

import os
import platform
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "build" / "bench"
PYTHON = os.environ.get("COEVAL_PYTHON", "python3")


@dataclass
class Taken:
    """One run of one program."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


class Failed(Exception):
    """A program ended with an error; the text holds the end of what it wrote."""


def run_once(command, log, cwd=ROOT, environment=None):
    """Runs a program to its end; its words go into the file `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        start = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=out,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env=os.environ | (environment or {}))
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        words = log.read_text(errors="replace")[-2000:]
        raise Failed(f"{Path(str(command[0])).name} ended with {process.returncode}:\n{words}")
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median(runs):
    """The median of each figure."""
    return Taken(*(statistics.median(getattr(run, name) for run in runs)
                   for name in ("seconds", "cpu_seconds", "peak_bytes")))


def prepare(command, log):
    """What must be there before measuring: not measured itself."""
    return run_once(command, log)


def machine():
    """The machine in one line."""
    model = memory = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) / 2**20:.0f} GiB"
    return f"{os.cpu_count()} x {model}, {memory}, Linux {platform.release()}"


def commit():
    """The commit that is measured, and whether the tree differs from it."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True,
                              check=False).stdout.strip()
    # What is measured is src, python, bench and cmake; a changed document changes no figure.
    dirty = git("status", "--porcelain", "-uno", "--", "src", "python", "bench/*.py",
                "bench/*.cc", "bench/contenders", "bench/repositories", "cmake")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + (" with changes" if dirty else "")


def busy():
    """What other programs take of the processors, from 0 to 1, looked at for a second."""
    def idle_and_all():
        figures = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
        return figures[3] + figures[4], sum(figures)
    idle, total = idle_and_all()
    time.sleep(1)
    idle_then, total_then = idle_and_all()
    return 1 - (idle_then - idle) / max(1, total_then - total)
