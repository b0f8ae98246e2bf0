"""1 row x 50 features over HTTP: POST /get-online-features, as O1 has it with five views.

The server on one core, the asker (http_load.cc) on another. Every server is first asked for 20
entities, and what it says is compared with the data. Rounds of different servers do not overlap.
"""

import json
import os
import shutil
import statistics
import subprocess
import urllib.request
from pathlib import Path

import servers
from measure import DATA, PYTHON, ROOT, Failed, prepare
from results import Section

SIZES = {"full": (10_000, 8), "small": (500, 1)}  # entities, seconds of each load

# What is asked of each server: connections, and requests per second (0: as many as go).
LOADS = {
    "1 connection": (1, 0),
    "16 connections": (16, 0),
    "50 requests/s": (4, 50),
}
CONTENDERS = {"Coeval": servers.coeval, "Feast": servers.feast}


def make_data(size, entities=None):
    generator = ROOT / "bench" / "make_online.py"
    folder = DATA / "online-read" / size
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_text() != generator.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        prepare([PYTHON, generator, folder, entities or SIZES[size][0]], DATA / "logs" / "generator.log")
        stamp.write_text(generator.read_text())
    return folder


def first_wrong(port, folder, way):
    """What is wrong with the server's answers, or None."""
    expected = json.loads((folder / "expected.json").read_text())
    for line in (folder / f"{way}.jsonl").read_text().splitlines()[:20]:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/get-online-features",
                                         data=line.encode(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        entity = str(json.loads(line)["entities"]["entity"][0])
        names = answer["metadata"]["feature_names"]
        got = {name: result["values"][0]
               for name, result in zip(names, answer["results"], strict=True)}
        got.pop("entity", None)
        if got != expected[entity]:
            return f"entity {entity} by {way}: {got}"
    return None


def load(port, folder, way, shape, seconds):
    """One round; what http_load says."""
    connections, rate = LOADS[shape]
    program = Path(os.environ["COEVAL_BUILD_DIR"]) / "bench" / "http_load"
    command = servers.pinned(1, [str(program), str(port), "/get-online-features",
                                 str(folder / f"{way}.jsonl"), str(connections), str(seconds),
                                 str(rate)])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"http_load: {done.stderr}")
    return json.loads(done.stdout)


def measure(name, folder, seconds, runs, verdicts):
    """{(shape, way): the rounds} of one server; empty where it answers wrongly."""
    rounds = {}
    with CONTENDERS[name](folder) as port:
        for way in ("service", "list"):
            wrong = first_wrong(port, folder, way)
            if not verdicts.check(f"{name}, by {way}: the values are those of the data",
                                  wrong is None, wrong or ""):
                return {}
        for turn in range(runs):
            for shape in LOADS:
                for way in ("service", "list"):
                    seen = load(port, folder, way, shape, seconds)
                    print(f"  {turn + 1}/{runs}  {name}, by {way}, {shape}: "
                          f"{seen['per_second']:.0f}/s, p50 {seen['p50'] / 1000:.3f} ms, "
                          f"p99 {seen['p99'] / 1000:.3f} ms", flush=True)
                    rounds.setdefault((shape, way), []).append(seen)
    errors = sum(seen["errors"] for series in rounds.values() for seen in series)
    verdicts.check(f"{name}: every request is answered", errors == 0, f"{errors} are not")
    return rounds


def run(small, runs, verdicts):
    size = "small" if small else "full"
    entities, seconds = SIZES[size]
    folder = make_data(size)
    section = Section(
        f"Online read: 1 row x 50 features over HTTP, {entities:,} entities",
        f"POST `/get-online-features`, 5 views of 10 integers, every key found; server and asker on a "
        f"core each; median of {runs} rounds of {seconds} s. *By list* names the 50 features in the "
        "request, *by service* names a feature service. *50 requests/s* is an open loop: time counts "
        "from when a request was due. Ratio: how many times Coeval's figure of the same line of "
        "questions, in requests/s (closed loops) or in p99 (open loop).",
        ["server and question", "load", "requests/s", "p50, ms", "p99, ms", "ratio"])
    base = {}
    for name in CONTENDERS:
        if name == "Feast" and not servers.feast_is_here():
            section.notes.append("Feast is not installed here (bench/peers.sh): no peer in this run.")
            continue
        try:
            rounds = measure(name, folder, seconds, runs, verdicts)
        except (Failed, OSError) as failure:
            verdicts.check(f"{name}: serves", False, str(failure))
            continue
        for (shape, way), series in rounds.items():
            middle = {figure: statistics.median(seen[figure] for seen in series)
                      for figure in ("per_second", "p50", "p99")}
            ours = base.setdefault((shape, way), middle)
            figure = "p99" if LOADS[shape][1] else "per_second"
            section.rows.append([f"{name}, by {way}", shape, f"{middle['per_second']:,.0f}",
                                 f"{middle['p50'] / 1000:.3f}", f"{middle['p99'] / 1000:.3f}",
                                 f"{middle[figure] / ours[figure]:.3g}"])
    section.notes.append("Feast: the Python feature server with one worker over Redis on the same "
                         "core, without access log and without worker restarts.")
    return section
