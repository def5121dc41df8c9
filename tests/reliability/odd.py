"""Odd cases, as strategies of hypothesis: trees, YAML, overrides and CSV files that are nearly right."""

from __future__ import annotations

import random
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from harness import conf_files
from harness.cli import compose

PRIMARY = ["data=digits", "model=[svm,small_nn,logistic_regression_sklearn]"]


def _words(text: str) -> list[str]:
    """What stands between spaces and line ends; what holds one of them, or nothing, is listed apart."""
    return text.split()


ODD_TEXTS = [
    *_words(
        r"""
        é 😀 %s {} null ~ ~nobody/x ??? ../../x /dev/zero =1+1 1e400 nan auto 1x1 10@300 0x10 $ ${seed}
        ${ ${oc.env:HOME} _target_ sklearn.svm.SVC os.system sklearn.os.system
        """
    ),
    *("", " ", "\0", "\n", "a\nb", "\u202e", "\ud800", "9" * 400, "x" * 5_000),
]
ODD_NUMBERS = [
    *(0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(10**30), 10**400, 0.0, -0.0, 0.5, 1e-320, 1e308, 1e16),
    *(float("inf"), float("-inf"), float("nan"), True, False),
]
ODD_KEYS = [
    *_words(
        r"""
        seed name _target_ _args_ low high log step default choices layers units a.b é random_state
        memory self estimator sizes
        """
    ),
    *("", " ", "\ud800"),
]
YAML_BITS = [
    *_words(
        r"""
        &a *a --- ... [ ] { } : , # | > ' " % @ ` yes 010 12:30:45 2024-01-01 1e400 .inf .nan 0x1F
        1_000 null ~ ${seed} ${..x} ${oc.env:NOBODY} ${ ??? é
        """
    ),
    *("<<: *a", "!!binary x", "!!set {a}", "!!int x", "? ", "- ", "\t", "\n", "\0", "\u2028", "[" * 300),
    *("!!python/object/apply:os.system [true]", "{a: 1, a: 2}", "${oc.create:{a: 1}}", "hydra: {}\n"),
    *("_target_: os.system", "defaults:\n  - nobody\n", "# @package _global_\n", "# @package x.y\n"),
]
PATHS = [
    *_words(
        r"""
        seed name repeats data.sizes data model search.trials search search.studies search.seconds
        model.svm.space.C model.svm.space.C.low model.svm.estimator model.svm.estimator._target_
        model.svm.max_size model.svm.label model.small_nn.space.hidden model.odd experiment format
        claims.margin claims.networks claims.small_sizes tracking.root tracking.uri trusted_modules
        hydra hydra.run.dir hydra/launcher x.y a-b é
        """
    ),
    "",
]
VALUES = [
    *_words(
        r"""
        1 0 -1 1e400 nan true null ??? [] [1,2] [1,[2,{a:1}]] {a:1} {a:{b:[1]}} 'x' "x a,b 1,2
        range(1,5) choice(1,2) interval(0,1) glob(*) sort(2,1) shuffle(1,2) tag(a,1) int(x) str([1,2])
        json_str({a:1}) ${seed} ${name} ${oc.env:NOBODY} ${oc.env:HOME} ${oc.create:{a:1}} ${ $x { ]
        svm svn [svm,svm] quick 12:30:45 \ ~ é @x a=b % # {low:1,high:2,log:true}
        {low:0,high:1,log:true} {choices:[]} {choices:[1,1]} {layers:1,units:{low:1,high:3}}
        {_target_:os.system} [500,1e4] 10@300 [10@300,5]
        """
    ),
    *("", "\t", "x y", "9" * 400, "[" * 50 + "]" * 50, "{a:" * 40 + "1" + "}" * 40),
]
CELLS = [
    *_words(
        r"""
        0 1 -1 1.5 1,5 1e5 1e39 1e400 -inf nan NA null None TRUE false abc é 😀 " '' "" =1+1 0x10
        1_000 ٣ 1e + 2024-01-01 12:30 % ; #N/A <NA>
        """
    ),
    *("", " ", "a b", "a\nb", "a\rb", "\0", "\ufeff", "\t"),
    *("9" * 30, "-" + "9" * 400, "0." + "1" * 400, "x" * 3_000),
]
NAMES = ["label", "label ", "é", "1", "a,b", '"', "x\ny", "(other)", "Unnamed: 0", "\0", "a.1", "=1", " "]
CSV_BITS = [
    *(b",", b'"', b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"label", b"'", b"\\", b"\x1a"),
    b",,",
]


def scalars() -> st.SearchStrategy[Any]:
    return (
        st.none()
        | st.sampled_from(ODD_NUMBERS)
        | st.sampled_from(ODD_TEXTS)
        | st.integers()
        | st.floats()
        | st.text(max_size=10)
        | st.binary(max_size=4)
    )


def junk() -> st.SearchStrategy[Any]:
    some_keys = st.sampled_from(ODD_KEYS) | st.text(max_size=5) | st.integers() | st.none() | st.booleans()
    return st.recursive(
        scalars(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(some_keys, inner, max_size=4),
        max_leaves=12,
    )


@cache
def _valid_tree() -> dict[str, Any]:
    (job,) = compose("config", PRIMARY)
    return job.tree


@st.composite
def trees(draw: Any) -> Any:
    """The composed tree with one to four places changed: replaced, dropped, renamed, or added to."""
    tree: Any = deepcopy(_valid_tree())
    for _ in range(draw(st.integers(1, 4))):
        inner, key = draw(st.sampled_from(_places(tree)))
        change = draw(st.sampled_from(["replace", "replace", "replace", "drop", "add", "swap", "wrap"]))
        if change == "replace":
            inner[key] = draw(junk())
        elif change == "drop":
            del inner[key]
        elif change == "add" and isinstance(inner, dict):
            inner[draw(st.sampled_from(ODD_KEYS) | st.text(max_size=5))] = draw(junk())
        elif change == "swap":
            other, at = draw(st.sampled_from(_places(tree)))
            inner[key] = deepcopy(other[at])
        elif change == "wrap":
            inner[key] = draw(st.sampled_from([[inner[key]], {"choices": [inner[key]]}, str(inner[key])]))
        if not _places(tree):
            break
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    pairs = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree))
    found = [(tree, key) for key, _ in pairs]
    for _, value in pairs:
        if isinstance(value, (dict, list)):
            found += _places(value)
    return found


@st.composite
def files(draw: Any) -> tuple[str, bytes]:
    """A shipped file of configuration with one to five cuts, insertions, doublings or swaps in its text."""
    group = draw(st.sampled_from(["model", "data", "search", "launch", "tracking", "experiment"]))
    choice = draw(st.sampled_from(conf_files.choices()[group]))
    text = (conf_files.folder() / group / f"{choice}.yaml").read_text(encoding="utf-8")
    text = text.replace(f"model.{choice}", "model.odd")
    content = draw(mutated(text.encode(), [bit.encode() for bit in YAML_BITS]))
    return group, content


@st.composite
def mutated(draw: Any, content: bytes, bits: list[bytes]) -> bytes:
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from([0, 0, 1, 1, 2, 5, 20, 100]))
        piece = content[start : start + length]
        new = draw(st.sampled_from([b"", piece + piece, piece[::-1], *bits]) | st.binary(max_size=3))
        content = content[:start] + new + content[start + length :]
    return content


@st.composite
def overrides(draw: Any) -> list[str]:
    """One to three words: keys that exist or nearly so, with values of the grammar, whole or broken."""
    start = st.sampled_from(["", "", "", "", "+", "++", "~", "-", "--"])
    equals = st.sampled_from(["=", "=", "=", "", "=="])
    word = st.builds("{}{}{}{}".format, start, st.sampled_from(PATHS), equals, st.sampled_from(VALUES))
    flags = st.sampled_from(
        [["-m"], ["--cfg", "job"], ["--config-name", "x"], ["-cd", "/nowhere"], ["-p", "x"]]
    )
    words = draw(st.lists(word | st.text(max_size=8), min_size=1, max_size=3))
    return [*words, *(draw(flags) if draw(st.integers(0, 9)) == 0 else [])]


@st.composite
def tables(draw: Any) -> tuple[bytes, dict[str, Any]]:
    """A file of random columns, rows, quoting, line ends and encoding, often damaged; and its options."""
    pick = random.Random(draw(st.integers(0, 2**64)))
    noise = np.random.default_rng(pick.getrandbits(64))
    columns = [f"c{place}" for place in range(pick.randint(1, 4))] + ["label"] * (pick.random() < 0.95)
    kinds = [pick.choice(["number", "number", "word", "odd"]) for _ in columns[:-1]] + ["label"]
    rows = [[_cell(kind, noise) for kind in kinds] for _ in range(pick.choice([0, 9, 10, 30, 60, 100, 300]))]
    for _ in range(pick.choice([0, 0, 1, 2])):
        columns[pick.randrange(len(columns))] = draw(st.sampled_from(NAMES) | st.text(max_size=4))
    for _ in range(pick.choice([0, 0, 1, 3]) if rows else 0):
        pick.choice(rows)[pick.randrange(len(columns))] = draw(st.sampled_from(CELLS) | st.text(max_size=5))
    quote, end = (
        pick.choice([_quoted, _quoted, _quoted_if_needed, str]),
        pick.choice(["\n", "\n", "\r\n", "\r"]),
    )
    between = pick.choice([*",,,,,,,,,,", ";", "\t"])
    lines = [between.join(map(quote, row)) for row in [columns, *rows]]
    text = end.join(lines) + pick.choice([end, "", end + end])
    encoding = pick.choice(["utf-8"] * 15 + ["utf-8-sig", "utf-16", "latin-1"])
    content = text.encode(encoding, errors="replace")
    if pick.random() < 0.25:
        content = draw(mutated(content, CSV_BITS))
    options = {"target": pick.choice(["label"] * 20 + ["c0", "lable", "", 1, None])}
    if pick.random() < 0.1:
        options["test_rows"] = draw(scalars())
    return content, options


def _cell(kind: str, noise: np.random.Generator) -> str:
    match kind:
        case "number":
            return f"{noise.normal():.4g}"
        case "word":
            return f"w{noise.integers(80)}"
        case "label":
            return "ab"[noise.integers(2)]
    return CELLS[noise.integers(len(CELLS))]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _quoted_if_needed(cell: str) -> str:
    return _quoted(cell) if set(cell) & set(',"\n\r') else cell
