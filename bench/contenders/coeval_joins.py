"""coeval_joins.py QUESTION: files by a repository's service, tables in memory by asof_join."""

import questions

import coeval


def of_files(question, store):
    import pyarrow.parquet as pq
    spine = pq.ParquetFile(question.spine, memory_map=True, pre_buffer=False).read()
    return store.get_historical_features(spine, question.service).to_arrow()


def of_tables(question, spine, facts):
    for view, table in zip(question.views, facts, strict=True):
        spine = coeval.asof_join(
            spine, table, on="event_timestamp", by=view.by, columns=view.features,
            tolerance=f"{view.ttl_days}d" if view.ttl_days else None)
    if question.count:
        import pyarrow as pa
        found = spine[question.views[0].features[0]]
        return pa.table({"row": [0], "matched": [len(found) - found.null_count]})
    return spine


def main():
    question = questions.asked()
    if question.how != "memory":
        with coeval.FeatureStore(question.repository) as store:
            answer = questions.whole_or_call(question, lambda: of_files(question, store))
    else:
        spine, facts = questions.tables(question)
        answer = questions.call(lambda: of_tables(question, spine, facts))
    questions.write(question, answer)


if __name__ == "__main__":
    main()
