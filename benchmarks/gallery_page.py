"""The gallery's page, made of its tables alone: what the data sets say together, then each in turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.gallery_results import LEADS, Result, Row, lead, read
from harness.report.typed import TYPED
from harness.report.words import capital, listed, number, rows, seconds
from harness.verdicts import BIGGER_IS_BETTER, NETWORK_BEATS_SVM, SMALL_DATA

CLAIMS = {
    SMALL_DATA: "Little data: all do about as well",
    NETWORK_BEATS_SVM: "Much data: a small network beats the SVM",
    BIGGER_IS_BETTER: "Most data: the bigger network is the better one",
}
BUNDLED = ("flights",)  # its package is a dependency of the harness
ANSWERS = ("supported", "contradicted", "undetermined")
LABELS = {
    "logistic_regression": "logistic regression",
    "svm": "SVM",
    "small_nn": "small network",
    "medium_nn": "medium network",
    "large_nn": "large network",
}
HEAD = """\
# Gallery: when scale drives progress, and when not

Andrew Ng's "scale drives deep learning progress" chart makes three claims. With little data all kinds of \
models do about as well as one another; with more data networks pull ahead of the SVM; with the most data \
the larger network is the better one. Each is judged here on {count} data sets, by rules that were fixed \
before anything ran ([protocol](protocol.md#verdicts), [how to read a \
verdict](reading-results.md#a-verdict)). No sweep was chosen among several, and none was lengthened after \
its result was seen; where a claim is undetermined, the page says what would settle it.

`python benchmarks/gallery.py` makes this page again with its pictures and [tables](results/gallery), \
`python benchmarks/gallery.py words` the part of one data set. [What brings the data](data-sets.md).
"""
NOTE = """
Below each answer: differences of test error in points (hundredths of the test rows), the first named \
minus the second, so below 0 the first is better, with 95 % intervals. For little data it is the largest \
of the twelve. Much data means the two largest sizes at which the SVM ran: its cost grows with the square \
of the rows, so it ends at 4,096. The reasons further down give the interval of the test, 90 % for the \
first and the third claim. For the second and the third claim, "contradicted" means that the first is \
worse, or is shown not to be ahead by one point; a smaller lead may still exist.
"""


def page(docs: Path, names: Iterable[str], lesson: str = "") -> str:
    """The page of those data sets, in this order, whose tables are below docs/results/gallery/.

    `lesson` is what somebody who looked at them all takes from them.
    """
    folders = [docs / "results" / "gallery" / name for name in names]
    results = [read(folder) for folder in folders if folder.exists()]
    head = HEAD.format(count=len(results))
    return "\n".join([head, summary(results), NOTE, together(results, lesson), *map(section, results)])


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def summary(results: Sequence[Result]) -> str:
    """A row for each data set: the three answers with the differences they hang on, and the best errors."""
    body = [[f"[{r.name}](#{r.name})", *(answered(r, claim) for claim in CLAIMS), bought(r)] for r in results]
    head = ["data set", *CLAIMS.values(), "What data buys: the best error"]
    return f"## At a glance\n\n{table(head, body)}"


def answered(result: Result, claim: str) -> str:
    """An answer with the differences to see first."""
    told = (f"{pair(d)}, {rows(int(d['size']))} rows: {points(d)}" for d in result.telling(claim))
    return "<br>".join([f"**{result.answer(claim)}**", *told])


def pair(of: Row) -> str:
    """The two families of a difference."""
    return f"{LABELS[of['a']]} − {LABELS[of['b']]}"


def points(of: Row) -> str:
    """A difference in points with its 95 % interval, where it has one."""
    mean = number(100 * float(of["difference"]))
    if not of["low"]:
        return mean
    return f"{mean} ({number(100 * float(of['low']))} to {number(100 * float(of['high']))})"


def together(results: Sequence[Result], lesson: str = "") -> str:
    """What the data sets say together: how often each claim holds, what to take from it, and the figures."""
    every = [r.name for r in results if {r.answer(claim) for claim in CLAIMS} == {"supported"}]
    counts = [sum(r.answer(claim) == "supported" for r in results) for claim in CLAIMS]
    shown = "the first claim is supported on {}, the second on {}, the third on {}".format(*counts)
    opening = f"Of {len(results)} data sets {shown}; all three on {listed(every) or 'none'}.\n"
    paragraphs = [opening, lesson] if lesson else [opening]
    lines = [
        f"- **{CLAIMS[claim]}**: {tally(results, claim)}. {standings(results, claim)}" for claim in CLAIMS
    ]
    return "\n".join(
        [
            "## When the chart holds\n",
            *paragraphs,
            "The figures (for much data, at the larger of the two sizes):\n",
            *lines,
            bests(results),
            "",
        ]
    )


def tally(results: Sequence[Result], claim: str) -> str:
    """On which data sets a claim has which answer."""
    by = {answer: [r.name for r in results if r.answer(claim) == answer] for answer in ANSWERS}
    return "; ".join(f"{answer} on {listed(names)}" for answer, names in by.items() if names)


def standings(results: Sequence[Result], claim: str) -> str:
    """Where the first of each pair is ahead at the largest size, where behind, and where neither is shown."""
    largest = ({pair(row): row for row in reversed(result.telling(claim))} for result in results)
    found = [(r.name, row) for r, of in zip(results, largest, strict=True) for row in of.values()]
    if claim == SMALL_DATA:
        found.sort(key=lambda of: abs(float(of[1]["difference"])))
        told = (f"{name} {number(100 * float(row['difference']))} ({pair(row)})" for name, row in found)
        return f"The largest of the twelve differences: {', '.join(told)}."
    by: dict[str, dict[str, list[str]]] = {}
    for name, row in found:
        told = f"{name} ({number(100 * float(row['difference']))})"
        by.setdefault(pair(row), {}).setdefault(lead(row), []).append(told)
    return " ".join(
        f"{capital(two)}: {'; '.join(f'{word} on {listed(of[word])}' for word in LEADS if word in of)}."
        for two, of in by.items()
    )


def bought(result: Result) -> str:
    """The best error at the fewest rows and at the most."""
    ends = ((size, *result.best(size)) for size in (result.sizes[0], result.sizes[-1]))
    return "<br>".join(f"{rows(n)} rows: {number(error)} % ({LABELS[family]})" for n, family, error in ends)


def bests(results: Sequence[Result]) -> str:
    """Which family is the best at the fewest rows, and which at the most."""
    told = []
    for end in (0, -1):
        by: dict[str, list[str]] = {}
        for result in results:
            by.setdefault(LABELS[result.best(result.sizes[end])[0]], []).append(result.name)
        told.append("; ".join(f"{family} on {listed(names)}" for family, names in by.items()))
    return f"- **The lowest error**: with the fewest rows {told[0]}. With the most rows {told[1]}."


def section(result: Result) -> str:
    """A data set: what it is, its chart, its verdicts, its errors, and how they were made."""
    of, name = result.sweep, result.name
    size = f"{rows(int(of['rows']))} rows to draw on, {rows(int(of['test_rows']))} test rows"
    what = f"{capital(of['title'])}. {size}, {of['features']} features, {of['classes']} classes."
    brought = "comes with the harness" if name in BUNDLED else f"`{of['brought_by']}`"
    source = f"Source: {of['source']}; licence: {of['licence']}" + f"; {brought}" * bool(of["brought_by"])
    made = f"{of['cells']} cells of {of['budget']}, {rows(int(of['trials']))} trials"
    cost = f"whose times add up to {seconds(float(of['seconds']))} on a machine shared with other work"
    return "\n".join(
        [
            f"## {name}\n\n{what} {of['nature']} {source}.\n",
            f"![Test error of five families against training rows on {name}](gallery/{name}.png)\n",
            table(["claim", "verdict", "why"], map(judged, result.verdicts.values())),
            errors(result),
            f"`{of['command']}`: {made}, {cost}; seed {of['seed']}; {of['versions']}. "
            f"[Tables](results/gallery/{name}).\n",
        ]
    )


def judged(verdict: Row) -> list[str]:
    """A verdict with its reason, what goes with it, and what would settle it."""
    crossing = f"Crossing: {verdict['crossing']}" if verdict["crossing"] else ""
    remedy = f"What would settle it: {verdict['remedy']}." if verdict["remedy"] else ""
    why = [verdict["because"], verdict["notes"], crossing, remedy]
    return [verdict["statement"], f"**{verdict['answer']}**", typed(" ".join(filter(None, why)))]


def typed(text: str) -> str:
    """A text with what a reader is to type marked as code."""
    return re.sub(f"({TYPED})", r"`\1`", text)


def errors(result: Result) -> str:
    """Test error in percent, a row for each family."""
    by_size = [result.errors(size) for size in result.sizes]
    body = [
        [LABELS[family], *(number(of[family]) if family in of else "–" for of in by_size)]
        for family in dict.fromkeys(point["family"] for point in result.curves)
    ]
    return table(["test error (%) at", *(f"{rows(size)} rows" for size in result.sizes)], body)
