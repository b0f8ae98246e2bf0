"""coeval_beside.py REPOSITORY ENTITIES ASKED SECONDS OUT: get_online_features in this process, which owns
the store, while another process asks it to do something else (beside_work.py).

The figures are those of one row to a dict; each has `errors`, the reads that failed or were not the
data's, and `rounds`, how often the other thing was done.
"""

import json
import subprocess
import sys
from pathlib import Path

import calls
import coeval
import numpy as np
import pyarrow.parquet as pq

repository, entities, asked, seconds, out = sys.argv[1:]
entities, asked, seconds = int(entities), json.loads(asked), float(seconds)
features = [f"view{at // 10}:f{at}" for at in range(50)]
questions = np.random.default_rng(1).integers(0, entities, 20_000).tolist()
facts = pq.read_table(Path(repository).parent / "facts.parquet").sort_by("entity")
expected = {name: facts[name].to_numpy() for name in ("f0", "f49")}


class Reader:
    def __init__(self, store):
        self.store, self.errors = store, 0

    def ask(self, key):
        return self.store.get_online_features(features, [{"entity": key}]).to_dict()

    def check(self, key):
        """One read; a wrong one is counted and does not end it."""
        try:
            answer = self.ask(key)
        except coeval.CoevalError:
            self.errors += 1
            return
        if any(answer[name] != [column[key]] for name, column in expected.items()):
            self.errors += 1


def measure(reader, work):
    """The figures of reads beside `work`; None: beside nothing."""
    reader.errors, rounds = 0, 0
    if work is None:
        figures = calls.timed(reader.check, questions, seconds)
    else:
        command = [sys.executable, str(Path(__file__).with_name("beside_work.py")), repository, work]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"begun\n"
            figures = calls.timed(reader.check, questions, seconds)
            rounds = int(process.communicate()[0])
        assert process.returncode == 0
    return figures | {"errors": reader.errors, "rounds": rounds}


with coeval.FeatureStore(repository) as store:
    reader = Reader(store)
    answers = {key: reader.ask(key) for key in asked}
    for key in range(entities):
        reader.check(key)
    figures = {work or "nothing": measure(reader, work)
               for work in (None, "materialize", "push", "seal", "promote")}
calls.say(out, figures, answers)
