"""How a cell is searched, checked: its sampler, its pruner, its one budget and the limit of a trial."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from harness.checks import keys, mistake, one_of, positive, whole
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.records import SearchSettings

SAMPLERS = ("tpe", "random")
PRUNERS = ("quartile", "none")
BUDGETS = ("trials", "seconds", "studies")  # a search has exactly one
DEFAULT_TRIALS = 8


def parse_search(tree: object) -> SearchSettings:
    """The checked form of the tree's `search`.

    Raises:
        ConfigError: for a key that is unknown or missing, a value of a wrong type, or two budgets.
    """
    from harness.records import SearchSettings  # reaches NumPy, which help and completion do without

    fields = keys(tree, "search", ("sampler", "pruner", *BUDGETS, "trial_seconds"))
    limit = fields["trial_seconds"]
    return SearchSettings(
        sampler=one_of(fields["sampler"], "search.sampler", SAMPLERS),
        pruner=one_of(fields["pruner"], "search.pruner", PRUNERS),
        trial_seconds=None if limit is None else positive(limit, "search.trial_seconds"),
        **_budget({name: fields[name] for name in BUDGETS if fields[name] is not None}),
    )


def _budget(stated: Mapping[str, object]) -> dict[str, Any]:
    """The one budget of a search, by its name; 8 trials where none is stated."""
    if len(stated) > 1:
        named = [f"search.{name}={value}" for name, value in stated.items()]
        raise ConfigError(
            f"{', '.join(named[:-1])} and {named[-1]} are {len(named)} budgets, a search has one; "
            f"set the others to null, such as search.{next(iter(stated))}=null"
        )
    parsed: dict[str, Callable[[object], Any]] = {
        "trials": lambda value: whole(value, "search.trials"),
        "seconds": lambda value: positive(value, "search.seconds"),
        "studies": _studies,
    }
    return {name: parsed[name](value) for name, value in stated.items()} or {"trials": DEFAULT_TRIALS}


def _studies(value: object) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})x(\d{1,6})", value) if isinstance(value, str) else None
    if match is None:
        raise mistake("search.studies", "studies x trials in each", value, "e.g. search.studies=3x8")
    return whole(int(match[1]), "search.studies"), whole(int(match[2]), "search.studies")
