"""W5: a spine of 1 M rows, 10 M facts of 1 M integer keys, 10 features; Parquet to Parquet.

Every contender is a process of its own that reads the two files, joins, and writes a Parquet file.
Its answer is compared, bit for bit, with one made in another way. Contenders take turns, so that
what else the machine does strikes all of them.
"""

import shutil

from measure import DATA, PYTHON, ROOT, Failed, median, prepare, run_once
from results import Section

# What is promised of Coeval, at the full size.
MOST_SECONDS = 10
MOST_BYTES = 2 * 2**30

SIZES = {"full": (10_000_000, 1_000_000, 1_000_000), "small": (100_000, 10_000, 10_000)}

CONTENDERS = {
    "Coeval, `coeval training-set`": "repository",
    "Coeval, `coeval asof`": "asof",
    "DuckDB, ASOF JOIN": "duckdb_asof.py",
    "Polars, join_asof": "polars_asof.py",
    "pandas, merge_asof": "pandas_asof.py",
}


def command_of(contender, folder, answer):
    """The words that run a contender."""
    spine, facts = folder / "spine.parquet", folder / "facts.parquet"
    if contender == "repository":
        return ["coeval", "-C", folder / "repository", "training-set", "wide_v1",
                "--spine", spine, "--output", answer]
    if contender == "asof":
        return ["coeval", "asof", spine, facts, "--by", "user", "--on", "event_timestamp",
                "--output", answer]
    return [PYTHON, ROOT / "bench" / "contenders" / contender, spine, facts, answer]


def make_data(size):
    """The files and a repository over them; made once for each size and generator."""
    generator = ROOT / "bench" / "make_point_in_time.py"
    folder = DATA / "point-in-time" / size
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_text() != generator.read_text():
        print(f"making the data in {folder.relative_to(ROOT)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        prepare([PYTHON, generator, folder, *SIZES[size]], DATA / "logs" / "generator.log")
        stamp.write_text(generator.read_text())
    repository = folder / "repository"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / "wide", repository)
    prepare(["coeval", "-C", repository, "apply"], DATA / "logs" / "apply.log")
    return folder


def measure(folder, runs, verdicts):
    """{name: runs}, of those contenders that answered rightly."""
    taken, wrong = {name: [] for name in CONTENDERS}, set()
    for turn in range(runs):
        for name, contender in CONTENDERS.items():
            if name in wrong:
                continue
            answer = folder / f"answer-{contender}.parquet"
            answer.unlink(missing_ok=True)
            log = DATA / "logs" / f"point-in-time-{contender}.log"
            try:
                run = run_once(command_of(contender, folder, answer), log)
                run_once([PYTHON, ROOT / "bench" / "check_point_in_time.py",
                          folder / "expected.parquet", answer], DATA / "logs" / "check.log")
            except Failed as failure:
                wrong.add(name)
                verdicts.check(f"{name}: the oracle's answer", False, str(failure))
                continue
            finally:
                answer.unlink(missing_ok=True)
            print(f"  {turn + 1}/{runs}  {name:<32} {run.seconds:7.2f} s  "
                  f"{run.peak_bytes / 2**20:7.0f} MiB", flush=True)
            taken[name].append(run)
    for name in CONTENDERS:
        if name not in wrong:
            verdicts.check(f"{name}: the oracle's answer", True)
    return {name: median(series) for name, series in taken.items() if name not in wrong}


def run(small, runs, verdicts):
    size = "small" if small else "full"
    folder = make_data(size)
    medians = measure(folder, runs, verdicts)
    facts, spine, keys = SIZES[size]
    section = Section(
        f"Point-in-time join: {spine:,} x {facts:,} rows, {keys:,} keys, 10 features",
        f"W5 of the workloads. Whole process, Parquet to Parquet, warm page cache; median of {runs}; "
        "all answers equal to an independent oracle's, bit for bit. Ratio: seconds over those of "
        "`coeval training-set`.",
        ["contender", "seconds", "processor seconds", "peak memory, MiB", "ratio"])
    base = medians.get("Coeval, `coeval training-set`")
    for name, took in medians.items():
        section.rows.append([name, f"{took.seconds:.2f}", f"{took.cpu_seconds:.2f}",
                             f"{took.peak_bytes / 2**20:,.0f}",
                             f"{took.seconds / base.seconds:.2f}" if base else ""])
    if not small:
        for name, took in medians.items():
            if name.startswith("Coeval"):
                verdicts.check(f"{name}: at most {MOST_SECONDS} s", took.seconds <= MOST_SECONDS,
                               f"{took.seconds:.2f} s")
                verdicts.check(f"{name}: at most 2 GiB", took.peak_bytes <= MOST_BYTES,
                               f"{took.peak_bytes / 2**20:.0f} MiB")
    return section
