"""Contenders that read a spine and facts, answer, and write a file: each a process of its own.

What a contender took is what the system says of its process, or, where what is measured ends before
the answer is written (contenders/questions.py), what it says itself. Every answer is compared with one made in another way. Contenders take turns, so that what else the
machine does strikes all of them.
"""

import json
import shutil
import time
from dataclasses import dataclass, field

from measure import DATA, PYTHON, ROOT, Failed, Taken, median, prepare, run_once
from results import Section


@dataclass
class Contest:
    """A workload of files: its name, who answers, and how."""

    name: str        # of the folder of data and of make_NAME.py and check_NAME.py, unless said below
    contenders: dict  # {name: program in contenders/, or a key of coeval}
    coeval: dict     # {key: command(folder, answer)}
    repository: str  # under bench/repositories; "": none
    peers: dict = field(default_factory=dict)  # as coeval, of those that read other files
    data: str = ""   # the folder under build/bench, where it is not called like the workload
    generator: str = ""
    check: str = ""
    expected: str = "expected.parquet"
    reports: bool = False  # contenders say themselves what they took


def make_data(contest, size, arguments):
    """The files and a repository over them; made once for each generator and its arguments."""
    module = contest.name.replace("-", "_")
    generator = ROOT / "bench" / (contest.generator or f"make_{module}.py")
    folder = DATA / (contest.data or contest.name) / size
    stamp = folder / "stamp"
    made_by = "\n".join([*map(str, arguments), generator.read_text(),
                         (ROOT / "bench" / "making.py").read_text()])
    if not stamp.exists() or stamp.read_text() != made_by:
        print(f"making the data in {folder.relative_to(ROOT)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        prepare([PYTHON, generator, folder, *arguments], DATA / "logs" / "generator.log")
        stamp.write_text(made_by)
    if contest.repository:
        apply(contest, folder)
    return folder


def apply(contest, folder):
    """The workload's repository, beside its data."""
    repository = folder / "repository"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / contest.repository, repository)
    prepare(["coeval", "-C", repository, "apply"], DATA / "logs" / "apply.log")


def command_of(contest, contender, folder, answer):
    """The words that run a contender."""
    for commands in (contest.coeval, contest.peers):
        if contender in commands:
            return commands[contender](folder, answer)
    return [PYTHON, ROOT / "bench" / "contenders" / contender, folder / "spine.parquet",
            folder / "facts.parquet", answer]


def run_contender(contest, contender, folder, answer):
    """What it took: a process from its start to its end, or to where its own figures end."""
    log = DATA / "logs" / f"{contest.name}-{contender}.log"
    said = answer.with_suffix(".json")
    said.unlink(missing_ok=True)
    took = run_once(command_of(contest, contender, folder, answer), log,
                    environment={"COEVAL_BENCH_BEGAN": str(time.monotonic()),
                                 "COEVAL_BENCH_TAKEN": str(said)})
    return Taken(**json.loads(said.read_text())) if contest.reports else took


def measure(contest, folder, runs, verdicts, said=None):
    """{name: median}, of those contenders that answered rightly. What the check says of an answer goes
    into the dict `said`, by the contender's name."""
    check = ROOT / "bench" / (contest.check or f"check_{contest.name.replace('-', '_')}.py")
    taken, wrong = {name: [] for name in contest.contenders}, set()
    for turn in range(runs):
        for name, contender in contest.contenders.items():
            if name in wrong:
                continue
            answer = folder / f"answer-{contender}.parquet"
            answer.unlink(missing_ok=True)
            try:
                run = run_contender(contest, contender, folder, answer)
                run_once([PYTHON, check, folder / contest.expected, answer,
                          "exact" if contender in contest.coeval else "about"],
                         DATA / "logs" / f"{contest.name}-check.log")
                if said is not None:
                    said[name] = (DATA / "logs" / f"{contest.name}-check.log").read_text().strip()
            except Failed as failure:
                wrong.add(name)
                verdicts.check(f"{name}: the oracle's answer", False, str(failure))
                continue
            finally:
                answer.unlink(missing_ok=True)
            print(f"  {turn + 1}/{runs}  {name:<32} {run.seconds:7.3f} s  "
                  f"{run.peak_bytes / 2**20:7.0f} MiB", flush=True)
            taken[name].append(run)
    for name in contest.contenders:
        if name not in wrong:
            verdicts.check(f"{name}: the oracle's answer", True)
    return {name: median(series) for name, series in taken.items() if name not in wrong}


def section(title, note, medians, first):
    """The table; ratios are seconds over those of the contender `first`."""
    table = Section(title, note, ["contender", "seconds", "processor seconds", "peak memory, MiB",
                                  "ratio"])
    base = medians.get(first)
    for name, took in medians.items():
        table.rows.append([name, f"{took.seconds:.2f}", f"{took.cpu_seconds:.2f}",
                           f"{took.peak_bytes / 2**20:,.0f}",
                           f"{took.seconds / base.seconds:.2f}" if base else ""])
    return table
