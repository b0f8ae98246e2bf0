"""The files of the shapes: as-of joins of other proportions than W5's. Seeded.

  make_shapes.py FOLDER SHAPE SIZES...

strings VIEWS FEATURES FACTS SPINE KEYS   W7: for each view FEATURES doubles of a thousand values by a key
                                          of text
labels FACTS KEYS                         W8: one question for each key, early and late
explosion FACTS SPINE KEYS                W9: many facts for each key
prices FACTS PROBES...                    W10: no key; a spine for each number of probes
zipf FACTS SPINE KEYS                     W11: Zipf(2.0) over symbols, both sides in order of time
rare FACTS SPINE KEYS RARE                W11: only the RARE rarest symbols, of 5 to 9 facts each, are asked

facts*.parquet in order of time, spine*.parquet, expected*.parquet: by NumPy's sort and binary search,
which no contender uses. No key has two facts at one time.
"""

import sys

import numpy as np
import pyarrow as pa
from making import BEGIN, YEAR, expected, folder_of, times, winners, write

SEED = 20130104


def moments(random, count):
    """Times in order, all different."""
    return BEGIN + np.sort(random.integers(0, YEAR - count, count)) + np.arange(count)


def symbols(codes):
    """Keys as text, as they are in such tables."""
    return pa.array([f"SYM{code:05}" for code in range(int(codes.max()) + 1)]).take(pa.array(codes))


def zipf(random, keys, count, exponent):
    weights = np.arange(1, keys + 1) ** -float(exponent)
    return random.choice(keys, count, p=weights / weights.sum())


def strings(folder, random, views, features, facts, spine, keys):
    asked, when = random.integers(0, keys, spine), moments(random, spine)
    answer = {"row": np.arange(spine)}
    write(folder / "spine.parquet",
          {**answer, "user": symbols(asked), "event_timestamp": times(when)})
    for view in range(views):
        user, time = random.integers(0, keys, facts), moments(random, facts)
        values = {f"v{view}_f{at}": random.integers(0, 1_000, facts) / 8 for at in range(features)}
        write(folder / f"facts{view}.parquet",
              {"user": symbols(user), "event_timestamp": times(time), **values})
        answer |= expected(*winners(user, time, asked, when), values)
    write(folder / "expected.parquet", answer)


def one_view(folder, random, user, asked, when, key_of, suffix=""):
    """Facts of one feature and a spine; gives whether each question has a winner."""
    time, value = moments(random, len(user)), random.random(len(user))
    columns = {"event_timestamp": times(time), "value": value}
    row = np.arange(len(asked))
    spine = {"row": row, "event_timestamp": times(when)}
    if key_of:
        columns["user"], spine["user"] = key_of(user), key_of(asked)
    write(folder / "facts.parquet", columns)
    write(folder / f"spine{suffix}.parquet", spine)
    winner, found = winners(user, time, asked, when)
    write(folder / f"expected{suffix}.parquet",
          {"row": row, **expected(winner, found, {"value": value})})
    return found


def labels(folder, random, facts, keys):
    found = one_view(folder, random, random.integers(0, keys, facts), random.permutation(keys),
                     BEGIN + random.integers(0, YEAR, keys), pa.array)
    write(folder / "expected.parquet", {"row": np.arange(1), "matched": [int(found.sum())]})


def explosion(folder, random, facts, spine, keys):
    one_view(folder, random, random.integers(0, keys, facts), random.integers(0, keys, spine),
             BEGIN + random.integers(0, YEAR, spine), pa.array)


def prices(folder, random, facts, *probes):
    for count in probes:
        same = np.random.default_rng(SEED)  # the same prices for all
        one_view(folder, same, np.zeros(facts, np.int64), np.zeros(count, np.int64),
                 BEGIN + random.integers(0, YEAR, count), None, str(count))


def zipf_2(folder, random, facts, spine, keys):
    one_view(folder, random, zipf(random, keys, facts, 2), zipf(random, keys, spine, 2),
             moments(random, spine), symbols)


def rare(folder, random, facts, spine, keys, few):
    often = keys - few
    user = np.concatenate([zipf(random, often, facts - 7 * few, 1),
                           np.repeat(np.arange(often, keys), random.integers(5, 10, few))])
    random.shuffle(user)
    one_view(folder, random, user, random.integers(often, keys, spine), moments(random, spine),
             symbols)


def main():
    shapes = {"strings": strings, "labels": labels, "explosion": explosion, "prices": prices,
              "zipf": zipf_2, "rare": rare}
    shapes[sys.argv[2]](folder_of(sys.argv[1]), np.random.default_rng(SEED),
                        *map(int, sys.argv[3:]))


if __name__ == "__main__":
    main()
