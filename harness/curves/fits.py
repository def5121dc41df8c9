"""Six forms of a learning curve, error(n) = c + a phi(n; theta), fitted by variable projection.

With theta given, a form is a line in phi whose best a and c are known in closed form; so only theta is
searched: over a grid, then over six finer ones around its best point, and of two parameters one inside
the other, because good pairs lie in narrow valleys (Golub and Pereyra 1973, "The differentiation of
pseudo-inverses and nonlinear least squares problems whose variables separate"). No start is drawn and
nothing iterates to a tolerance: the same numbers always. Forms: Viering and Loog 2023, "The shape of
learning curves", table 1; Mohr et al. 2022, "LCDB 1.0".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FIRST_GRID = np.linspace(-1, 1, 9)
FINER_GRID = np.linspace(-2 / 3, 2 / 3, 5)  # between two neighbours of the best point: a third of the spacing
FINER_GRIDS = 6


class Form(NamedTuple):
    """A form of curve.

    Attributes:
        log_phi: (ln m, ln n_last, *theta) -> ln phi up to a constant, where m = n / n_last: theta then means
            the same at every scale. phi is positive and falls with n.
        bounds: the range of each theta, searched on a logarithmic scale.
        floor: whether c is free; it is 0 otherwise.
    """

    log_phi: Callable[..., Floats]
    bounds: tuple[tuple[float, float], ...]
    floor: bool = True


def _power(u: Floats, _end: Floats, b: Floats) -> Floats:
    return -b * u


def _shifted_power(u: Floats, _end: Floats, b: Floats, d: Floats) -> Floats:
    return -b * np.log(np.exp(u) + d)


def _morgan_mercer_flodin(u: Floats, _end: Floats, b: Floats, d: Floats) -> Floats:
    return -np.log(b + np.exp(d * u))


def _weibull(u: Floats, _end: Floats, b: Floats, d: Floats) -> Floats:
    return -b / d * np.exp(d * u)


def _inverse_log(u: Floats, end: Floats) -> Floats:
    return -np.log(u + end)


# phi(n; theta), where m = n / n_last. The bounds keep what is above c falling no faster than 1 / n, the
# parametric rate, at every size fitted, convex (d <= 1), and bending within the sizes fitted. Looser ones
# fit better and extrapolate worse: the flexible forms then flatten out right behind the last size.
FORMS = {
    "pow2": Form(_power, ((0.01, 1.0),), floor=False),  # n^-b down to 0: a line in logarithms
    "pow3": Form(_power, ((0.01, 1.0),)),  # n^-b: a power law that flattens out at c
    "pow4": Form(_shifted_power, ((0.01, 1.0), (1e-3, 1.0))),  # (m + d)^-b: one that starts late
    "mmf4": Form(_morgan_mercer_flodin, ((1e-3, 1.0), (0.05, 1.0))),  # b / (b + m^d): a saturating one
    "wbl4": Form(_weibull, ((0.01, 1.0), (0.02, 1.0))),  # exp(-m^d b/d): a stretched exponential
    "ilog2": Form(_inverse_log, ()),  # 1 / ln n: slower than any power
}


class Fits(NamedTuple):
    """One form fitted to B curves: error(n) = c + a phi(n; theta) / phi(first; theta).

    Attributes:
        form: its name in `FORMS`.
        c, a: (B,), at least 0: what the form tends to, and what is above it at the first size. The form's
            limit is not an irreducible error: sizes far beyond the data do not determine it.
        theta: (B, parameters of the form).
        first, last: (B,), ln of the smallest and of the largest size.
    """

    form: str
    c: Floats
    a: Floats
    theta: Floats
    first: Floats
    last: Floats

    def at(self, sizes: NDArray[Any]) -> Floats:
        """Errors at sizes (B, H): (B, H)."""
        phi = _phi(FORMS[self.form], np.log(sizes), self.first, self.last, self.theta[:, None, :])
        return np.asarray(self.c[:, None] + self.a[:, None] * phi[:, 0, :])


def fit(form: str, sizes: NDArray[Any], errors: Floats, weights: Floats) -> Fits:
    """The weighted least-squares fit, with a >= 0 and c >= 0, of one form to B curves of S sizes each.

    Minimises sum_k weights_k (errors_k - c - a phi(sizes_k; theta))^2, with theta within its bounds.

    Args:
        form: a name in `FORMS`.
        sizes: (B, S), above 1, ascending.
        errors: (B, S), at least 0.
        weights: (B, S), at least 0: 1 / SE^2 of the errors.

    >>> sizes = np.array([[128, 256, 512, 1024, 2048, 4096]])
    >>> fitted = fit("pow3", sizes, 0.05 + 2 * sizes**-0.5, np.ones((1, 6)))
    >>> fitted.c.round(4), fitted.theta.round(3), fitted.at(np.array([[16384]])).round(4)
    (array([0.05]), array([[0.5]]), array([[0.0656]]))
    """
    chosen, logs = FORMS[form], np.log(sizes)
    first, last = logs[:, 0], logs[:, -1]
    weights = (weights / weights.sum(axis=1, keepdims=True))[:, None]

    def line(theta: Floats) -> tuple[Floats, ...]:
        """c, a and the squares left, each of shape (B, ...), for theta of (B, ..., parameters)."""
        flat = theta.reshape(len(sizes), math.prod(theta.shape[1:-1]), theta.shape[-1])
        phi = _phi(chosen, logs, first, last, flat)
        return tuple(
            found.reshape(theta.shape[:-1]) for found in _line(phi, errors[:, None], weights, chosen.floor)
        )

    theta = _search(lambda theta: line(theta)[2], chosen.bounds, np.empty((len(sizes), 0)))
    c, a, _ = line(theta)
    return Fits(form, c, a, theta, first, last)


def _search(
    squares: Callable[[Floats], Floats], bounds: tuple[tuple[float, float], ...], given: Floats
) -> Floats:
    """The best theta (B, ..., parameters) whose leading parameters are given (B, ..., k).

    Each of the others is searched on grids, on every point of which those after it are searched likewise.
    """
    k = given.shape[-1]
    if k == len(bounds):
        return given
    low, high = np.log(bounds[k])
    centre, half, grid = np.full(given.shape[:-1], (low + high) / 2), (high - low) / 2, FIRST_GRID
    for _ in range(1 + FINER_GRIDS):
        points = np.exp(np.clip(centre[..., None] + half * grid, low, high))
        before = np.broadcast_to(given[..., None, :], (*points.shape, k))
        tried = _search(squares, bounds, np.concatenate([before, points[..., None]], axis=-1))
        best = squares(tried).argmin(axis=-1)
        found = np.take_along_axis(tried, best[..., None, None], axis=-2)[..., 0, :]
        centre, half, grid = np.log(found[..., k]), half * (grid[1] - grid[0]), FINER_GRID
    return found


def _phi(form: Form, logs: Floats, first: Floats, last: Floats, theta: Floats) -> Floats:
    """phi(n) / phi(first) at ln n of (B, S) and theta of (B, G, parameters): (B, G, S)."""
    end = last[:, None, None]
    each = [theta[:, :, k, None] for k in range(theta.shape[2])]
    at_first = form.log_phi(first[:, None, None] - end, end, *each)
    return np.exp(form.log_phi(logs[:, None, :] - end, end, *each) - at_first)


def _line(phi: Floats, y: Floats, w: Floats, floor: bool) -> tuple[Floats, Floats, Floats]:
    """The c and a of y ~ c + a phi over the last axis, and the weighted squares left; weights add up to 1.

    The active sets of two variables: both free; a = 0 where it would be negative; c = 0 where that would
    be, or where there is no floor. Neither alone leaves the other negative, for y and phi are not.
    """
    height, level = (w * phi).sum(axis=-1), (w * y).sum(axis=-1)
    around = phi - height[..., None]
    a = np.maximum(_ratio((w * around * y).sum(axis=-1), (w * around**2).sum(axis=-1)), 0.0)
    c = level - a * height
    through = (c < 0) | (not floor)
    a = np.where(through, _ratio((w * phi * y).sum(axis=-1), (w * phi**2).sum(axis=-1)), a)
    c = np.where(through, 0.0, c)
    left = y - c[..., None] - a[..., None] * phi
    return c, a, (w * left**2).sum(axis=-1)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
