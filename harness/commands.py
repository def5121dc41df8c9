"""The commands: what each word is for, its primary configuration, its check, and where its work is done."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.config import parse, parse_doctor, parse_ui
from harness.course_config import parse_course
from harness.data_config import parse_data
from harness.reproduce_config import parse_reproduce


@dataclass(frozen=True)
class Command:
    """What a word on the command line stands for; `target` is imported only when it runs.

    Attributes:
        positional: the key that a word without `=` gives a value to; empty where there is none.
    """

    summary: str
    primary: str
    check: Callable[[dict[str, Any], str], Any]
    target: str
    positional: str = ""

    def keyed(self, words: list[str]) -> list[str]:
        """The words after the command, the first that stands alone given to the positional key.

        >>> COMMANDS["reproduce"].keyed(["tracking.root=x", "0123", "--cfg", "job"])
        ['tracking.root=x', "run_id='0123'", '--cfg', 'job']
        """
        for at, word in enumerate(words):
            belongs = at > 0 and words[at - 1].startswith("-")  # to a flag
            if self.positional and "=" not in word and not word.startswith("-") and not belongs:
                quoted = word.replace("\\", "\\\\").replace("'", "\\'")
                return [*words[:at], f"{self.positional}='{quoted}'", *words[at + 1 :]]
        return words

    def run(self, config: Any) -> int:
        """The exit status of the work."""
        module, _, function = self.target.partition(":")
        status: int = getattr(importlib.import_module(module), function)(config)
        return status


COMMANDS = {
    "sweep": Command(
        "run the cells that are not recorded yet, write the report", "config", parse, "harness.sweep:run"
    ),
    "plan": Command(
        "show the cells: done, missing, estimated cost; run nothing", "config", parse, "harness.plan:show"
    ),
    "report": Command("write the report again from what is recorded", "config", parse, "harness.sweep:again"),
    "curves": Command("draw the curves alone from what is recorded", "config", parse, "harness.sweep:redraw"),
    "data": Command(
        "list the data sets, or say what was found in one and what is made of it",
        "data",
        parse_data,
        "harness.data.command:show",
    ),
    "course": Command(
        "run the statements of a deep-learning course as experiments, write the page of their verdicts",
        "course",
        parse_course,
        "harness.course.command:run",
    ),
    "ui": Command("open MLflow's pages on the records", "ui", parse_ui, "harness.ui:serve"),
    "reproduce": Command(
        "run a recorded trial, cell or sweep again, and compare every number",
        "reproduce",
        parse_reproduce,
        "harness.reproduce:run",
        positional="run_id",
    ),
    "doctor": Command(
        "say what is amiss; fix=true removes leftovers, damaged cells and sweeps",
        "doctor",
        parse_doctor,
        "harness.doctor:run",
    ),
}

HELP = """\
harness: would more data help, or a bigger model, or better tuning?

It tunes families of models at growing training-set sizes, records every trial in MLflow, and draws
test error against size with honest intervals. The first thing to try (digits, about half a minute):

  harness sweep experiment=quick

Commands:
{commands}

harness COMMAND --help    what it does, its keys and choices
harness --version         this program's version
eval "$(harness -sc install=bash)"    completion of commands, keys and choices

Everything is key=value, lists in quotes: harness sweep 'model=[svm,small_nn]' 'data.sizes=[500,5000]'
More: README.md and docs/ of the project.
"""
