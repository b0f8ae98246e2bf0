"""The models: gradient boosted trees, trained on local January to September, tested on the rest.

Four bars tell what leaks cost: what the leaky notebook claims, what its model gets on features as
they are served, the point-in-time model, and a model without stored features.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from prepare import WEATHER
from progress import DemoError
from spine import LABEL

SEED = 7
LAST_TRAINING_MONTH = 9
CATEGORIES = ("carrier", "origin", "dest")
REQUEST = (*CATEGORIES, "distance", "local_hour", "local_weekday")
STORED = (
    *WEATHER,
    *("built", "engines", "seats", "plane_delay", "airport_delay", "carrier_delay", "air_time"),
    *(
        "plane_age",
        "hours_since_arrival",
        "carrier_against_airport",
        "dew_point_spread",
        "gust_over_wind",
    ),
)

WINDOWS = (
    *(f"airport_delay_mean_{w}" for w in ("1h", "3h", "1d", "7d")),
    *(f"airport_departures_{w}" for w in ("1h", "3h", "1d", "7d")),
    *(f"carrier_delay_mean_{w}" for w in ("1h", "3h", "1d", "7d")),
    *(f"carrier_delay_p90_{w}" for w in ("1h", "3h", "1d", "7d")),
    *(f"cancellation_rate_{w}" for w in ("1h", "3h", "1d", "7d")),
    *("plane_delay_of_5", "plane_delay_most_of_5", "plane_landings_1d"),
)

CLAIMED = "the leaky notebook claims"
SERVED = "the same model, as served"
HONEST = "point-in-time features"
WITHOUT = "without stored features"


class Split:
    """Labels, and which rows train and which test. Cancelled flights have no label: neither."""

    def __init__(self, spine: pa.Table):
        local = pc.local_timestamp(
            spine["scheduled_departure"].cast(pa.timestamp("us", "America/New_York"))
        )
        month = pc.month(local).to_numpy()
        labelled = pc.is_valid(spine[LABEL]).to_numpy()
        self.label = pc.fill_null(spine[LABEL], False).to_numpy()
        self.train = labelled & (month <= LAST_TRAINING_MONTH)
        self.test = labelled & (month > LAST_TRAINING_MONTH)


class Encoder:
    """Columns to one float matrix; text becomes its category's number, null and unknown NaN."""

    def __init__(self, spine: pa.Table):
        self.codes = {
            name: {
                value: code for code, value in enumerate(sorted(pc.unique(spine[name]).to_pylist()))
            }
            for name in CATEGORIES
        }

    def matrix(self, columns: tuple[str, ...], *tables: pa.Table) -> np.ndarray:
        """Each column from the first of the tables that has it. Result [rows, columns]."""
        return np.column_stack([self.numbers(name, tables) for name in columns])

    def numbers(self, name: str, tables: tuple[pa.Table, ...]) -> np.ndarray:
        values = next(one[name] for one in tables if name in one.column_names)
        if name in self.codes:
            codes = self.codes[name]
            return np.array(
                [codes.get(value, np.nan) for value in values.to_pylist()], dtype=np.float64
            )
        return values.cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False)


class Model:
    """A classifier together with the columns that it reads."""

    def __init__(self, columns: tuple[str, ...], features: np.ndarray, split: Split):
        self.columns = columns
        self.trees = HistGradientBoostingClassifier(
            random_state=SEED,
            max_iter=100,
            early_stopping=False,
            categorical_features=[name in CATEGORIES for name in columns],
        )
        self.trees.fit(features[split.train], split.label[split.train])

    def probability(self, features: np.ndarray) -> np.ndarray:
        return self.trees.predict_proba(features)[:, 1]

    def auc(self, features: np.ndarray, split: Split) -> float:
        return float(roc_auc_score(split.label[split.test], self.probability(features[split.test])))


class Comparison:
    """Trains the three models. honest: the point-in-time Model. aucs: the four bars, in order."""

    def __init__(
        self, spine: pa.Table, training_set: pa.Table, leaky: pa.Table, say=lambda text: None
    ):
        split = Split(spine)
        self.encoder = Encoder(spine)
        everything = REQUEST + STORED
        honest = self.encoder.matrix(everything, spine, training_set)
        leaked = self.encoder.matrix(everything, spine, leaky)
        say(
            f"{split.train.sum():,} flights train (January to September), {split.test.sum():,} test"
        )
        say("training the notebook's model on its leaky features")
        notebook = Model(everything, leaked, split)
        say("training on point-in-time features")
        self.honest = Model(everything, honest, split)
        say("training without stored features")
        few = honest[:, : len(REQUEST)]
        self.aucs = {
            CLAIMED: notebook.auc(leaked, split),
            SERVED: notebook.auc(honest, split),
            HONEST: self.honest.auc(honest, split),
            WITHOUT: Model(REQUEST, few, split).auc(few, split),
        }

    def check(self) -> None:
        """The leak must show, and the stored features must be worth something."""
        aucs = self.aucs
        shown = ", ".join(f"{name} {auc:.3f}" for name, auc in aucs.items())
        if aucs[CLAIMED] < aucs[HONEST] + 0.10:
            raise DemoError(f"the leak does not show: {shown}")
        if aucs[HONEST] < max(aucs[SERVED], aucs[WITHOUT]) + 0.02:
            raise DemoError(f"point-in-time features do not help: {shown}")


def auc_with_windows(spine: pa.Table, training_set: pa.Table) -> float:
    """Of a model that reads the windows of departure_delay_v2 as well."""
    split = Split(spine)
    everything = REQUEST + STORED + WINDOWS
    features = Encoder(spine).matrix(everything, spine, training_set)
    return Model(everything, features, split).auc(features, split)


def draw(aucs: dict[str, float], path: Path) -> None:
    """The four bars as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3.2), layout="constrained")
    colours = {CLAIMED: "#c0392b", SERVED: "#e59866", HONEST: "#1e8449", WITHOUT: "#909497"}
    drawn = axes.barh(list(aucs), list(aucs.values()), color=[colours[name] for name in aucs])
    axes.bar_label(drawn, fmt="%.3f", padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0.5, 1.0)
    axes.set_xlabel("AUC on October to December; 0.5 is a coin")
    axes.set_title("Delayed or not, asked two hours before departure")
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
