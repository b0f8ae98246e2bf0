"""Table: rows in memory as the engine gives them, ready for any table library."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from coeval import convert, display
from coeval.errors import InvalidArgument

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from coeval._core import Frame


class Table:
    """Rows in memory. Speaks Arrow: polars, DuckDB, pyarrow and others take it as it is, without a
    copy: `polars.DataFrame(table)`, `duckdb.from_arrow(table)`, `pyarrow.table(table)`."""

    def __init__(self, frame: Frame, left: Any = None) -> None:
        self._frame = frame
        self._left = left  # what its first columns were given as

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._frame.names)

    @property
    def types(self) -> dict[str, str]:
        """The type of each column in Coeval's words; "" where it has none for it."""
        return {name: self._frame.type(i) for i, name in enumerate(self._frame.names)}

    @property
    def num_rows(self) -> int:
        """How many rows."""
        return self._frame.num_rows

    def __len__(self) -> int:
        return self._frame.num_rows

    def to_df(self, dtypes: convert.Dtypes | None = None) -> pandas.DataFrame:
        """A pandas.DataFrame.

        dtypes: None: NumPy's types where they change no value, else pandas' nullable ones (Int64,
            boolean, Float64) or Arrow-backed ones (dates, decimals, lists, maps, floats that hold
            NaN and null); "numpy": NumPy's throughout, which turns integers with nulls into floats
            and null into NaN; "arrow": Arrow-backed throughout.
        Columns that came from a pandas spine come back as they were, with its index.
        """
        frame: pandas.DataFrame = convert.to_pandas(self._frame, self._left, dtypes)
        return frame

    def to_pandas(self, dtypes: convert.Dtypes | None = None) -> pandas.DataFrame:
        """The same as to_df."""
        return self.to_df(dtypes)

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow.Table."""
        return convert.to_pyarrow(self._frame)

    def to_polars(self) -> polars.DataFrame:
        """A polars.DataFrame."""
        frame: polars.DataFrame = convert.to_polars(self._frame)
        return frame

    def to_dict(self) -> dict[str, list[Any]]:
        """A dict of lists of Python's own values; times are datetimes in UTC."""
        return convert.to_columns(self._frame)

    def to_parquet(self, path: str | os.PathLike[str], *, compression: str = "zstd") -> int:
        """Writes a Parquet file; the file is replaced in one step, or left as it was.

        compression: "zstd", "snappy", "lz4", "gzip" or "none". Gives the file's size in bytes."""
        return self._write(path, "parquet", compression)

    def to_csv(self, path: str | os.PathLike[str]) -> int:
        """Writes a CSV file with a header; null is an empty field. Gives its size in bytes."""
        return self._write(path, "csv", "none")

    def _write(self, path: str | os.PathLike[str], file_format: str, compression: str) -> int:
        from coeval import _core

        return _core.write_frame(self._frame, os.fspath(path), file_format, compression)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._frame.__arrow_c_schema__()

    def __repr__(self) -> str:
        return display.table_text(self._title(), self._head(), self.num_rows)

    def _repr_html_(self) -> str:
        return display.table_html(self._title(), self._head(), self.num_rows)

    def _title(self) -> str:
        return f"{type(self).__name__}: {self.num_rows:,} rows, {len(self.column_names)} columns"

    def _head(self, rows: int = 5) -> dict[str, list[str]]:
        """The first rows as texts; of a column that Coeval cannot read, dots."""
        shown: dict[str, list[str]] = {}
        for position, name in enumerate(self.column_names):
            try:
                cells = self._frame.cells(position, rows)
            except InvalidArgument:
                cells = ["..."] * min(rows, self.num_rows)
            shown[name] = [display.cell_text(cell) for cell in cells]
        return shown
