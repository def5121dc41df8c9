"""A figure as SVG of half its bytes, and as the `data:` address of an image.

Two decimals of a point are a 3,600th of an inch; names, comments and white space are for nobody.
"""

from __future__ import annotations

import re

from matplotlib.figure import Figure

from harness.plots.style import rendered

ESCAPES = {"%": "%25", "#": "%23", " ": "%20", "<": "%3C", ">": "%3E", '"': "'"}
GLYPH_SCALE = "0.015625"  # of letters, which are drawn in whole numbers
POINTER = r'(href="#|url\(#)([\w.-]+)'


def as_svg(figure: Figure) -> str:
    """The figure as one line of SVG, its letters as paths."""
    return compact(rendered(figure, "svg").decode())


def compact(svg: str) -> str:
    r"""The same drawing in fewer letters, for SVG as matplotlib writes it.

    >>> compact('<?xml ?>\n<svg id="a">\n <!-- x -->\n <path id="b" d="M 1.004 2 \nL 3 4 \nz\n"/>\n</svg>')
    '<svg><path d="M1,2L3,4z"/></svg>'
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"-?\d+\.\d+(?:e-?\d+)?", _shorter, svg)
    svg = re.sub(r' d="([^"]*)"', _path, svg)
    svg = re.sub(r">\s+<", "><", svg).strip()
    svg = svg.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    return _short_names(re.sub(r"(?<=[:;]) ", "", svg))


def _shorter(number: re.Match[str]) -> str:
    if number[0] == GLYPH_SCALE:
        return number[0]
    short = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _path(path: re.Match[str]) -> str:
    joined = re.sub(r"\s*([A-Za-z])\s*", r"\1", path[1].strip())
    return f' d="{joined.replace(" ", ",")}"'


def _short_names(svg: str) -> str:
    """Ids that something points to, as a0, a1 ...; the others are left out."""
    names: dict[str, str] = {}
    for _, name in re.findall(POINTER, svg):
        names.setdefault(name, f"a{len(names)}")
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{names[m[1]]}"' if m[1] in names else "", svg)
    return re.sub(POINTER, lambda m: m[1] + names[m[2]], svg)


def data_uri(svg: str) -> str:
    """An address that holds the drawing itself, for `src` and `srcset`.

    >>> data_uri('<svg a="1 2"/>')
    "data:image/svg+xml,%3Csvg%20a='1%202'/%3E"
    """
    return "data:image/svg+xml," + re.sub('[%# <>"]', lambda m: ESCAPES[m[0]], svg)
