"""W5 and W6 with Arrow tables already in memory: the call alone, in a process that has answered."""

import files_to_arrow
import joins
import many_views
import point_in_time
from results import Section

WIDE = [joins.View("facts.parquet", files_to_arrow.VIEWS[0].features)]


def run(small, runs, verdicts):
    size = "small" if small else "full"
    section = Section(
        "In memory: W5 and W6 over Arrow tables",
        "The same tables for all, in memory as Arrow before anything is measured; the time of one "
        "call, in a process that has answered the question once. Peak memory: what came on top of the "
        f"tables. Median of {runs}; all answers equal to an independent oracle's, bit for bit. Ratio: "
        "seconds over Coeval's.", ["workload", *joins.HEADER], names=2)
    for workload, views, data, sizes in (
            (f"W5, {point_in_time.SIZES[size][2]:,} keys", WIDE,
             {"data": "point-in-time", "generator": "make_point_in_time.py"},
             point_in_time.SIZES[size]),
            ("W6, 5 views", many_views.VIEWS, many_views.DATA, many_views.SIZES[size])):
        medians, _ = joins.run("in-memory", joins.asking("memory", views),
                               data | {"repository": ""}, size, sizes, runs, verdicts)
        section.rows += [[workload, *line] for line in joins.lines(medians)]
    return section
