"""The files of the taxi workload: rides, and what was seen at their zones. Seeded.

  make_taxi.py FOLDER RIDES

ordered.parquet   row int64, pickup and dropoff (of 265 zones), event_timestamp (of the pickup) over one
                  year in microseconds, dropped_at, passengers, distance, fare, tip, total; in order of
                  time
spine.parquet     the same in random order
pickups.parquet   of each zone and quarter of an hour with rides, at its begin: mean_fare and pickups
dropoffs.parquet  of each zone and half hour with rides, at its begin: dropoffs
expected.parquet  row, mean_fare, pickups, dropoffs: by NumPy's sort and binary search

The real rides of New York are not used: they would have to be fetched. Their number, the zones and the
intervals are those of the published comparison; zones are asked alike often.
"""

import sys

import numpy as np
from making import BEGIN, YEAR, expected, folder_of, times, winners, write

SEED = 20130105
ZONES = 265
MINUTE = 60_000_000


def grouped(zone, time, interval, fare):
    """(zone, begin, mean fare, count) of the groups, in order of time."""
    slot = (time - BEGIN) // interval
    group, member, count = np.unique(slot * ZONES + zone, return_inverse=True, return_counts=True)
    mean = np.bincount(member, weights=fare) / count
    return group % ZONES, BEGIN + group // ZONES * interval, mean, count


def main():
    folder, rides = folder_of(sys.argv[1]), int(sys.argv[2])
    random = np.random.default_rng(SEED)
    time = np.sort(BEGIN + random.integers(0, YEAR, rides))
    pickup, dropoff = (random.integers(0, ZONES, rides) for _ in range(2))
    distance = random.integers(1, 2_000, rides) / 100
    fare = 3 + np.round(distance * 2.5, 2)
    tip = np.round(fare * 0.2, 2)
    ride = {"row": np.arange(rides), "pickup": pickup, "dropoff": dropoff, "event_timestamp": time,
            "dropped_at": time + (distance * 3 * MINUTE).astype(np.int64),
            "passengers": random.integers(1, 6, rides), "distance": distance, "fare": fare,
            "tip": tip, "total": fare + tip}
    for name, order in (("ordered", slice(None)), ("spine", random.permutation(rides))):
        made = {column: values[order] for column, values in ride.items()}
        write(folder / f"{name}.parquet",
              made | {column: times(made[column]) for column in ("event_timestamp", "dropped_at")})

    answer = {"row": ride["row"]}
    for name, zone, minutes in (("pickup", pickup, 15), ("dropoff", dropoff, 30)):
        of_zone, begin, mean, count = grouped(zone, time, minutes * MINUTE, fare)
        values = {"mean_fare": mean} if name == "pickup" else {}
        values |= {f"{name}s": count}
        write(folder / f"{name}s.parquet",
              {name: of_zone, "event_timestamp": times(begin), **values})
        answer |= expected(*winners(of_zone, begin, zone, time), values)
    write(folder / "expected.parquet", answer)


if __name__ == "__main__":
    main()
