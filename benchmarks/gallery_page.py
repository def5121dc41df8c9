"""The gallery's page, written from its tables alone: the summary, what it teaches, a section for each data set."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.words import capital, listed, number, rows, seconds

CLAIMS = {
    "small_data": "little data: all about as good",
    "network_beats_svm": "much data: a small network beats the SVM",
    "bigger_is_better": "most data: the bigger network is better",
}
ANSWERS = ("supported", "contradicted", "undetermined")
LABELS = {
    "logistic_regression": "logistic regression",
    "svm": "SVM",
    "small_nn": "small network",
    "medium_nn": "medium network",
    "large_nn": "large network",
}
Row = Mapping[str, str]

HEAD = """\
# Gallery: when scale drives progress, and when not

Andrew Ng's chart says three things: with little data all kinds of models do about as well as one another; with more \
data neural networks pull ahead of the SVM; and with the most data the larger network wins. Here each claim is judged \
on {count} data sets, by the rules of [the protocol](protocol.md#verdicts), which were fixed before the sweeps ran. \
Nothing was tuned to make a claim hold, and nothing was run twice: where a verdict is open, it says what would settle \
it. Differences are in points of test error (hundredths of the test rows), with their 95 % intervals; below 0 the one \
named first is better. [How to read a verdict](reading-results.md#a-verdict).

`python benchmarks/gallery.py` makes this page again, with its pictures and [tables](results/gallery); \
`python benchmarks/gallery.py words` sweeps one data set. [What brings the data](data-sets.md).
"""


@dataclass(frozen=True)
class Result:
    """One data set's tables."""

    name: str
    sweep: Mapping[str, str]
    verdicts: Mapping[str, Row]
    differences: Sequence[Row]
    curves: Sequence[Row]

    def of(self, claim: str, size: str | None = None) -> list[Row]:
        """The differences that decide a claim."""
        return [d for d in self.differences if d["claim"] == claim and size in (None, d["size"])]

    def error(self, family: str, size: str) -> str | None:
        """The mean test error, in percent."""
        found = [float(c["mean"]) for c in self.curves if (c["family"], c["size"]) == (family, size)]
        return number(100 * found[0]) if found else None

    @property
    def sizes(self) -> list[str]:
        """Every size, ascending."""
        return sorted({c["size"] for c in self.curves}, key=int)


def read(folder: Path) -> Result:
    """The tables in a folder, which is named as the data set."""
    found = {name: _rows(folder / f"{name}.csv") for name in ("sweep", "verdicts", "differences", "curves")}
    sweep = {row["key"]: row["value"] for row in found["sweep"]}
    verdicts = {row["claim"]: row for row in found["verdicts"]}
    return Result(folder.name, sweep, verdicts, found["differences"], found["curves"])


def _rows(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def page(docs: Path, names: Iterable[str]) -> str:
    """The page of those data sets, in this order, whose tables are below docs/results/gallery/."""
    folders = [docs / "results" / "gallery" / name for name in names]
    results = [read(folder) for folder in folders if (folder / "sweep.csv").exists()]
    parts = [HEAD.format(count=len(results)), summary(results), lessons(results), *map(section, results)]
    return "\n".join(parts)


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in body), ""])


def summary(results: Sequence[Result]) -> str:
    """A row for each data set: the three answers, each with the difference that it hangs on."""
    body = [[f"[{r.name}](#{r.name})", *(answered(r, claim) for claim in CLAIMS)] for r in results]
    return "## At a glance\n\n" + table(["data set", *map(capital, CLAIMS.values())], body)


def answered(result: Result, claim: str) -> str:
    """An answer with the differences that a reader should see first."""
    verdict = result.verdicts[claim]
    told = "<br>".join(map(difference, telling(result, claim)))
    return f"**{verdict['answer']}**" + (f"<br>{told}" if told else "")


def telling(result: Result, claim: str) -> list[Row]:
    """Of little data the largest difference; of the SVM the largest size; of bigger networks every pair."""
    found = result.of(claim)
    if claim == "small_data":
        return sorted(found, key=lambda d: -abs(float(d["difference"])))[:1]
    if claim == "network_beats_svm":
        return found[-1:]
    return found[::-1]


def difference(of: Row) -> str:
    """One difference with its interval."""
    return f"{LABELS[of['a']]} − {LABELS[of['b']]}, {rows(int(of['size']))} rows: {points(of)}"


def points(of: Row) -> str:
    """A difference in points with its 95 % interval."""
    mean, *limits = (number(100 * float(of[key])) if of[key] else "" for key in ("difference", "low", "high"))
    return f"{mean} ({limits[0]} to {limits[1]})" if all(limits) else mean


def lessons(results: Sequence[Result]) -> str:
    """What the figures say together, claim by claim, in plain words."""
    lines = [f"- **{capital(told)}**: {tally(results, claim)}. {spread(results, claim)}" for claim, told in CLAIMS.items()]
    every = [r.name for r in results if all(v["answer"] == "supported" for v in r.verdicts.values())]
    whole = f"The whole chart is shown on {listed(every)}." if every else "No data set here shows the whole chart."
    return "\n".join(["## When the chart holds", "", whole, "", *lines, f"- **What data buys**: {bought(results)}", ""])


def tally(results: Sequence[Result], claim: str) -> str:
    """On which data sets a claim has which answer."""
    by = {answer: [r.name for r in results if r.verdicts[claim]["answer"] == answer] for answer in ANSWERS}
    return "; ".join(f"{answer} on {listed(names)}" for answer, names in by.items() if names)


def spread(results: Sequence[Result], claim: str) -> str:
    """The least and the most telling difference over the data sets."""
    found = [(float(d["difference"]), r.name, d) for r in results for d in telling(r, claim)[:1]]
    if len(found) < 2:
        return ""
    low, high = min(found, key=lambda f: f[0]), max(found, key=lambda f: f[0])
    return f"From {difference(low[2])} on {low[1]}, to {difference(high[2])} on {high[1]}."


def bought(results: Sequence[Result]) -> str:
    """The best family's error at the smallest and at the largest size."""
    told = []
    for r in results:
        ends = [min((float(c["mean"]), c["family"]) for c in r.curves if c["size"] == n) for n in (r.sizes[0], r.sizes[-1])]
        (first, _), (last, family) = ends
        told.append(f"{r.name} {number(100 * first)} % to {number(100 * last)} % ({LABELS[family]}, {rows(int(r.sizes[-1]))} rows)")
    return f"the best error at the fewest rows and at the most: {'; '.join(told)}."


def section(result: Result) -> str:
    """A data set: what it is, its chart, its verdicts, its errors, and how it was made."""
    of = result.sweep
    what = (
        f"{capital(of['title'])}. {rows(int(of['rows']))} rows to draw on and {rows(int(of['test_rows']))} test rows, "
        f"{of['features']} features, {of['classes']} classes; {of['source']}; {of['licence']}."
    )
    made = (
        f"`{of['command']}`: {rows(int(of['cells']))} cells of {of['budget']}, {rows(int(of['trials']))} trials, "
        f"{seconds(float(of['seconds']))} of one core in all; seed {of['seed']}; {of['versions']}; "
        f"[tables](results/gallery/{result.name})."
    )
    picture = f"![Test error of five families against training rows on {result.name}](gallery/{result.name}.png)\n"
    parts = [f"## {result.name}\n", f"{what}\n", picture, verdicts(result), errors(result), f"{made}\n"]
    return "\n".join(parts)


def verdicts(result: Result) -> str:
    """The three verdicts, each with its reason and what would settle it."""
    return table(
        ["claim", "verdict", "because", "differences (95 % interval)"],
        [
            [v["statement"], f"**{v['answer']}**", because(v), "<br>".join(map(difference, telling(result, claim)))]
            for claim, v in result.verdicts.items()
        ],
    )


def because(verdict: Row) -> str:
    """The reason, what goes with it, and the remedy."""
    remedy = f"What would settle it: {verdict['remedy']}." if verdict["remedy"] else ""
    return " ".join(filter(None, [verdict["because"], verdict["notes"], verdict["crossing"], remedy]))


def errors(result: Result) -> str:
    """Test error in percent, a row for each family."""
    families = dict.fromkeys(c["family"] for c in result.curves)
    return table(
        ["test error, % at rows", *(rows(int(n)) for n in result.sizes)],
        [[LABELS[f], *(result.error(f, n) or "–" for n in result.sizes)] for f in families],
    )
