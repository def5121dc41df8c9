"""Air time: how many minutes a flight is in the air, a number, from its schedule, carrier and destination.

The flights of `flights.py` that arrived, 327,346 of them, with the same columns and the carrier; tested on
the same days, those whose day of the year ends in 7.
"""

from __future__ import annotations

import numpy as np

from ..records import Task
from .encoding import Encoding, frequent_levels
from .flights import CATEGORICAL, NUMERIC, READ, pool_and_test, schedule, source, table_path
from .flights import RECIPE as FLIGHTS
from .recipe import About, Options, Recipe

ABOUT = About(
    title="how many minutes it is in the air, a number, from the schedule and the carrier",
    rows="294,527 + 10,000",
    source=FLIGHTS.about.source,
    licence=FLIGHTS.about.licence,
    command=FLIGHTS.about.command,
    is_here=FLIGHTS.about.is_here,
)


def _prepare(options: Options) -> Task:
    import pandas

    missing = {"air_time": ["", "NA"]}
    columns = [*READ, "air_time"]
    flights = pandas.read_csv(table_path(), usecols=columns, keep_default_na=False, na_values=missing)
    flights = flights[flights["air_time"].notna()].reset_index(drop=True)
    table = schedule(flights).assign(carrier=flights["carrier"])
    pool, test = pool_and_test(table["day_of_year"].to_numpy(), options["test_rows"], "air_time")
    categorical = (*CATEGORICAL, "carrier")
    levels = {column: frequent_levels(table[column].iloc[pool], most=len(table)) for column in categorical}
    encoding = Encoding(NUMERIC, levels)
    y = flights["air_time"].to_numpy(dtype=np.float64)
    return Task(
        name="air_time",
        X=encoding.encode(table.iloc[pool]),
        y=y[pool],
        X_test=encoding.encode(table.iloc[test]),
        y_test=y[test],
        classes=(),
        features=encoding.features,
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


RECIPE = Recipe(version=1, defaults={"test_rows": 10_000}, source=source, prepare=_prepare, about=ABOUT)
