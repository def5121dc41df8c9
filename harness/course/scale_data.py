"""The chart itself: the verdicts of the default sweep on its three claims.

`harness sweep` tunes five families at growing sizes and judges the claims by rules of its own, fixed before
it runs (docs/protocol.md, docs/verdicts.md): small data, a network beats the SVM, bigger is better.

Rule. Supported where all three are supported; contradicted where one is contradicted; else undetermined. The
effect is the SVM's test error less the small network's at the largest size that both were run at, in points,
with the interval of that sweep's comparison: for new training rows and new test rows at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.course.default_sweep import DefaultSweep
from harness.course.finding import Bars, Curve, Finding, Lines, Row
from harness.verdicts import NETWORK_BEATS_SVM, Answer, Verdict
from harness.verdicts.comparisons import Comparison

LABELS = {
    "small_data": "Small data: networks as the others",
    "network_beats_svm": "Big data: small network beats SVM",
    "bigger_is_better": "Big data: bigger is better",
}


def run(*, seed: int, sweep: DefaultSweep) -> Finding:
    """Read the verdicts."""
    answers = [verdict.answer for verdict in sweep.verdicts]
    verdict = Answer.UNDETERMINED
    if all(answer is Answer.SUPPORTED for answer in answers):
        verdict = Answer.SUPPORTED
    elif Answer.CONTRADICTED in answers:
        verdict = Answer.CONTRADICTED
    (against,) = [each for each in sweep.verdicts if each.claim == NETWORK_BEATS_SVM]
    effect, unit = _effect(against)
    told = [f"{LABELS[each.claim]}: {each.answer}. {each.because}" for each in sweep.verdicts]
    return Finding(
        verdict,
        *effect,
        unit=unit,
        sentence=" ".join(told),
        rows=tuple(_rows(sweep)),
        panels=(_curves(sweep), _differences(sweep)),
        conditions=" ".join(_conditions(sweep)),
    )


def _conditions(sweep: DefaultSweep) -> Iterator[str]:
    """What the sweep's own report adds to its verdicts."""
    for verdict in sweep.verdicts:
        yield from verdict.notes
        if verdict.remedy:
            yield f"What would settle the claim on {verdict.claim.replace('_', ' ')}: {verdict.remedy}."


def _effect(against: Verdict) -> tuple[tuple[float, float, float], str]:
    """The deciding difference at the largest size, turned round: above 0 where the network is better."""
    if not against.comparisons:
        return (0.0, 0.0, 0.0), "points: the sweep has no size at which both were run, so nothing is compared"
    largest = max(against.comparisons, key=lambda of: of.size)
    mean, low, high = _points(largest)
    return (
        -mean,
        -high,
        -low,
    ), f"points of test error of the SVM over the small network, {largest.size:,} rows"


def _points(of: Comparison) -> tuple[float, float, float]:
    found = of.interval
    low, high = (found.mean if limit is None else limit for limit in (found.low, found.high))
    return 100 * found.mean, 100 * low, 100 * high


def _rows(sweep: DefaultSweep) -> list[Row]:
    """The deciding comparisons."""
    return [
        {
            "claim": verdict.claim,
            "answer": str(verdict.answer),
            "comparison": f"{of.a} - {of.b}",
            "size": of.size,
            **dict(zip(("points", "low", "high"), _points(of), strict=True)),
        }
        for verdict in sweep.verdicts
        for of in verdict.comparisons
    ]


def _curves(sweep: DefaultSweep) -> Lines:
    curves = {}
    for of in sweep.curves:
        low, high = (
            [100 * (mean if limit is None else limit) for mean, limit in zip(of.mean, part, strict=True)]
            for part in (of.low, of.high)
        )
        curves[of.label] = Curve(of.sizes, [100 * mean for mean in of.mean], low, high)
    return Lines(f"Tuned families on {sweep.data}", "Training rows", "Test error, %", curves, log_x=True)


def _differences(sweep: DefaultSweep) -> Bars:
    """Each claim's comparisons at its largest deciding size."""
    values = {}
    for verdict in sweep.verdicts:
        largest = max((of.size for of in verdict.comparisons), default=0)
        for of in verdict.comparisons:
            if of.size == largest:
                values[f"{_short(of.a)} − {_short(of.b)}, {of.size:,}"] = _points(of)
    return Bars("Deciding differences", "Points of error (95 % interval)", values)


def _short(family: str) -> str:
    return family.removesuffix("_nn").replace("logistic_regression", "logistic")
