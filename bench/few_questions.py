"""1,000 questions of W5's features: what is not needed should not be read. Beside the full W5."""

import joins
from joins import View, figure
from results import Section

SIZES = {"full": (10_000_000, 1_000_000, 1_000_000, 1_000),
         "small": (100_000, 10_000, 10_000, 100)}
FEATURES = [f"f{at}" for at in range(10)]
BY_TIME = View("by_time.parquet", FEATURES)
RECENT = View("by_time.parquet", FEATURES, ttl_days=30)
BY_KEY = View("by_key.parquet", FEATURES, ordered=False)
DATA = {"generator": "make_few_questions.py", "repository": "few_questions"}

# What is asked: (name, spine, the view, the service)
ASKED = (
    ("all of W5", "spine", BY_TIME, "time_v1"),
    ("scattered", "scattered", BY_TIME, "time_v1"),
    ("files by time, the last day, ttl 30 d", "last_day", RECENT, "recent_v1"),
    ("files by key, neighbours", "neighbours", BY_KEY, "key_v1"),
    ("files by key, scattered", "scattered", BY_KEY, "key_v1"),
)


def run(small, runs, verdicts):
    size = "small" if small else "full"
    facts, spine, keys, few = SIZES[size]
    section = Section(
        f"Few questions: {few:,} of W5's {spine:,}, {facts:,} facts, {keys:,} keys",
        "Files to Arrow: the time of one call in a process that has answered the question once, warm "
        f"page cache; median of {runs}; all answers equal to an independent oracle's, bit for bit. "
        "Peers take the facts of the asked users first, then join. Ratio: seconds over Coeval's. Of "
        "W5: the part of the seconds that the same contender takes for all of W5.",
        ["questions", *joins.HEADER, "of W5"], names=2)
    all_of = {}
    for name, spine_name, view, service in ASKED:
        parts = joins.asking("calls", [view], service, f"{spine_name}.parquet",
                             few=spine_name != "spine")
        medians, _ = joins.run("few-questions", parts,
                               DATA | {"expected": f"expected_{spine_name}.parquet"}, size,
                               SIZES[size], runs, verdicts)
        all_of = all_of or medians
        for line in joins.lines(medians):
            whole, took = all_of.get(line[0]), medians[line[0]]
            section.rows.append([name, *line, figure(took.seconds / whole.seconds) if whole else ""])
    return section

