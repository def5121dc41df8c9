"""How the columns of a row are arranged: as an image, or as a sequence."""

from __future__ import annotations

import math

LAYOUTS = ("auto", "image", "sequence")
SMALLEST_SIDE = 4  # of an image, in pixels


def laid_out(columns: int, layout: str = "auto") -> tuple[int, ...]:
    """The shape of a row: (height, width) of an image, or (length,) of a sequence.

    Raises:
        ValueError: for another layout, or an image whose number of pixels is no square.

    >>> laid_out(784), laid_out(40), laid_out(784, "sequence")
    ((28, 28), (40,), (784,))
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}; got {layout!r}")
    side = math.isqrt(columns)
    if layout == "image" and side**2 != columns:
        raise ValueError(f"layout=image needs a square number of columns, got {columns}; take sequence")
    is_image = layout == "image" or (layout == "auto" and side**2 == columns and side >= SMALLEST_SIDE)
    return (side, side) if is_image else (columns,)
