"""duckdb_joins.py QUESTION: one query of ASOF LEFT JOINs, all threads, its own defaults but that the
order of rows is left to it."""

import duckdb
import questions


def query(question, spine, facts):
    """The query over a spine and facts that are named so in SQL."""
    columns, joins = ["s.*"], []
    for at, view in enumerate(question.views):
        of = facts[at]
        if question.few:
            keys = ", ".join(view.by)
            of = f"(SELECT * FROM {of} SEMI JOIN {spine} USING ({keys}))"
        same = "".join(f"s.{name} = v{at}.{name} AND " for name in view.by)
        joins.append(f"ASOF LEFT JOIN {of} v{at} "
                     f"ON {same}s.event_timestamp >= v{at}.event_timestamp")
        young = (f"v{at}.event_timestamp >= s.event_timestamp - INTERVAL {view.ttl_days} DAY"
                 if view.ttl_days else "")
        columns += [f"CASE WHEN {young} THEN v{at}.{name} END AS {name}" if young
                    else f"v{at}.{name}" for name in view.features]
    if question.count:
        columns = ["0::bigint AS row", f"count({columns[1]}) AS matched"]
    return f"SELECT {', '.join(columns)} FROM {spine} s {' '.join(joins)}"


def main():
    question = questions.asked()
    duckdb.sql("SET TimeZone = 'UTC'")
    duckdb.sql("SET preserve_insertion_order = false")
    if question.how != "memory":
        words = query(question, f"'{question.spine}'",
                      [f"'{view.facts}'" for view in question.views])
        answer = questions.whole_or_call(question, lambda: duckdb.sql(words).to_arrow_table())
    else:
        spine, facts = questions.tables(question)
        duckdb.register("spine", spine)
        for at, table in enumerate(facts):
            duckdb.register(f"facts{at}", table)
        words = query(question, "spine", [f"facts{at}" for at in range(len(facts))])
        answer = questions.call(lambda: duckdb.sql(words).to_arrow_table())
    questions.write(question, answer)


if __name__ == "__main__":
    main()
