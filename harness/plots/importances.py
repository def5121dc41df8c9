"""How much each parameter mattered to a family's search: bars, a panel per family."""

from __future__ import annotations

from collections.abc import Mapping

from harness.plots.panels import LABEL_SIZE, Grid
from harness.plots.style import LINES, WIDE, Chart, look, own_style

BAR = 0.2  # inches


def importances_picture(
    importances: Mapping[str, Mapping[str, float]], labels: Mapping[str, str], width: float = WIDE
) -> Chart:
    """The share of each parameter in how the settings of a family differed, in %.

    Args:
        importances: family -> parameter -> share; at least one family, none of them empty.
        labels: family -> label, in the order that gives their looks.
        width: `WIDE` or `NARROW`.
    """
    order = list(labels)
    with own_style():
        grid = Grid(
            width,
            [labels[family] for family in importances],
            min(len(importances), 3 if width >= WIDE else 2),
            [BAR * len(shares) + 0.06 for shares in importances.values()],
            "Importance of each parameter (%)",
            "",
            left=1.05 if width >= WIDE else 0.98,
        )
        for axes, (family, shares) in zip(grid.axes, importances.items(), strict=True):
            ranked = sorted(shares.items(), key=lambda item: item[1])
            values = [100 * share for _, share in ranked]
            axes.barh(range(len(ranked)), values, height=0.62, color=look(order.index(family))["color"])
            for k, value in enumerate(values):
                axes.text(value + 0.03 * max(values), k, f"{value:.0f}", size=LABEL_SIZE, va="center")
            axes.set_yticks(range(len(ranked)), [name for name, _ in ranked])
            axes.set_ylim(-0.6, len(ranked) - 0.4)
            axes.set_xlim(0, 1.3 * max(values))
            axes.set_xticks([])
            axes.grid(False)
            axes.spines["bottom"].set_visible(False)
            axes.spines["left"].set_color(LINES)
            axes.tick_params(length=0, pad=4)
    return grid.figure
