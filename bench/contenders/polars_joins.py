"""polars_joins.py QUESTION: one lazy query of join_asof, which wants both sides in order of time; what
lies in order is not sorted, and Polars is told so."""

from datetime import timedelta

import polars
import questions


def query(question, spine, facts):
    def in_order(frame, ordered):
        return (frame.set_sorted("event_timestamp") if ordered
                else frame.sort("event_timestamp"))

    left = in_order(spine, question.ordered)
    for view, frame in zip(question.views, facts, strict=True):
        right = frame.select(*view.by, "event_timestamp", *view.features)
        if question.few:
            right = right.join(spine.select(view.by), on=view.by, how="semi",
                               maintain_order="left")
        right = in_order(right, view.ordered)
        left = left.join_asof(
            right, on="event_timestamp", by=view.by or None, strategy="backward",
            tolerance=timedelta(days=view.ttl_days) if view.ttl_days else None,
            check_sortedness=False)
    if question.count:
        found = polars.col(question.views[0].features[0]).count().cast(polars.Int64)
        return left.select(polars.lit(0, polars.Int64).alias("row"), found.alias("matched"))
    return left


def main():
    question = questions.asked()
    if question.how != "memory":
        answer = questions.whole_or_call(question, lambda: query(
            question, polars.scan_parquet(question.spine),
            [polars.scan_parquet(view.facts) for view in question.views]).collect())
    else:
        spine, facts = (polars.from_arrow(part) if not isinstance(part, list)
                        else [polars.from_arrow(table) for table in part]
                        for part in questions.tables(question))
        answer = questions.call(lambda: query(
            question, spine.lazy(), [table.lazy() for table in facts]).collect())
    questions.write(question, answer.to_arrow())


if __name__ == "__main__":
    main()
