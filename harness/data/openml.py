"""OpenML: any of its tables of labelled rows, by number or by name, through scikit-learn.

Choosing it is asking for it: what scikit-learn's folder lacks is downloaded, and the checksum that OpenML
states is checked. Columns of numbers stay; every other becomes a one-hot column for each level, as in a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..records import Ints, Task
from ..seeds import seed_for
from ..splits import SMALLEST_SIZE, subset
from .encoding import Encoding, frequent_levels
from .fetching import fetch, home
from .held_out import wanted_rows
from .recipe import About, Options, Recipe

if TYPE_CHECKING:
    import pandas

MOST_LEVELS, MOST_CLASSES = 50, 100


def _prepare(options: Options) -> Task:
    target = "default-target" if options["target"] is None else str(options["target"])
    found = fetch_table("openml", **_asked(options), target_column=target, as_frame=True)
    about = f"OpenML {found.details['id']} ({found.details['name']}, version {found.details['version']})"
    classes, y = _labels(about, found.target)
    pool, test = _pool_and_test(about, y, options["test_rows"])
    table = found.data
    numeric = table.select_dtypes(["number", "bool"]).columns
    text = table.columns.difference(numeric, sort=False)
    table = table.assign(**{column: table[column].astype(object) for column in text})
    encoding = Encoding(
        tuple(numeric), {column: frequent_levels(table[column].iloc[pool], MOST_LEVELS) for column in text}
    )
    return Task(
        name=str(found.details["name"]),
        X=encoding.encode(table.iloc[pool]),
        y=y[pool],
        X_test=encoding.encode(table.iloc[test]),
        y_test=y[test],
        classes=classes,
        features=encoding.features,
        digest="",
        source=about,
        licence=str(found.details.get("licence", "")),
    )


def fetch_table(name: str, /, **request: Any) -> Any:
    """What OpenML has of a table; `name` is of the data set that asks.

    Its format is read without pandas: scikit-learn 1.9 with pandas 3 fails where classes are numbers.

    Raises:
        DataError: as `fetch`.
    """
    from sklearn.datasets import fetch_openml

    return fetch(name, fetch_openml, **request, parser="liac-arff")


def _asked(options: Options) -> dict[str, Any]:
    """The number of a set, or its name and first version: what either names does not change."""
    dataset = options["dataset"]
    if isinstance(dataset, int) and not isinstance(dataset, bool):
        return {"data_id": dataset}
    if isinstance(dataset, str) and re.fullmatch(r"\w[\w.,()+-]*", dataset):  # it becomes part of a path
        return {"name": dataset.lower(), "version": 1}
    raise DataError(
        "data=openml needs data.dataset, the number of a data set at openml.org or the name of its first "
        f"version, such as data.dataset=61 or data.dataset=iris; got {dataset!r}"
    )


def _labels(about: str, target: pandas.Series[Any] | pandas.DataFrame | None) -> tuple[tuple[str, ...], Ints]:
    if target is None or target.ndim > 1:
        number = "no column" if target is None else f"{target.shape[1]} columns"
        raise DataError(f"{about} has {number} to predict by default; name one with data.target")
    missing = int(target.isna().to_numpy().sum())
    if missing:
        raise DataError(f"{about}: {missing:,} rows have no {target.name!r}; choose another")
    values, y = np.unique(target.to_numpy(), return_inverse=True)
    if not 2 <= len(values) <= MOST_CLASSES:
        raise DataError(
            f"{about}: {target.name!r} has {len(values):,} values, and must have from 2 to {MOST_CLASSES}; "
            "choose another column with data.target"
        )
    return tuple(str(value) for value in values), y.astype(np.int64)


def _pool_and_test(about: str, y: Ints, wanted: object) -> tuple[Ints, Ints]:
    n = len(y)
    if n < 2 * SMALLEST_SIZE:
        raise DataError(f"{about} has {n} rows, and needs at least {2 * SMALLEST_SIZE}; choose another")
    test = np.sort(subset(y, wanted_rows(n, wanted), repeat=0, seed=seed_for("test", data="openml")))
    return np.setdiff1d(np.arange(n), test), test


def is_here(options: Options) -> bool:
    """Whether the first thing that is fetched of a set has been fetched."""
    if options["dataset"] is None:
        return False
    asked, api = _asked(options), home() / "openml" / "openml.org" / "api" / "v1" / "json" / "data"
    by_name = api / "list" / "data_name" / str(asked.get("name")) / "limit" / "2" / "data_version" / "1.gz"
    return (api / f"{asked['data_id']}.gz" if "data_id" in asked else by_name).is_file()


RECIPE = Recipe(
    version=1,
    defaults={"dataset": None, "target": None, "test_rows": None},
    source=lambda _: "",
    prepare=_prepare,
    about=About(
        title="any table of openml.org with classes, by its number or name",
        rows="of the table",
        source="openml.org, through scikit-learn",
        licence="as stated there",
        yours=True,
        command="harness data data=openml data.dataset=61",
        is_here=is_here,
    ),
)
