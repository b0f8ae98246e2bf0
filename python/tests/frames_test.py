"""Values of Python into the engine and back: nothing is lost, and what would be is refused."""

import datetime as dt
import decimal
import subprocess
import sys

import coeval
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from coeval import _core, convert
from coeval.frames import columns_frame, to_engine, type_of_values
from hypothesis import given, settings
from hypothesis import strategies as st
from tests_support import same_bits

UTC = dt.UTC
D = decimal.Decimal


def through(kind: str, value):
    """One value as a cell of a type, and back."""
    return _core.Frame.from_columns([("a", kind, [value])], 1).cells(0)[0]


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        ("int64", 5, 5),
        ("int64", 5.0, 5),
        ("int64", -0.0, 0),
        ("int64", np.int8(7), 7),
        ("int64", np.float32(7), 7),
        ("int64", D("7.00"), 7),
        ("int64", 2**63 - 1, 2**63 - 1),
        ("int64", float("nan"), None),
        ("int32", -(2**31), -(2**31)),
        ("float64", 5, 5.0),
        ("float64", D("0.5"), 0.5),
        ("float64", np.float32(0.1), float(np.float32(0.1))),
        ("float32", 0.1, float(np.float32(0.1))),
        ("float64", float("inf"), float("inf")),
        ("bool", True, True),
        ("bool", np.bool_(False), False),
        ("string", "é", "é"),
        ("string", np.str_("a"), "a"),
        ("string", "", ""),
        ("string", float("nan"), None),
        ("bytes", b"\x00\xff", b"\x00\xff"),
        ("bytes", bytearray(b"a"), b"a"),
        ("timestamp", dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=UTC)),
        (
            "timestamp",
            dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-5))),
            dt.datetime(2020, 1, 1, 5, tzinfo=UTC),
        ),
        ("timestamp", dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=UTC)),
        ("timestamp", dt.datetime.min, dt.datetime.min.replace(tzinfo=UTC)),
        ("timestamp", dt.datetime.max, dt.datetime.max.replace(tzinfo=UTC)),
        (
            "timestamp",
            np.datetime64("1969-12-31T23", "h"),
            dt.datetime(1969, 12, 31, 23, tzinfo=UTC),
        ),
        ("timestamp", np.datetime64("2020-01", "M"), dt.datetime(2020, 1, 1, tzinfo=UTC)),
        (
            "timestamp",
            pd.Timestamp("2020-01-01 00:00:00.000001"),
            dt.datetime(2020, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        ),
        (
            "timestamp",
            pd.Timestamp("2020-01-01", tz="Asia/Tokyo"),
            dt.datetime(2019, 12, 31, 15, tzinfo=UTC),
        ),
        ("date", dt.date(1, 1, 1), dt.date(1, 1, 1)),
        ("date", np.datetime64("2020-01-31"), dt.date(2020, 1, 31)),
        ("decimal(5, 2)", D("-1.5"), D("-1.50")),
        ("decimal(38, 0)", 10**37, D(10**37)),
        ("list<int64>", [1, None], [1, None]),
        ("list<string>", (), []),
        ("vector<float32, 2>", np.array([1, 2]), [1.0, 2.0]),
        ("map<string, int64>", {"b": 1, "a": None}, {"a": None, "b": 1}),
        ("map<int64, list<string>>", {1: ["x"]}, {1: ["x"]}),
        ("int64", pa.scalar(5), 5),
        ("timestamp", pa.scalar(dt.datetime(2020, 1, 1)), dt.datetime(2020, 1, 1, tzinfo=UTC)),
        *[
            (kind, null, None)
            for kind in ("int64", "string", "timestamp", "decimal(4, 1)", "list<int64>")
            for null in (None, pd.NA, pd.NaT, np.datetime64("NaT"))
        ],
    ],
)
def test_a_value_arrives_as_it_is(kind, value, held):
    assert same_bits(through(kind, value), held)


def test_nan_is_a_value_of_a_float_and_keeps_no_payload():
    assert through("float64", float("nan")) != through("float64", float("nan"))
    assert same_bits(through("float64", -0.0), -0.0)


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("int64", "5", "'5' .str. is no int64"),
        ("int64", True, "True .bool. is no int64"),
        ("int64", 5.5, "5.5 .float. is no int64"),
        ("int64", 2**63, "is no int64; it does not fit"),
        ("int64", D("5.5"), "is no int64"),
        ("int64", D("NaN"), "is no int64"),
        ("int32", 2**31, "is no int32"),
        ("bool", 1, "1 .int. is no bool"),
        ("float64", True, "is no float64"),
        ("float64", "0.5", "is no float64"),
        ("float64", 2**53 + 1, "it would be rounded"),
        ("string", 5, "is no string"),
        ("string", b"a", "is no string"),
        ("bytes", "a", "is no bytes"),
        ("timestamp", "yesterday", "is no t"),
        ("timestamp", 5, "is no timestamp"),
        ("timestamp", np.datetime64("2020-01-01T00:00:00.000000001"), "microsecond"),
        ("timestamp", pd.Timestamp("2020-01-01 00:00:00.000000001"), "microsecond"),
        ("date", dt.datetime(2020, 1, 1), "is no date"),
        ("decimal(4, 2)", D("1.234"), "digits"),
        ("decimal(4, 2)", D("123.4"), "digits"),
        ("decimal(4, 2)", 1.5, "an int or a Decimal is"),
        ("decimal(4, 2)", D("Infinity"), "is no decimal"),
        ("list<int64>", "abc", "is no list<int64>"),
        ("list<int64>", 5, "is no list<int64>"),
        ("list<int64>", [1, "x"], "'x' .str. is no int64"),
        ("vector<float32, 2>", [1.0], "it has 1 elements"),
        ("vector<float32, 2>", [1.0, None], "no nulls"),
        ("map<string, int64>", [("a", 1)], "a dict is"),
        ("map<string, int64>", {None: 1}, "a key is null"),
        ("string", object(), "is no string"),
    ],
)
def test_what_would_be_lost_is_refused_by_column_and_row(kind, value, why):
    with pytest.raises(coeval.InvalidArgument, match=f"(?s)column 'a', row 1: .*{why}"):
        _core.Frame.from_columns([("a", kind, [None, value])], 2)


@settings(max_examples=300, deadline=None)
@given(st.datetimes(timezones=st.sampled_from([UTC, dt.timezone(dt.timedelta(hours=14)), None])))
def test_any_datetime_comes_back(time):
    meant = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    try:
        meant = meant.astimezone(UTC)
    except OverflowError:
        return
    assert through("timestamp", time) == meant


@settings(max_examples=200, deadline=None)
@given(st.dates(), st.floats(), st.integers(-(2**63), 2**63 - 1), st.text(), st.binary())
def test_any_plain_value_comes_back(day, number, whole, text, data):
    assert through("date", day) == day
    assert same_bits(through("float64", number), number)
    assert through("int64", whole) == whole
    assert through("string", text) == text
    assert through("bytes", data) == data


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12
    )
)
def test_any_decimal_comes_back(number):
    assert through("decimal(20, 3)", number) == number


def test_a_text_that_is_no_utf8_is_refused():
    with pytest.raises(UnicodeEncodeError):
        through("string", "\ud800")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "null"),
        ([None], "null"),
        ([1, None], "int64"),
        ([1, 2.5], "float64"),
        ([True], "bool"),
        (["a"], "string"),
        ([b"a"], "bytes"),
        ([dt.datetime(2020, 1, 1)], "timestamp"),
        ([dt.date(2020, 1, 1), dt.datetime(2020, 1, 1)], "timestamp"),
        ([dt.date(2020, 1, 1)], "date"),
        ([D("1.25"), D("10")], "decimal(4, 2)"),
        ([D("1.25"), 7], "decimal(21, 2)"),
        ([D("1E+3")], "decimal(4, 0)"),
        ([D("0.001")], "decimal(3, 3)"),
        ([[1], [], None], "list<int64>"),
        ([[1], [2.5]], "list<float64>"),
        ([{"a": 1}, {"b": None}], "map<string, int64>"),
        ([np.int64(1)], "int64"),
        ([pd.NA, pd.Timestamp("2020-01-01")], "timestamp"),
    ],
)
def test_types_are_guessed_from_all_values(values, kind):
    assert type_of_values(values) == kind


@pytest.mark.parametrize(
    "values", [[1, "a"], [True, 1], ["a", b"a"], [object()], [{1: 2}], [D("NaN")]]
)
def test_values_without_a_common_type_are_refused(values):
    with pytest.raises(TypeError):
        type_of_values(values)


def test_arrays_go_in_without_a_copy_of_their_values():
    columns = {
        "i": np.arange(3, dtype="int16"),
        "f": np.array([1.5, np.nan, -0.0]),
        "b": np.array([True, False, True]),
        "t": np.array(["2020-01-01", "NaT", "2020-01-03"], dtype="datetime64[ns]"),
        "s": np.array(["a", "b", "c"]),
        "strided": np.arange(6)[::2],
        "swapped": np.arange(3, dtype=">i8"),
    }
    table = pa.table(columns_frame(columns))
    assert table["i"].type == pa.int16()
    assert table["i"].to_pylist() == [0, 1, 2]
    assert same_bits(table["f"].to_pylist(), [1.5, float("nan"), -0.0])
    assert table["b"].to_pylist() == [True, False, True]
    assert table["t"].type == pa.timestamp("ns")
    assert table["t"].null_count == 1
    assert table["s"].to_pylist() == ["a", "b", "c"]
    assert table["strided"].to_pylist() == [0, 2, 4]
    assert table["swapped"].to_pylist() == [0, 1, 2]


def test_a_frame_outlives_what_it_was_made_of():
    array = np.arange(100_000)
    frame = columns_frame({"a": array})
    stream = pa.table(frame)
    del array, frame
    assert stream["a"].to_pylist() == list(range(100_000))


def test_an_arrow_table_is_passed_on_untouched():
    table = pa.table(
        {
            "ns": pa.array([1, None], pa.timestamp("ns", "Asia/Tokyo")),
            "cat": pa.array(["a", "b"]).dictionary_encode(),
            "struct": pa.array([{"x": 1}, None]),
            "large": pa.array(["a", None], pa.large_string()),
            "u64": pa.array([2**64 - 1, None], pa.uint64()),
        }
    )
    frame = _core.Frame.read(table)
    assert pa.table(frame).equals(table)
    assert frame.type(2) == ""  # a struct is nothing that Coeval reads
    with pytest.raises(coeval.InvalidArgument, match="struct"):
        frame.cells(2)


def test_a_capsule_is_used_once():
    frame = _core.Frame.from_columns([("a", "int64", [1])], 1)

    class Once:
        capsule = frame.__arrow_c_stream__()

        def __arrow_c_stream__(self, requested_schema=None):
            return self.capsule

    assert _core.Frame.read(Once()).num_rows == 1
    with pytest.raises(ValueError, match="used before"):
        _core.Frame.read(Once())


def frame_of_all_types():
    return _core.Frame.from_columns(
        [
            ("i", "int64", [2**60 + 1, None]),
            ("i2", "int32", [1, 2]),
            ("b", "bool", [True, None]),
            ("f", "float64", [0.5, None]),
            ("fn", "float64", [float("nan"), None]),
            ("f4", "float32", [0.5, 1.5]),
            ("s", "string", ["a", None]),
            ("y", "bytes", [b"a", None]),
            ("t", "timestamp", [dt.datetime(9999, 12, 31), None]),
            ("d", "date", [dt.date(1, 1, 1), None]),
            ("dec", "decimal(4, 2)", [D("1.25"), None]),
            ("l", "list<int64>", [[1, None], None]),
            ("v", "vector<float32, 2>", [[1, 2], None]),
            ("m", "map<string, int64>", [{"a": 1}, None]),
        ],
        2,
    )


def test_pandas_takes_types_that_change_no_value():
    frame = convert.to_pandas(frame_of_all_types())
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert types["i"] == "Int64"
    assert types["i2"] == "int32"
    assert types["b"] == "boolean"
    assert types["f"] == "Float64"
    assert types["fn"] == "double[pyarrow]"
    assert types["f4"] == "float32"
    assert types["t"] == "datetime64[us, UTC]"
    for name in ("d", "dec", "l", "v", "m"):
        assert types[name].endswith("[pyarrow]"), name
    assert frame["i"][0] == 2**60 + 1
    assert frame["i"][1] is pd.NA
    fn = frame["fn"].array.__arrow_array__().to_pylist()
    assert np.isnan(fn[0]) and fn[1] is None


def test_numpys_types_are_the_lossy_choice_by_name():
    frame = convert.to_pandas(frame_of_all_types(), dtypes="numpy")
    assert frame["i"].dtype == "float64"
    assert np.isnan(frame["f"][1])
    assert (
        str(convert.to_pandas(frame_of_all_types(), dtypes="arrow")["i"].dtype) == "int64[pyarrow]"
    )
    with pytest.raises(ValueError, match='"numpy" or "arrow" is expected'):
        convert.to_pandas(frame_of_all_types(), dtypes="nullable")


def test_polars_takes_all_types():
    frame = convert.to_polars(frame_of_all_types())
    assert frame.schema["t"] == pl.Datetime("us", "UTC")
    assert frame.schema["dec"] == pl.Decimal(4, 2)
    assert frame.schema["v"] == pl.Array(pl.Float32, 2)
    assert frame["i"].to_list() == [2**60 + 1, None]


def test_without_pyarrow_pandas_frames_go_both_ways():
    code = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == 'pyarrow':
            raise ImportError('no pyarrow here')
sys.meta_path.insert(0, Refuse())
import datetime as dt
import numpy as np
import pandas as pd
import coeval
left = pd.DataFrame({
    't': pd.to_datetime(['2020-01-03', '2020-01-02']),
    'k': ['a', 'b'],
    'n': pd.array([1, None], dtype='Int64'),
    'c': pd.Categorical(['x', 'y']),
    'z': pd.to_datetime(['2020-01-03', '2020-01-02']).tz_localize('Asia/Tokyo'),
}, index=[5, 6])
right = pd.DataFrame({
    't': pd.to_datetime(['2020-01-01', '2020-01-01']).tz_localize('UTC'),
    'k': ['a', 'c'], 'i': pd.array([7, None], dtype='Int64'), 'f': [0.5, np.nan],
    'b': [True, False], 's': ['x', None], 'd': [dt.date(2020, 1, 1), None],
    'when': pd.to_datetime(['2020-01-01', None]),
})
joined = coeval.asof_join(left, right, on='t', by='k')
pd.testing.assert_frame_equal(joined[left.columns], left)
assert str(joined.dtypes['i']) == 'Int64', joined.dtypes
assert str(joined.dtypes['b']) == 'boolean', joined.dtypes
assert joined['i'].tolist() == [7, pd.NA], joined['i'].tolist()
assert joined['f'].tolist()[0] == 0.5 and pd.isna(joined['f'].tolist()[1])
assert joined['s'].tolist()[0] == 'x'
assert joined['d'].tolist()[0] == dt.date(2020, 1, 1)
assert joined['when'].tolist()[0] == pd.Timestamp('2020-01-01', tz='UTC')
try:
    coeval.asof_join({'t': [dt.datetime(2020, 1, 1)]}, right, on='t', columns=['i'])
except Exception as error:
    raise SystemExit(repr(error))
assert 'pyarrow' not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_to_engine_names_what_it_was_given():
    with pytest.raises(TypeError, match="a table is expected"):
        to_engine(3.5)
