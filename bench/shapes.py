"""W7 to W11: as-of joins of other proportions, where one algorithm does not fit all.

One call in a process that has answered before: W7 over files, the others over Arrow tables in memory.
"""

import joins
from joins import View
from results import Section

VALUE = View("facts.parquet", ["value"])
PRICE = View("facts.parquet", ["value"], by=())
STRINGS = [View(f"facts{view}.parquet", [f"v{view}_f{at}" for at in range(100)])
           for view in range(10)]

# (what, name of the folder, sizes in full, sizes in small, what is asked)
SHAPES = [
    ("W7: 17,000 rows, 10 views, 1,000 features, keys of text, from files", "strings",
     (10, 100, 17_000, 17_000, 4_000), (10, 100, 500, 500, 100),
     joins.asking("calls", STRINGS, "strings_v1")),
    ("W8: 10,000 labels, 496,000 events, count only", "labels", (496_000, 10_000), (4_960, 100),
     joins.asking("memory", [VALUE], count=True)),
    ("W9: 20,000 rows, 1 M facts, 1,000 keys", "explosion", (1_000_000, 20_000, 1_000),
     (10_000, 200, 10), joins.asking("memory", [VALUE])),
    *((f"W10: {probes:,} probes, {facts:,} prices, no key", f"prices-{facts}",
       (facts, 1, 64, 2_048), (facts // 100, 1, 64, 2_048),
       joins.asking("memory", [PRICE], spine=f"spine{probes}.parquet")
       | {"expected": f"expected{probes}.parquet"})
      for facts in (100_000, 10_000_000) for probes in (1, 64, 2_048)),
    ("W11: 500,000 rows, 3 M facts, Zipf(2.0) over 1,000 symbols", "zipf",
     (3_000_000, 500_000, 1_000), (30_000, 5_000, 100),
     joins.asking("memory", [VALUE], ordered=True)),
    ("W11: 100,000 rows of the 500 rarest of 5,000 symbols, 3 M facts", "rare",
     (3_000_000, 100_000, 5_000, 500), (30_000, 1_000, 200, 20),
     joins.asking("memory", [VALUE], ordered=True)),
]


def run(small, runs, verdicts):
    section = Section(
        "Shapes: as-of joins of other proportions",
        "W7 to W11 of the workloads. One call in a process that has answered before, until the answer "
        "lies in memory as Arrow: W7 over files, the others over Arrow tables in memory; peak memory "
        f"is what came on top of these. Median of {runs}; all answers equal to an independent oracle's, "
        "bit for bit. Ratio: seconds over Coeval's.", ["shape", *joins.HEADER], names=2)
    if small:
        section.notes.append("Small: a hundredth of what the names say.")
    for what, name, full, less, parts in SHAPES:
        print(f"{what}", flush=True)
        shape = name.split("-", maxsplit=1)[0]
        data = {"generator": "make_shapes.py", "repository": "strings" if shape == "strings" else "",
                "data": f"shapes/{name}"}
        medians, _ = joins.run("shapes", parts, data, "small" if small else "full",
                               (shape, *(less if small else full)), runs, verdicts)
        section.rows += [[what, *line] for line in joins.lines(medians)]
    return section
