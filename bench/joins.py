"""As-of joins that end in memory: one question, said once, for Coeval, DuckDB and Polars.

Of files: a whole process, from Parquet files until the answer lies in memory as Arrow. Of calls: one
call over Parquet files, in a process that has answered before; of memory: over Arrow tables. What is measured ends before the answer
is written; then it is compared, bit for bit, with that of NumPy.
"""

import json
import time
from dataclasses import dataclass

import contest
from measure import DATA, PYTHON, ROOT, Taken, median, run_once
from results import Section

COEVAL = "Coeval"
CONTENDERS = {COEVAL: "coeval_joins.py", "DuckDB, ASOF JOIN": "duckdb_joins.py",
              "Polars, join_asof": "polars_joins.py"}


@dataclass
class View:
    """Facts in a file of the data's folder."""

    facts: str
    features: list
    by: tuple = ("user",)
    ttl_days: int | None = None
    ordered: bool = True  # by time


def asking(how, views, service="", spine="spine.parquet", ordered=False, few=False,
           count=False, contenders=None):
    """The parts of a Contest that ask this question; what it means: contenders/questions.py."""
    contenders = contenders or CONTENDERS

    def words(program):
        def command(folder, answer):
            asked = {"spine": str(folder / spine), "ordered": ordered, "few": few, "count": count, "how": how,
                     "views": [vars(view) | {"facts": str(folder / view.facts)} for view in views],
                     "repository": str(folder / "repository"), "service": service,
                     "answer": str(answer)}
            return [PYTHON, ROOT / "bench" / "contenders" / program, json.dumps(asked)]
        return command

    commands = {program: words(program) for program in contenders.values()}
    return {"contenders": contenders, "check": "check_point_in_time.py", "reports": True,
            "coeval": {program: command for program, command in commands.items()
                       if program.startswith("coeval")},
            "peers": {program: command for program, command in commands.items()
                      if not program.startswith("coeval")}}


def floor(folder, files, runs):
    """What it takes to have all columns of the files as Arrow in memory: the median."""
    said = DATA / "logs" / "floor.json"
    taken = []
    for _ in range(runs):
        run_once([PYTHON, ROOT / "bench" / "contenders" / "arrow_decode.py",
                  *(folder / name for name in files)], DATA / "logs" / "floor.log",
                 environment={"COEVAL_BENCH_BEGAN": str(time.monotonic()),
                              "COEVAL_BENCH_TAKEN": str(said)})
        taken.append(Taken(**json.loads(said.read_text())))
    return median(taken)


def figure(seconds):
    """Seconds with as many digits as say something."""
    return f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.3g}"


def lines(medians, floor_took=None):
    """Rows of a table: contender, seconds, processor seconds, MiB, ratio to Coeval's seconds."""
    base = medians.get(COEVAL)
    rows = [[name, figure(took.seconds), figure(took.cpu_seconds),
             f"{took.peak_bytes / 2**20:,.0f}",
             f"{took.seconds / base.seconds:.2f}" if base else ""]
            for name, took in medians.items()]
    if floor_took:
        rows.append(["floor: bare Arrow decode", *(lines({COEVAL: floor_took})[0][1:4]), ""])
    return rows


HEADER = ["contender", "seconds", "processor seconds", "peak memory, MiB", "ratio"]


def files_section(title, about, medians, floor_took, runs):
    """The table of one question over files, with its floor."""
    section = Section(title, f"{about} Whole process, from its start until the answer lies in memory "
                      f"as Arrow, warm page cache; median of {runs}; all answers equal to an "
                      "independent oracle's, bit for bit. Ratio: seconds over Coeval's.",
                      HEADER, lines(medians, floor_took))
    if COEVAL in medians:
        section.notes.append(
            "Coeval takes "
            f"{medians[COEVAL].cpu_seconds / floor_took.cpu_seconds:.2f} times the processor seconds "
            "that Arrow takes to decode all columns of the same files, and no more.")
    return section


def run(name, parts, data, size, sizes, runs, verdicts):
    """{contender: median} and the folder; `data` are the other fields of Contest."""
    made = contest.Contest(name=name, **parts, **data)
    folder = contest.make_data(made, size, sizes)
    return contest.measure(made, folder, runs, verdicts), folder

