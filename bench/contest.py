"""Contenders that read a spine and facts, answer, and write a file: each a process of its own.

Every answer is compared with one made in another way. Contenders take turns, so that what else the
machine does strikes all of them.
"""

import shutil
from dataclasses import dataclass, field

from measure import DATA, PYTHON, ROOT, Failed, median, prepare, run_once
from results import Section


@dataclass
class Contest:
    """A workload of files: its name, who answers, and how."""

    name: str        # of the folder of data and of make_NAME.py and check_NAME.py
    contenders: dict  # {name: program in contenders/, or a key of coeval}
    coeval: dict     # {key: command(folder, answer)}
    repository: str  # under bench/repositories
    peers: dict = field(default_factory=dict)  # as coeval, of those that read other files


def make_data(contest, size, arguments):
    """The files and a repository over them; made once for each size and generator."""
    module = contest.name.replace("-", "_")
    generator = ROOT / "bench" / f"make_{module}.py"
    folder = DATA / contest.name / size
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_text() != generator.read_text():
        print(f"making the data in {folder.relative_to(ROOT)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        prepare([PYTHON, generator, folder, *arguments], DATA / "logs" / "generator.log")
        stamp.write_text(generator.read_text())
    repository = folder / "repository"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / contest.repository, repository)
    prepare(["coeval", "-C", repository, "apply"], DATA / "logs" / "apply.log")
    return folder


def command_of(contest, contender, folder, answer):
    """The words that run a contender."""
    for commands in (contest.coeval, contest.peers):
        if contender in commands:
            return commands[contender](folder, answer)
    return [PYTHON, ROOT / "bench" / "contenders" / contender, folder / "spine.parquet",
            folder / "facts.parquet", answer]


def measure(contest, folder, runs, verdicts):
    """{name: median}, of those contenders that answered rightly."""
    check = ROOT / "bench" / f"check_{contest.name.replace('-', '_')}.py"
    taken, wrong = {name: [] for name in contest.contenders}, set()
    for turn in range(runs):
        for name, contender in contest.contenders.items():
            if name in wrong:
                continue
            answer = folder / f"answer-{contender}.parquet"
            answer.unlink(missing_ok=True)
            log = DATA / "logs" / f"{contest.name}-{contender}.log"
            try:
                run = run_once(command_of(contest, contender, folder, answer), log)
                run_once([PYTHON, check, folder / "expected.parquet", answer,
                          "exact" if contender in contest.coeval else "about"],
                         DATA / "logs" / "check.log")
            except Failed as failure:
                wrong.add(name)
                verdicts.check(f"{name}: the oracle's answer", False, str(failure))
                continue
            finally:
                answer.unlink(missing_ok=True)
            print(f"  {turn + 1}/{runs}  {name:<32} {run.seconds:7.2f} s  "
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
