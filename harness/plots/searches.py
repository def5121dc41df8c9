"""What searching bought: the best setting's validation error against the trials made, a panel per size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.ticker import MaxNLocator

from harness.convergence import SearchSummary
from harness.metrics import ERROR, Metric
from harness.plots.panels import Grid
from harness.plots.style import WIDE, Chart, look, own_style, value_ticks

MOST_PANELS = 8


def searches_picture(
    summaries: Sequence[SearchSummary], labels: Mapping[str, str], width: float = WIDE, metric: Metric = ERROR
) -> Chart:
    """Mean validation error of the best setting so far, in %, after 1, 2, ... trials; a panel per size.

    Args:
        summaries: of every family and size, at least one.
        labels: family -> label, in the order that gives their looks.
        width: `WIDE` or `NARROW`.
        metric: of the errors.
    """
    sizes = chosen(sorted({of.size for of in summaries}), MOST_PANELS)
    order = list(labels)
    with own_style():
        grid = Grid(
            width,
            [f"{size:,} rows" for size in sizes],
            min(len(sizes), 4 if width >= WIDE else 2),
            1.2,
            f"Validation {metric.label} of the best setting so far{' (%)' * metric.is_share}",
            "Trials made",
            list(enumerate(labels.values())),
        )
        for axes, size in zip(grid.axes, sizes, strict=True):
            for of in (of for of in summaries if of.size == size):
                path = [(k, metric.scale * v) for k, v in enumerate(of.best_so_far, start=1) if v is not None]
                drawn = look(order.index(of.family))
                axes.plot(*zip(*path, strict=True), linewidth=1.3, markersize=4.2, **drawn) if path else None
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(4))
            value_ticks(axes, metric)
    return grid.figure


def chosen(sizes: Sequence[int], most: int) -> list[int]:
    """At most so many of the sizes, evenly, the first and the last among them.

    >>> chosen([1, 2, 3, 4, 5], 3), chosen([1, 2], 3)
    ([1, 3, 5], [1, 2])
    """
    if len(sizes) <= most:
        return list(sizes)
    return [sizes[round(k * (len(sizes) - 1) / (most - 1))] for k in range(most)]
