"""The files of the online workload. Seeded.

  make_online.py FOLDER ENTITIES

facts.parquet   one row for each entity: entity int64 from 0, event_timestamp, f0 .. f49 int64
list.jsonl      1,000 questions for one entity each, by list of features
service.jsonl   the same questions by service
expected.json   {entity: {feature: value}} of the entities of the first 20 questions
"""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20130102
FEATURES = 50


def main():
    folder, entities = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    names = [f"f{at}" for at in range(FEATURES)]
    values = random.integers(1, 10_000, (FEATURES, entities))
    when = pa.scalar(datetime(2024, 6, 1, tzinfo=timezone.utc), pa.timestamp("us", tz="UTC"))
    pq.write_table(
        pa.table([pa.array(np.arange(entities)), pa.repeat(when, entities), *map(pa.array, values)],
                 names=["entity", "event_timestamp", *names]), folder / "facts.parquet")

    asked = [int(entity) for entity in random.integers(0, entities, 1000)]
    references = [f"view{at // 10}:f{at}" for at in range(FEATURES)]
    for name, what in (("list", {"features": references}), ("service", {"feature_service": "fifty"})):
        lines = [json.dumps(what | {"entities": {"entity": [entity]}}) for entity in asked]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    expected = {entity: {name: int(values[at, entity]) for at, name in enumerate(names)}
                for entity in asked[:20]}
    (folder / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
