"""How often intervals cover, verdicts err, and how many repeats they need: simulated, seeded.

Run: python benchmarks/verdicts.py [REPLICATIONS]. Prints tables in Markdown; the usual 20,000 replications
take four minutes on one core and one BLAS thread, and leave a rate of 5 % uncertain by 0.3 points.

The model is that of `benchmarks/two_way.py`. Its standard deviations at 8,192 and 16,384 rows are round
figures near those of the default sweep on flights. At 64 to 256 rows they are assumptions, chosen so that the
repeats that the protocol recommends have their power; docs/verdicts.md compares them with a sweep. Sizes are
independent of each other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from benchmarks.two_way import MARGIN, PARTS, Parts, draw, draw_binary, draw_pairs, first
from harness.curves import EXTRA_DF, row_variances
from harness.records import ClaimSettings
from harness.verdicts import Answer, Comparison, crossing, judge
from harness.verdicts.evidence import gather
from harness.verdicts.judging import answers
from harness.verdicts.questions import CLAIMS, ask
from harness.verdicts.repeats import repeats_needed

FAMILIES = ("logistic_regression", "svm", "small_nn", "medium_nn", "large_nn")
LADDER = (128, 256, 8192, 16384)


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def rate(passed: NDArray[np.bool_]) -> str:
    return f"{passed.mean():.3f}"


# One comparison


def interval_rows(rng: np.random.Generator, N: int, careful: bool) -> Iterable[Sequence[object]]:
    """Coverage of the 95 % interval, and one-sided error at 5 %, of a difference that is 0."""
    for n, parts in PARTS.items():
        for M in (2000, 10000):
            found = []
            for R in (3, 5, 10, 30):
                p = draw(rng, np.zeros(N), parts, R, M).p_at_least(0.0, careful)
                found.append(f"{rate((p > 0.025) & (p < 0.975))} / {rate(p <= 0.05)}")
            yield f"{n:,}", f"{M:,}", *found


def shrinkage_rows(rng: np.random.Generator, N: int) -> Iterable[Sequence[object]]:
    """One-sided error at the largest of six sizes, with its own variance and with one shrunk to the trend."""
    sizes = [128, 256, 512, 1024, 2048, 4096]
    parts, M = Parts(0.012, 0.08, 0.38), 10000
    for words, slope, last in (
        ("on a line", -1.0, 1.0),
        ("flat", 0.0, 1.0),
        ("4 times its trend", -1.0, 4.0),
    ):
        rows = parts.row**2 * (np.array(sizes) / sizes[-1]) ** slope * [1, 1, 1, 1, 1, last]
        for R in (3, 5, 8):
            found = draw(rng, np.zeros(N), Parts(float(rows[-1] ** 0.5), *parts[1:]), R, M)
            others = (rows[:-1] + parts.rest**2 / M) * rng.chisquare(R - 1, (N, 5)) / (R - 1)
            variances = np.column_stack([others, found.row_variance])
            shrunk = np.array([row_variances(sizes, s2, [R] * 6)[-1] for s2 in variances.tolist()])
            errors = []
            for of_row, extra in ((found.row_variance, 0.0), (shrunk, EXTRA_DF)):
                V, df = found.variance(of_row, extra)
                errors.append(rate(stdtr(df, found.mean / np.sqrt(V)) <= 0.05))
            yield words, R, *errors


def power_rows(rng: np.random.Generator, N: int) -> Iterable[Sequence[object]]:
    """The chance that one comparison passes at 5 %, at the repeats that the protocol recommends."""
    for n, true, repeats in (
        *((64, 0.0, (20, 25)), (128, 0.0, (15, 20)), (256, 0.0, (8, 10))),
        *((64, 0.005, (25, 40)), (128, 0.005, (20, 25)), (256, 0.005, (10, 12))),
    ):
        powers = []
        for R in repeats:
            found = draw(rng, np.full(N, true), PARTS[n], R, 2000)
            p = np.maximum(1 - found.p_at_least(-MARGIN), found.p_at_least(MARGIN))
            powers.append(f"{rate(p <= 0.05)} at {R}")
        yield "within 2 points", f"{n}", "2,000", f"{100 * true:.1f}", *powers
    for true, M, repeats in ((0.01, 2000, (10, 20)), (0.01, 10000, (5, 6)), (0.02, 2000, (3, 4))):
        powers = [
            f"{rate(draw(rng, np.full(N, -true), PARTS[16384], R, M).p_at_least(0.0) <= 0.05)} at {R}"
            for R in repeats
        ]
        yield "a is better", "16,384", f"{M:,}", f"{100 * true:.1f}", *powers


def second_look_rows(rng: np.random.Generator, N: int) -> Iterable[Sequence[object]]:
    """One-sided error at 5 % where there is no difference and repeats are added to those planned."""
    parts, M, most = PARTS[8192], 10000, 60
    rows = np.sqrt(parts.row**2 + parts.rest**2 / M) * rng.standard_normal((N, most))
    rows += parts.column / np.sqrt(M) * rng.standard_normal((N, 1))
    alone = draw(rng, np.zeros(N), parts, 5, M)
    p = np.ones((N, most + 1))
    for R in range(2, most + 1):
        p[:, R] = first(rows, R, alone).p_at_least(0.0)
    compared = first(rows, 5, alone).comparisons("a", "b", 8192)
    asked = [repeats_needed(of, -of.interval.mean, 0.05, 0.8) or 5 for of in compared]
    then = p[np.arange(N), np.where(np.array(asked) <= most, asked, 5)]
    yield "none", rate(p[:, 5] <= 0.05)
    yield "once, as many as the verdict names, up to 60", rate((p[:, 5] <= 0.05) | (then <= 0.05))
    yield "one by one until it is significant, up to 60", rate((p[:, 5:] <= 0.05).any(axis=1))


def crossing_rows(rng: np.random.Generator, N: int) -> Iterable[Sequence[object]]:
    """How often the set holds the true crossing, of differences linear in log2(size)."""
    sizes = [128 * 2**k for k in range(8)]
    for slope in (0.005, 0.01, 0.02):
        for R in (5, 10):
            lead = slope * (np.log2(1500.0) - np.log2(sizes))
            columns = [
                draw(rng, np.full(N, each), Parts(0.9 / n**0.5, 0.1, 0.35), R, 10000).comparisons("a", "b", n)
                for n, each in zip(sizes, lead, strict=True)
            ]
            found = [each for row in zip(*columns, strict=True) if (each := crossing(row, {}))]
            located = [each for each in found if each.low is not None and each.high is not None]
            wrong = [each for each in found if (each.low or 0) > 1500 or (each.high or np.inf) < 1500]
            width = np.median([np.log2(each.high / each.low) for each in located]) if located else np.nan
            share = 1 - len(wrong) / N, len(located) / N
            yield f"{100 * slope:.1f}", R, f"{share[0]:.3f}", f"{share[1]:.2f}", f"{width:.1f}"


# Whole claims

Means = Mapping[int, Mapping[str, float]]  # size -> family -> true error, above that of the others


def answered(rng: np.random.Generator, N: int, claim: str, true: Means, R: int, M: int) -> NDArray[np.str_]:
    """The answers to one claim, judged alone, in N sweeps."""
    planned = {name: dict.fromkeys(LADDER, R) for name in FAMILIES}
    (question,) = (each for each in ask(ClaimSettings(), {}, planned) if each.claim == claim)
    columns: dict[tuple[str, str], dict[int, list[Comparison]]] = {pair: {} for pair in question.pairs}
    for size in question.sizes:
        drawn = draw_pairs(rng, N, question.pairs, filled(true)[size], PARTS[size], R, M)
        for a, b in question.pairs:
            columns[a, b][size] = drawn[a, b].comparisons(a, b, size)
    told = []
    for k in range(N):
        one = {pair: {n: column[k] for n, column in by_size.items()} for pair, by_size in columns.items()}
        ((answer, _, _),) = answers([gather(question, one, {}, [], planned)])
        told.append(str(answer))
    return np.array(told)


def at(sizes: Iterable[int], **means: float) -> dict[int, dict[str, float]]:
    """True errors at some sizes, in points above that of the other families."""
    return {size: {name: mean / 100 for name, mean in means.items()} for size in sizes}


def filled(true: Means) -> dict[int, dict[str, float]]:
    """True errors of every family at every size; 0 where nothing else is said."""
    return {size: dict.fromkeys(FAMILIES, 0.0) | dict(true.get(size, {})) for size in LADDER}


SMALL, BIG, TOP = LADDER[:2], LADDER[2:], LADDER[3:]
TIE_AND_5 = at(TOP, medium_nn=-5, large_nn=-5)
TWICE_1_5 = at(TOP, medium_nn=-1.5, large_nn=-3)


def networks(points: float) -> dict[str, float]:
    return dict.fromkeys(FAMILIES[2:], points)


WORST = (  # claim, truth in words, truth: at the limit of what it would be wrong to say; what that is
    ("small_data", "one difference is 2", "S", at(SMALL[:1], small_nn=1, logistic_regression=-1)),
    ("small_data", "every difference is 2", "S, C", at(SMALL, **networks(2))),
    ("network_beats_svm", "a tie, and 5 better", "S", at(TOP, small_nn=-5)),
    ("network_beats_svm", "1 better at both sizes", "C", at(BIG, small_nn=-1)),
    ("bigger_is_better", "a tie, and 5 better", "S", TIE_AND_5),
    ("bigger_is_better", "1 better, and 1 better", "C", at(TOP, medium_nn=-1, large_nn=-2)),
)
POWER = (
    ("small_data", "no difference", {}, 2000, (10, 20, 30)),
    ("small_data", "no difference", {}, 10000, (10, 20, 30)),
    ("small_data", "networks 6 worse at 128", at(SMALL[:1], **networks(6)), 10000, (5, 10, 20)),
    *(
        ("network_beats_svm", f"{lead:g} better at both sizes", at(BIG, small_nn=-lead), 10000, (5, 10, 20))
        for lead in (2, 1, 0.5, 0, -1)
    ),
    ("bigger_is_better", "1.5 better, and 1.5 better", TWICE_1_5, 2000, (3, 5, 10)),
    ("bigger_is_better", "1.5 better, and 1.5 better", TWICE_1_5, 10000, (3, 5, 10)),
    ("bigger_is_better", "a tie, and 5 better", TIE_AND_5, 10000, (3, 5, 10)),
)


def claim_rows(rng: np.random.Generator, N: int, cases: Iterable[tuple]) -> Iterable[Sequence[object]]:
    """Supported / contradicted at three numbers of repeats, each claim judged alone."""
    for claim, words, true, M, repeats in cases:
        found = [answered(rng, N, claim, true, R, M) for R in repeats]
        told = [
            f"{rate(each == Answer.SUPPORTED)} / {rate(each == Answer.CONTRADICTED)} at {R}"
            for R, each in zip(repeats, found, strict=True)
        ]
        yield claim, words, f"{M:,}", *told


# Binary errors, judged as a sweep is


def binary_rows(rng: np.random.Generator, N: int) -> Iterable[Sequence[object]]:
    """How often it is said where it is wrong to say it, of all three claims at once."""
    first_at_limit = at(SMALL[:1], small_nn=1, logistic_regression=-1)
    limits = (
        (Answer.SUPPORTED, first_at_limit | at(TOP, small_nn=-5, medium_nn=-10, large_nn=-10)),
        (Answer.CONTRADICTED, at(SMALL, **networks(2)) | at(BIG, small_nn=-1, medium_nn=-2, large_nn=-3)),
    )
    for wrong, true in limits:
        for R in (5, 10):
            planned = {name: dict.fromkeys(LADDER, R) for name in FAMILIES}
            sweeps = (draw_binary(rng, filled(true), R, 2000) for _ in range(N))
            judged = (judge(errors, {}, ClaimSettings(), [], planned) for errors in sweeps)
            said = np.array([[verdict.answer == wrong for verdict in verdicts] for verdicts in judged])
            yield str(wrong), R, *(rate(said[:, k]) for k in range(len(CLAIMS))), rate(said.any(axis=1))


def main(N: int) -> None:
    def rng(section: int) -> np.random.Generator:
        return np.random.default_rng([2026, section])

    header = ["parts of n =", "M", *(f"R = {R}" for R in (3, 5, 10, 30))]
    for words, careful in (("with Satterthwaite's df", False), ("as compared, with careful df", True)):
        title = f"95 % interval of a difference, {words}: coverage (.95 wanted) / one-sided error at 5 %"
        table(title, header, interval_rows(rng(0), 10 * N, careful))
    title = "One-sided error at 5 %, M = 10,000, Satterthwaite's df, at the largest of six sizes"
    table(title, ["its variance is", "R", "own", "shrunk"], shrinkage_rows(rng(1), N))
    title = "Power of one comparison at 5 %, by the true difference in points"
    table(title, ["test", "n", "M", "true", "power at R", "power at R"], power_rows(rng(2), 10 * N))
    header = ["claim", "truth, points", "M", *["supported / contradicted at R"] * 3]
    title = "At the limit: what it is wrong to say (S, C) is said in at most 5 % (second claim: 2.5 %)"
    worst = [(claim, f"{words} ({wrong})", true, 10000, (5, 10, 30)) for claim, words, wrong, true in WORST]
    table(title, header, claim_rows(rng(3), N, worst))
    table("Power of whole claims", header, claim_rows(rng(4), N, POWER))
    title = "Binary errors, M = 2,000, all claims at their limit and judged together"
    table(title, ["wrong to say", "R", *CLAIMS, "any"], binary_rows(rng(5), N // 20))
    title = "Crossing at 1,500 rows, sizes 128 to 16,384, M = 10,000"
    header = ["points per doubling", "R", "covered", "both ends located", "median width, doublings"]
    table(title, header, crossing_rows(rng(6), N // 4))
    title = "5 repeats planned, no difference: one-sided error at 5 %"
    table(title, ["repeats added", "error"], second_look_rows(rng(7), N))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
