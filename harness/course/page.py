"""The page of the course: every statement, its experiment or the reason there is none; then each finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from harness.course.finding import Finding
from harness.course.processes import Ended
from harness.errors import HarnessError
from harness.plots import finding_picture
from harness.plots.style import rendered
from harness.report.tables import replace_text

if TYPE_CHECKING:
    from harness.course_config import CourseConfig, Experiment

MOST_ROWS = 24  # of a table on the page; all are in MLflow
NOT_RUN = Ended("", "not run", reason="not recorded with these settings; the command below runs it")
INTRODUCTION = """\
# The course, run

The statements of the notes of a first deep-learning course (Andrew Ng's *Neural Networks and Deep Learning*),
each tried by an experiment that ends in a verdict. The rule of each verdict stands at the top of the
experiment's file, with the margins and tests that it uses. *Undetermined* means that the numbers allow both,
or that the answer depends on the data; the text then says on which. *Surely* means that a 95 % interval
excludes zero, or the margin that the sentence names (a stricter level where many comparisons are made; the
experiment's file states it). An effect has its 95 % interval, over draws of rows and starts unless the file
says otherwise. The effect is a summary, not the rule: a verdict can hang on another number, which the
sentence below it gives. Seconds are those of the machine that ran the experiment. `make course` writes this
page, and runs what is not recorded yet, two experiments at a time.
"""


def places(config: CourseConfig) -> list[tuple[Path, Path]]:
    """Where the page goes, with the folder of its pictures: beside the reports, and where `page` says."""
    reports = config.root / "reports" / "course"
    asked = [] if config.page is None else [(config.page, config.page.with_suffix(""))]
    return [(reports / "course.md", reports), *asked]


def prepare(config: CourseConfig) -> None:
    """Make the folders of the page, so that what cannot be written is known before anything is run.

    Raises:
        HarnessError: where a page or its folder cannot be written.
    """
    for place, folder in places(config):
        with _told(place):
            folder.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                raise IsADirectoryError(None, "a folder has that name")
            for written in (folder, place.parent):
                with NamedTemporaryFile(dir=written):
                    pass


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """A mistake of the file system as one of a person."""
    try:
        yield
    except OSError as error:
        remedy = "mend that, or choose another place with page= or tracking.root="
        raise HarnessError(f"the page {place} cannot be written: {error.strerror}; {remedy}") from None


def write(config: CourseConfig, ended: Mapping[str, Ended]) -> list[Path]:
    """Write the page and its pictures; the files.

    Raises:
        HarnessError: where one cannot be written.
    """
    pictures = {
        name: rendered(finding_picture(one.finding.panels), "png")
        for name, one in ended.items()
        if one.finding is not None
    }
    for place, folder in places(config):
        near = folder.relative_to(place.parent).as_posix()
        with _told(place):
            folder.mkdir(parents=True, exist_ok=True)
            for name, picture in pictures.items():
                (folder / f"{name}.png").write_bytes(picture)
            replace_text(place, text(config, ended, "" if near == "." else f"{near}/"))
    return [place for place, _ in places(config)]


def text(config: CourseConfig, ended: Mapping[str, Ended], pictures: str) -> str:
    """The page; `pictures` stands before the name of each picture."""
    ordered = sorted(config.experiments, key=lambda one: rank(config.sections, one.section))
    parts = [INTRODUCTION, "\n".join(_table(config, ended))]
    parts += ["\n".join(_part(one, ended.get(one.name, NOT_RUN), pictures)) for one in ordered]
    return "\n".join(parts)


def rank(sections: tuple[str, ...], section: str) -> int:
    """The place of a section in the notes; after all of them for an unknown one."""
    return sections.index(section) if section in sections else len(sections)


def _table(config: CourseConfig, ended: Mapping[str, Ended]) -> Iterator[str]:
    yield "| section | statement | experiment | verdict |"
    yield "| --- | --- | --- | --- |"
    lines = [
        (one.section, one.statement, f"[{one.name}](#{one.name})", _word(ended.get(one.name, NOT_RUN)))
        for one in config.experiments
    ]
    lines += [(one.section, one.statement, f"none: {one.reason}", "") for one in config.told]
    for line in sorted(lines, key=lambda line: rank(config.sections, line[0])):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |"
    yield ""


def _word(ended: Ended) -> str:
    return ended.outcome if ended.finding is None else str(ended.finding.verdict)


def _part(one: Experiment, ended: Ended, pictures: str) -> Iterator[str]:
    found = ended.finding
    yield f"## {one.name}\n"
    yield f"*{one.section}*: “{one.statement}.”\n"
    if found is None:
        yield f"**{ended.outcome.capitalize()}**: {ended.reason}.\n"
    else:
        yield f"**{found.verdict.capitalize()}**: {effect(found)}.\n"
        yield f"![{one.name}: {found.verdict}]({pictures}{one.name}.png)\n"
        yield f"{typeset(found.sentence)}\n"
        if found.conditions:
            yield f"*Conditions.* {typeset(found.conditions)}\n"
        if 0 < len(found.rows) <= MOST_ROWS:
            yield from _numbers(found)
    took = f" · {ended.seconds:.0f} s" if found is not None else ""
    yield (
        f"`harness course 'only=[{one.name}]'` · `harness/course/{one.name}.py` · "
        f"`conf/experiment/{one.name}.yaml`{took}\n"
    )


def _numbers(found: Finding) -> Iterator[str]:
    """The rows behind the picture, folded away."""
    columns = list(dict.fromkeys(column for row in found.rows for column in row))
    yield "<details><summary>The numbers</summary>\n"
    yield f"| {' | '.join(column.replace('_', ' ') for column in columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for row in found.rows:
        cells = (row.get(column, "") for column in columns)
        told = (number(cell) if isinstance(cell, float) else str(cell) for cell in cells)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in told)} |"
    yield "\n</details>\n"


def effect(found: Finding) -> str:
    """The effect with its interval.

    >>> from harness.verdicts import Answer
    >>> effect(Finding(Answer.SUPPORTED, 2.0, 1.5, 2.46, "times as many steps", "", (), ()))
    '2 times as many steps (95 % interval 1.5 to 2.46)'
    """
    effect, low, high = (number(value) for value in (found.effect, found.low, found.high))
    between = f"{'range' if found.is_range else '95 % interval'} {low} to {high}"
    interval = "exactly" if found.low == found.high else between
    return f"{effect} {found.unit} ({interval})"


def typeset(sentence: str) -> str:
    """A sentence with a true minus before each negative number, but for exponents.

    >>> typeset("a slope of -0.5 (-1 to 8e-15), best-known for n-1")
    'a slope of −0.5 (−1 to 8e-15), best-known for n-1'
    """
    return re.sub(r"(?<![\w=`])-(?=\d)", "\N{MINUS SIGN}", sentence)


def number(value: float) -> str:
    """Three digits of a number, or all before the point.

    >>> number(1234.5), number(0.012345), number(-2.0)
    ('1,234', '0.0123', '−2')
    """
    told = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return told.replace("-", "\N{MINUS SIGN}")
