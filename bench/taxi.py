"""W3: 10 M rides over a year, 265 zones; two tables of what was seen at a zone; all in memory."""

import joins
from joins import View, figure
from results import Section

SIZES = {"full": (10_000_000,), "small": (100_000,)}
VIEWS = [View("pickups.parquet", ["mean_fare", "pickups"], by=("pickup",)),
         View("dropoffs.parquet", ["dropoffs"], by=("dropoff",))]
DATA = {"generator": "make_taxi.py", "repository": ""}


def run(small, runs, verdicts):
    size = "small" if small else "full"
    rides, = SIZES[size]
    section = Section(
        f"Taxi: {rides:,} rides, 265 zones, features by quarter and by half hour",
        "W3 of the workloads, over data made in its shape. All columns of the rides and three "
        "features; one call (or chain of calls) over Arrow tables in memory, in a process that has "
        f"answered before; peak memory is what came on top of the tables. Median of {runs}; all "
        "answers equal to an independent oracle's, bit for bit. Ratio: seconds over Coeval's.",
        ["rides", *joins.HEADER, "rows/s"], names=2)
    for name, spine, ordered in (("unsorted", "spine.parquet", False),
                                 ("in order of time", "ordered.parquet", True)):
        medians, _ = joins.run("taxi", joins.asking("memory", VIEWS, spine=spine, ordered=ordered),
                               DATA, size, SIZES[size], runs, verdicts)
        section.rows += [[name, *line, f"{rides / medians[line[0]].seconds:,.0f}"]
                         for line in joins.lines(medians)]
    return section
