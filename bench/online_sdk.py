"""50 features of five views through the Python SDK, in the process that asks: one row to a dict, a
hundred to NumPy and to Arrow; beside Feast over Redis, asked the same. Every contender says what the
first entities have, which is compared with the data.
"""

import contextlib
import json
import shutil

import online_read
import servers
from measure import DATA, PYTHON, ROOT, Failed, prepare, run_once
from results import Section

SIZES = {"full": (100_000, 5), "small": (500, 0.5)}  # entities, seconds of each question


@contextlib.contextmanager
def coeval(folder):
    """A filled repository, and the program that asks it."""
    repository = folder / "repository"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(ROOT / "bench" / "repositories" / "online", repository)
    for step in ("apply", "materialize-incremental now"):
        prepare(["coeval", "-C", repository, *step.split()], DATA / "logs" / "coeval-online.log")
    yield [PYTHON, ROOT / "bench" / "contenders" / "coeval_online.py", repository], {}


@contextlib.contextmanager
def feast(folder):
    with servers.feast_store(folder) as (repository, environment):
        program = ROOT / "bench" / "contenders" / "feast_online.py"
        yield [servers.FEAST / "python", "-E", program, repository], environment


CONTENDERS = {"Coeval": coeval, "Feast": feast}


def measure(name, folder, entities, seconds, verdicts):
    """{question: figures}; empty where it answers wrongly."""
    expected = json.loads((folder / "expected.json").read_text())
    out = folder / f"{name}.json"
    out.unlink(missing_ok=True)
    asked = json.dumps([int(entity) for entity in expected])
    with CONTENDERS[name](folder) as (program, environment):
        run_once([*program, entities, asked, seconds, out], DATA / "logs" / f"sdk-{name}.log",
                 environment=environment)
    said = json.loads(out.read_text())
    wrong = [entity for entity, features in expected.items()
             if {feature: [value] for feature, value in features.items()} !=
             {feature: values for feature, values in said["answers"][entity].items()
              if feature != "entity"}]
    right = verdicts.check(f"{name}: the values are those of the data", not wrong, f"not of {wrong}")
    return said["figures"] if right else {}


def run(small, runs, verdicts):
    del runs
    entities, seconds = SIZES["small" if small else "full"]
    folder = online_read.make_data("sdk-small" if small else "sdk-full", entities)
    section = Section(
        f"Online read through the Python SDK: 50 features of five views, {entities:,} entities",
        "`get_online_features` by a list of references, one call after the other in the process that "
        f"owns the store, {seconds} s of each question; microseconds. *From files*: without the hot "
        "tier. Ratio: how many times Coeval's p50.",
        ["question", "p50, us", "p99, us", "ratio"])
    base = {}
    for name in CONTENDERS:
        if name == "Feast" and not servers.feast_is_here():
            section.notes.append("Feast is not installed here (bench/peers.sh): no peer in this run.")
            continue
        try:
            figures = measure(name, folder, entities, seconds, verdicts)
        except (Failed, OSError) as failure:
            verdicts.check(f"{name}: answers", False, str(failure))
            continue
        for question, seen in figures.items():
            ours = base.setdefault(question, seen["p50"])
            section.rows.append([f"{name}, {question}", f"{seen['p50']:,.1f}", f"{seen['p99']:,.1f}",
                                 f"{seen['p50'] / ours:.3g}"])
    section.notes.append("Feast: its SDK over Redis on the same machine.")
    return section
