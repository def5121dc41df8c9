"""How often the interval of an RMSE, and of a paired difference of two, holds the truth, by simulation.

Repeat r of a family errs by s_r (.8 u_i + .6 e_ri) on test row i: u_i is how hard the row is for everybody,
s_r how good the repeat's training rows were (mean 1, standard deviation .05), so each true RMSE is 1 and each
true difference 0. u and e are Gaussian, Student's t with 5 degrees of freedom, or lognormal (sigma 1) less
their mean, scaled to variance 1.

    python benchmarks/rmse.py    # a minute on one core
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from harness import metrics
from harness.curves import Errors, Interval, interval
from harness.metrics import Answers
from harness.verdicts import compare

KINDS = ("Gaussian", "t, 5 df", "lognormal")
DRAWS, MARGIN, SIZE = 1000, 0.02, 128


def draw(rng: np.random.Generator, errors: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers of mean 0 and variance 1."""
    if errors == "t, 5 df":
        return rng.standard_t(5, size=shape) * 0.6**0.5
    if errors == "lognormal":
        return (rng.lognormal(size=shape) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)
    return rng.normal(size=shape)


def family(rng: np.random.Generator, errors: str, repeats: int, hard: NDArray[np.float64]) -> Errors:
    """One family's numbers of the rows."""
    spread = 1 + 0.05 * rng.normal(size=(repeats, 1))
    left = spread * (0.8 * hard + 0.6 * draw(rng, errors, (repeats, len(hard))))
    rows = [metrics.losses("rmse", Answers(np.zeros(len(e)), e, classes=0)) for e in left]
    return Errors(tuple(range(repeats)), np.stack(rows))


def rates(errors: str, repeats: int, rows: int) -> tuple[float, float, float]:
    """Shares of draws: the RMSE is covered, the difference is covered, a is wrongly called better at 5 %."""
    rng = np.random.default_rng([KINDS.index(errors), repeats, rows])
    found = []
    for _ in range(DRAWS):
        hard = draw(rng, errors, (rows,))
        a, b = (family(rng, errors, repeats, hard) for _ in range(2))
        one = interval(a.wrong)
        both = compare("a", "b", {"a": {SIZE: a}, "b": {SIZE: b}}, MARGIN)[SIZE]
        found.append((_holds(one, 1.0), _holds(both.interval, 0.0), both.p_less <= 0.05))
    covered, paired, wrong = np.mean(found, axis=0).tolist()
    return covered, paired, wrong


def _holds(found: Interval, truth: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def main() -> None:
    """Print the table of docs/protocol.md."""
    print("| errors | repeats | test rows | RMSE covered | difference covered | wrongly better at 5 % |")
    print("| --- | --- | --- | --- | --- | --- |")
    for errors, rows, repeats in product(KINDS, (300, 2000), (3, 5, 10)):
        covered, paired, wrong = rates(errors, repeats, rows)
        print(f"| {errors} | {repeats} | {rows:,} | {covered:.3f} | {paired:.3f} | {wrong:.3f} |", flush=True)


if __name__ == "__main__":
    main()
