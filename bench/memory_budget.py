"""Training sets that are larger than the memory they may take: the same bits, in about the same time.

A tenth and the whole of 100 M facts and 20 M questions, with much memory and with little; and W5 in a
control group of 1 GiB and one processor. Coeval alone: peers have no such budget.
"""

import re

import contest
import control_group
from measure import DATA, Failed, median, run_once
from results import Section

SIZES = {"full": {"a tenth": (10_000_000, 2_000_000, 2_000_000),
                  "the whole": (100_000_000, 20_000_000, 20_000_000)},
         "small": {"a tenth": (20_000, 4_000, 4_000), "the whole": (400_000, 400_000, 40_000)}}
BUDGETS = ["12GiB", "3GiB", "2GiB"]
MOST_BYTES = 4 * 2**30
GROUP_BYTES = 2**30


def training_set(folder, answer):
    return ["coeval", "-C", folder / "repository", "--json", "training-set", "wide_v1", "--spine",
            folder / "spine.parquet", "--output", answer]


CONTEST = contest.Contest(name="memory-budget", contenders={}, coeval={}, repository="wide")
W5 = contest.Contest(name="point-in-time", contenders={}, coeval={}, repository="wide")


def measured(folder, runs, budget=None, entrances=None):
    """What it took, and the content hash of the answer."""
    answer, log = folder / "answer.parquet", DATA / "logs" / "memory-budget.log"
    command = training_set(folder, answer)
    taken, hashes = [], set()
    for _ in range(runs):
        answer.unlink(missing_ok=True)
        taken.append(run_once(control_group.within(entrances, command) if entrances else command,
                              log, environment={"COEVAL_MEMORY": budget} if budget else None))
        hashes.update(re.findall(r'"content_hash": *"([0-9a-f]{64})"', log.read_text()))
    return median(taken), hashes, answer


def row(what, budget, took):
    return [what, budget, f"{took.seconds:.2f}", f"{took.cpu_seconds:.2f}",
            f"{took.peak_bytes / 2**20:,.0f}"]


def run_budgets(small, verdicts, table):
    for what, size in SIZES["small" if small else "full"].items():
        folder = contest.make_data(CONTEST, what.replace(" ", "-") + ("-small" if small else ""), size)
        hashes = set()
        for budget in ["12GiB", "64MiB"] if small else BUDGETS:
            took, found, answer = measured(folder, 1, budget)
            answer.unlink()
            hashes |= found
            table.rows.append(row(f"{size[0]:,} facts, {size[1]:,} rows", budget, took))
            if budget != BUDGETS[0]:
                verdicts.check(f"{what}, {budget}: under 4 GiB", took.peak_bytes < MOST_BYTES,
                               f"{took.peak_bytes / 2**20:.0f} MiB")
        verdicts.check(f"{what}: the same bits whatever the budget", len(hashes) == 1, str(hashes))


def run_group(small, runs, verdicts, table):
    size = "small" if small else "full"
    folder = contest.make_data(W5, size, {"full": (10_000_000, 1_000_000, 1_000_000),
                                          "small": (100_000, 10_000, 10_000)}[size])
    entrances = control_group.make("coeval-bench", GROUP_BYTES, 1)
    if entrances is None:
        table.notes.append("No control group could be made here; that takes root.")
        return
    try:
        took, _, answer = measured(folder, runs, entrances=entrances)
        run_once([contest.PYTHON, contest.ROOT / "bench" / "check_point_in_time.py",
                  folder / "expected.parquet", answer, "exact"],
                 DATA / "logs" / "memory-budget-check.log")
        answer.unlink()
        table.rows.append(row("W5, group of 1 GiB and one processor", "half of it", took))
        verdicts.check("W5 in a group of 1 GiB: the oracle's answer", True)
    except Failed as failure:
        verdicts.check("W5 in a group of 1 GiB: the oracle's answer", False, str(failure))
    finally:
        control_group.remove(entrances)


def run(small, runs, verdicts):
    table = Section(
        "Memory: training sets within a budget",
        "`coeval training-set` of ten doubles, Parquet to Parquet, whole process; once each, W5 the "
        f"median of {runs}. `memory` as said; the answers have one content hash whatever it is. The "
        "spine, which is held, counts in the peak.",
        ["what", "memory", "seconds", "processor seconds", "peak memory, MiB"], names=2)
    run_budgets(small, verdicts, table)
    run_group(small, runs, verdicts, table)
    return table
