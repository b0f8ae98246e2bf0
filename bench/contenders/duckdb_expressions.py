"""DuckDB computes expressions over the table of src/expression/expression_bench.cc.

duckdb_expressions.py QUESTIONS ANSWER TIMES: from {name: expression} to {name: ns a row}, the least
processor time that one thread takes to put the results into a table in memory.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

ROWS = 1_000_000


def main():
    questions, answer, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    db = duckdb.connect(config={"threads": 1})
    db.execute("set timezone = 'UTC'")
    db.execute(f"""create temp table data as select
        sin(i) * 60 as a, (i % 97 + 1)::double as b,
        case when i % 24 = 3 then null else sin(i) * 60 end as maybe, i % 1000 as n,
        make_timestamp(1357034040000000 + i * 97000000) as t,
        list_transform(range(64), lambda x: (((i % 4096) * 64 + x) % 1009)::float / 1009)::float[64] as v,
        '{{"user": {{"id": 17, "tags": ["a", "b"]}}, "amount": 12.50, "n": ' || i || '}}' as j
        from range({ROWS}) as rows(i)""")
    figures = {}
    for name, text in json.loads(questions.read_text()).items():
        taken = []
        for _ in range(times):
            start = time.process_time()
            db.execute(f"create or replace temp table made as select {text} as value from data")
            taken.append(time.process_time() - start)
        figures[name] = min(taken) * 1e9 / ROWS
    answer.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
