"""Files that hold their columns with types: Parquet, Arrow (IPC and Feather), and NumPy's NPZ.

Types that are neither numbers, truth values, texts, categories nor dates are refused by the name of the
column, and only where that column is read.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from .table import Table, checked_columns, told

if TYPE_CHECKING:
    import pandas

PANDAS_INDEX = "__index_level_"  # a column that pandas writes for the labels of the rows
MAGIC = {b"ARROW1": "open_file", b"\xff\xff\xff\xff": "open_stream"}


def open_parquet(path: Path) -> Table:
    """The table of a Parquet file.

    Raises:
        DataError: it is damaged, or has no rows or no fit column names.
    """
    import pyarrow
    import pyarrow.parquet

    damage = (pyarrow.ArrowException, ValueError)
    with told(path, "Parquet", *damage), pyarrow.parquet.ParquetFile(path) as file:
        return _of_arrow(path, file.read())


def open_arrow(path: Path) -> Table:
    """The table of an Arrow IPC file (Feather version 2 is one) or stream.

    Raises:
        DataError: as `open_parquet`.
    """
    import pyarrow
    import pyarrow.ipc

    damage = (pyarrow.ArrowException, ValueError)
    with told(path, "Arrow", *damage), pyarrow.memory_map(str(path)) as content:
        opened = MAGIC.get(content.read(6), MAGIC.get(content.read_at(4, 0)))
        if opened is None:
            raise ValueError("it begins as no Arrow file does")
        content.seek(0)
        with getattr(pyarrow.ipc, opened)(content) as reader:
            return _of_arrow(path, reader.read_all())


def _of_arrow(path: Path, table: Any) -> Table:
    names = [name for name in table.column_names if not name.startswith(PANDAS_INDEX)]
    columns = _columns(path, names, table.num_rows)
    table.validate(full=True)

    def read(columns: Sequence[str], text: Collection[str], _: Collection[str]) -> pandas.DataFrame:
        import pandas
        import pyarrow

        with told(path, "a table", pyarrow.ArrowException):
            read = {name: _values(path, name, table.column(name), name in text) for name in columns}
        return pandas.DataFrame(read, copy=False)

    return Table(path, columns, table.num_rows, read)


def _columns(path: Path, names: Sequence[str], rows: int) -> tuple[str, ...]:
    columns = checked_columns(path, names)
    if not rows or not columns:
        raise DataError(f"{path} has no {'rows' if columns else 'columns'}; data.path must name a table")
    return columns


def _values(path: Path, name: str, column: Any, as_text: bool) -> pandas.Series[Any]:
    """A column as pandas has it; decimals as floats, dates as timestamps, categories as such."""
    import pyarrow
    from pyarrow import compute, types

    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if types.is_date(kind) or types.is_timestamp(kind):
        column = column.cast(pyarrow.timestamp("us"), safe=False)  # zones to UTC
    elif types.is_decimal(kind):
        column = column.cast(pyarrow.float64())
    elif not any(test(kind) for test in _taken_as_they_are(types)):
        raise _unfit(path, name, str(column.type))
    if as_text:
        column = column.cast(kind) if types.is_dictionary(column.type) else column
        if types.is_floating(column.type):
            column = compute.if_else(compute.is_nan(column), None, column)
        column = column.cast(pyarrow.string())
    values: pandas.Series[Any] = column.to_pandas()
    return values


def _taken_as_they_are(types: Any) -> tuple[Any, ...]:
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    return (types.is_integer, types.is_floating, types.is_boolean, types.is_null, *texts)


def _unfit(path: Path, name: str, found: str) -> DataError:
    return DataError(
        f"{path}: column {name!r} holds {found}, and is neither numbers, text nor dates; "
        f"drop it: 'data.drop=[{name}]'"
    )


def open_npz(path: Path) -> Table:
    """The table of an NPZ: `X` (rows, ...), whose columns are x0, x1, ..., and other arrays of a value a row.

    Raises:
        DataError: it is damaged or holds Python objects, lacks `X` or `y`, or their rows differ in number.
    """
    damage = (ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error, RuntimeError)
    with told(path, "NPZ", *damage), path.open("rb") as content:
        if content.read(2) != b"PK":
            raise ValueError("it begins as no NPZ does; save X and y with numpy.savez")
        content.seek(0)
        with np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    for name in ("X", "y"):
        if name not in arrays:
            held = ", ".join(arrays) or "nothing"
            raise DataError(f"{path} has no array {name!r} (it has {held}); save X and y with numpy.savez")
    X = arrays.pop("X")
    X = X.reshape(len(X), -1) if X.ndim > 1 and len(X) else X.reshape(len(np.atleast_1d(X)), 1)
    for name, array in arrays.items():
        if array.shape != (len(X),):
            raise DataError(
                f"{path}: {name!r} must be {len(X):,} values, one for each row of X, got the shape "
                f"{array.shape}; mend the file"
            )
    numbered = {f"x{at}": X[:, at] for at in range(X.shape[1])}
    columns = _columns(path, [*numbered, *arrays], len(X))
    return Table(path, columns, len(X), _reader_of_arrays(path, {**numbered, **arrays}))


def _reader_of_arrays(path: Path, arrays: Mapping[str, Any]) -> Any:
    def read(columns: Sequence[str], text: Collection[str], _: Collection[str]) -> pandas.DataFrame:
        import pandas

        read = {name: _checked_array(path, name, arrays[name], name in text) for name in columns}
        return pandas.DataFrame(read, copy=False)

    return read


def _checked_array(path: Path, name: str, array: Any, as_text: bool) -> pandas.Series[Any]:
    import pandas

    if array.dtype.kind not in "biufUM":
        raise _unfit(path, name, str(array.dtype))
    values = pandas.Series(array)
    return values.map(str, na_action="ignore").astype("str") if as_text else values
