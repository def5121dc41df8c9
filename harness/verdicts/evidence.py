"""Evidence is what the results say on one question: its comparisons, its two p, or what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.records import Flag
from harness.verdicts.comparisons import Comparison
from harness.verdicts.questions import Planned, Question
from harness.verdicts.repeats import override
from harness.verdicts.rules import p_against, p_for
from harness.verdicts.words import label, listed, rows

FEW_TEST_ROWS = 2000
LEAST_REPEATS = 5  # fewer have no power at the sizes that decide

Table = Mapping[tuple[str, str], Mapping[int, Comparison]]


@dataclass(frozen=True)
class Evidence:
    """What is known of one question.

    Attributes:
        comparisons: every pair at every deciding size, those without results left out.
        obstacle, remedy: why the claim cannot be tested, and what would change that; empty where it can.
        p_for, p_against: of the test that supports it and of the one that contradicts it; None where it
            cannot be tested.
        flags: what makes the search of a compared family doubtful at a deciding size.
        notes: what a reader must know beside the answer.
    """

    question: Question
    comparisons: tuple[Comparison, ...]
    obstacle: str
    remedy: str
    p_for: float | None
    p_against: float | None
    flags: tuple[Flag, ...]
    notes: tuple[str, ...]


def gather(
    question: Question, table: Table, labels: Mapping[str, str], flags: Sequence[Flag], planned: Planned
) -> Evidence:
    """The evidence on a question, from the comparisons of its pairs."""
    sizes = () if question.obstacle else question.sizes
    wanted = [(pair, size) for size in sizes for pair in question.pairs]
    found = tuple(table[pair][size] for pair, size in wanted if size in table[pair])
    absent = [(pair, size) for pair, size in wanted if size not in table[pair]]
    obstacle, remedy = question.obstacle, question.remedy
    if not obstacle and absent:
        obstacle, remedy = _no_results(absent, labels), "harness sweep runs the cells that are missing"
    if not obstacle and any(of.interval.repeats == 1 for of in found):
        obstacle, remedy = _one_repeat(found, planned)
    return Evidence(
        question=question,
        comparisons=found,
        obstacle=obstacle,
        remedy=remedy,
        p_for=None if obstacle else p_for(question.claim, found),
        p_against=None if obstacle else p_against(question.claim, found),
        flags=tuple(flag for flag in flags if any(_concerns(flag, of) for of in found)),
        notes=(*question.notes, *_shortcomings(found, labels, planned)),
    )


def _no_results(absent: Sequence[tuple[tuple[str, str], int]], labels: Mapping[str, str]) -> str:
    sizes = sorted({size for _, size in absent})
    pairs = dict.fromkeys(pair for pair, _ in absent)
    told = (f"{label(a, labels)} with {label(b, labels)}" for a, b in pairs)
    return f"No repeat is complete that compares {listed(told)} at {rows(sizes)}."


def _one_repeat(found: Sequence[Comparison], planned: Planned) -> tuple[str, str]:
    """A single draw of rows cannot say how much another would differ."""
    sizes = sorted({of.size for of in found if of.interval.repeats == 1})
    return (
        f"One repeat at {rows(sizes)} cannot say how much other training rows would change the result.",
        command(planned, dict.fromkeys(sizes, LEAST_REPEATS)),
    )


def command(planned: Planned, repeats: Mapping[int, int]) -> str:
    """The command that makes these repeats where the plan has fewer.

    >>> command({"svm": {128: 10, 512: 5}}, {128: 25})
    "harness sweep 'repeats=[25@128,5]', with this sweep's other settings"
    """
    ladder: dict[int, int] = {}
    for by_size in planned.values():
        for size, count in by_size.items():
            ladder[size] = max(count, ladder.get(size, 0), repeats.get(size, 0))
    return f"harness sweep {override(ladder)}, with this sweep's other settings"


def _concerns(flag: Flag, of: Comparison) -> bool:
    """Whether a flag casts doubt on a comparison: on one of its families, or on its two side by side."""
    compared = {of.a, of.b}
    if flag.size != of.size:
        return False
    return compared <= set(flag.families) or (flag.kind == "boundary" and bool(compared & set(flag.families)))


def _shortcomings(
    found: Sequence[Comparison], labels: Mapping[str, str], planned: Planned
) -> tuple[str, ...]:
    notes = []
    for of in found:
        asked = min(planned[of.a][of.size], planned[of.b][of.size])
        if of.interval.repeats < asked:
            pair = f"{label(of.a, labels)} with {label(of.b, labels)}"
            notes.append(f"{of.interval.repeats} of {asked} repeats compare {pair} at {rows([of.size])}.")
    few = dict.fromkeys(of.size for of in found if of.interval.repeats < LEAST_REPEATS)
    if few:
        notes.append(f"Fewer than {LEAST_REPEATS} repeats at {rows(few)}: so few seldom settle a claim.")
    tested = min((of.interval.test_rows for of in found), default=FEW_TEST_ROWS)
    if tested < FEW_TEST_ROWS:
        small = f"below {FEW_TEST_ROWS:,} small differences may stay open, however many the repeats"
        notes.append(f"The test set has {tested:,} rows; {small}.")
    return tuple(notes)
