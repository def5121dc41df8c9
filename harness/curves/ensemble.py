"""Twelve fits that together say where a curve goes on, and how far from there it may come to lie."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.curves.fits import FORMS, Fits, Floats, fit

# Each form is fitted to the last 6 and to the last 8 sizes; to all within these factors of the last size
# where they lie closer than a factor of sqrt(2), so that more sizes do not shorten the look back.
WINDOWS = ((6, 2**2.5), (8, 2**3.5))
SMALLEST = 0.003  # share of error: differences below it are the forms' affair, not the data's


class Ensemble(NamedTuple):
    """Twelve fits to each of B curves.

    Attributes:
        fits: six forms x two windows.
        misfit: (B,), of the fit that leaves the least: the root mean square of what it leaves.
        last_size, last_error, last_se: (B,), of the largest size.
    """

    fits: tuple[Fits, ...]
    misfit: Floats
    last_size: Floats
    last_error: Floats
    last_se: Floats

    def at(self, sizes: NDArray[Any]) -> tuple[Floats, Floats]:
        """The point p and the scale s at sizes n of (B, H), each (B, H)::

            start = (last error + median of the 12 fits at the last size) / 2
            p = start + median of the 12 changes, change = fit at n - fit at the last size
            s = sqrt(sd of the 12 changes^2 + ((last error - p) / 2)^2 + SE_last^2 + misfit^2 + .003^2)

        Changes, because a form that lies beside the data at their end is still right about how they go on.
        """
        fitted = np.stack([each.at(self.last_size[:, None]) for each in self.fits])
        changes = np.stack([each.at(sizes) for each in self.fits]) - fitted
        last = self.last_error[:, None]
        p = (last + np.median(fitted, axis=0)) / 2 + np.median(changes, axis=0)
        noise = self.last_se**2 + self.misfit**2 + SMALLEST**2
        s = np.sqrt(changes.var(axis=0, ddof=1) + ((last - p) / 2) ** 2 + noise[:, None])
        return p, s


def ensemble(sizes: NDArray[Any], errors: Floats, se: Floats) -> Ensemble:
    """Fit the twelve to B curves of S sizes, with weights 1 / (SE^2 + .003^2).

    Args:
        sizes: (B, S), ascending, at least 6 of them with a finite SE.
        errors: (B, S), shares in [0, 1].
        se: (B, S), standard errors; infinite at sizes to leave out, such as padding at the front.

    >>> sizes = np.array([[128, 256, 512, 1024, 2048, 4096]])
    >>> p, s = ensemble(sizes, 0.05 + 2 * sizes**-0.5, np.full((1, 6), 0.002)).at(np.array([[8192, 16384]]))
    >>> p.round(3), s.round(3)
    (array([[0.072, 0.066]]), array([[0.006, 0.01 ]]))
    """
    fits, left = [], []
    for count, factor in WINDOWS:
        weights = np.where(_window(sizes, count, factor), 1 / (se**2 + SMALLEST**2), 0.0)
        for form in FORMS:
            fits.append(fit(form, sizes, errors, weights))
            left.append(_root_mean_square(fits[-1].at(sizes) - errors, weights > 0))
    return Ensemble(tuple(fits), np.min(left, axis=0), sizes[:, -1], errors[:, -1], se[:, -1])


def _window(sizes: NDArray[Any], count: int, factor: float) -> NDArray[np.bool_]:
    """Where one of the last `count` sizes is, or one within `factor` of the last, up to its rounding."""
    near = sizes * factor >= 0.99 * sizes[:, -1:]
    near[:, -count:] = True
    return np.asarray(near)


def _root_mean_square(left: Floats, used: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.sqrt((left**2 * used).sum(axis=1) / used.sum(axis=1)))
