"""Fuzzing is a seeded stream of odd configurations and CSV files, each of which must be taken or refused.

Refused means one of the two errors that a person can mend, in one line. Anything else is wrong: another
exception, an exit, a warning, a process that takes too long, or data that no learner could be given.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from harness import conf_files
from harness import plan as planning
from harness.cli import compose
from harness.config import parse
from harness.data import load, open_cached
from harness.errors import ConfigError, DataError
from harness.records import Task

SECONDS = 20.0  # of the processor, for one case; the slowest that is right takes a second
PRIMARY = ["data=digits", "model=[svm,small_nn,logistic_regression_sklearn]"]


@dataclass
class Tally:
    """What came of a stream: how many were tried, refused and accepted, and the wrong ones in words."""

    tried: int = 0
    refused: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, case: object, act: Callable[[], object]) -> None:
        """Try one case."""
        self.tried += 1
        began = time.process_time()
        quiet = StringIO()
        with warnings.catch_warnings(), redirect_stdout(quiet), redirect_stderr(quiet):
            warnings.simplefilter("error")
            try:
                act()
                self.accepted += 1
            except (ConfigError, DataError) as error:
                self.refused += 1
                if not str(error).strip() or len(str(error)) > 4_000:
                    self.wrong.append(f"says too little or too much: {str(error)[:300]!r} for {case!r}")
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self.wrong.append(f"{type(error).__name__}: {str(error)[:300]} for {case!r}")
        if (took := time.process_time() - began) > SECONDS:
            self.wrong.append(f"took {took:.0f} s for {case!r}")


def configurations(seed: int, count: int) -> Tally:
    """Odd trees, YAML files and overrides, in turn, through everything that a plan checks."""
    tally = Tally()
    third = count // 3
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as here, chdir(here):
        stream(trees(), seed, count - 2 * third, lambda tree: tally.add(tree, lambda: _plan(tree)))
        stream(
            files(), seed + 1, third, lambda file: tally.add(file, lambda: _compose_file(Path(folder), *file))
        )
        stream(
            overrides(), seed + 2, third, lambda words: tally.add(words, lambda: _compose([*PRIMARY, *words]))
        )
    return tally


def csv_files(seed: int, count: int, folder: Path) -> Tally:
    """Odd CSV files, written into the folder one after the other, through `data.load`."""
    tally = Tally()
    stream(tables(), seed, count, lambda table: tally.add(table, lambda: _load(folder, *table)))
    return tally


def stream(strategy: st.SearchStrategy[Any], seed: int, count: int, judge: Callable[[Any], object]) -> None:
    """Give the judge what a strategy makes of a seed."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=max(1, count),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def each(case: Any) -> None:
        judge(case)

    each()


# What a case is put through


def _plan(tree: Any) -> None:
    planning.make(parse(tree, ""), _task())


def _compose(words: list[str]) -> None:
    try:
        for job in compose("config", words):
            _plan(job.tree)
    finally:
        if written := list(Path.cwd().iterdir()):
            for path in written:
                shutil.rmtree(path)
            raise AssertionError(f"wrote {written}")


def _compose_file(folder: Path, group: str, content: bytes) -> None:
    file = folder / group / "odd.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    try:
        _compose([f"{group}=odd", "--config-dir", str(folder)])
    finally:
        file.unlink()


def _load(folder: Path, content: bytes, options: dict[str, Any]) -> None:
    file, kept = folder / "odd.csv", folder / "cache"
    file.write_bytes(content)
    try:
        _check_task(load("file", {"path": str(file), **options}, kept))
    except (ConfigError, DataError) as error:
        left = sorted(path.name for path in folder.iterdir())
        if left != ["odd.csv"] or len(str(error).splitlines()) != 1:
            raise AssertionError(f"left {left} behind, or said more than a line") from error
        raise
    finally:
        file.unlink()
        shutil.rmtree(kept, ignore_errors=True)


def _check_task(task: Task) -> None:
    for X, labels in ((task.X, task.y), (task.X_test, task.y_test)):
        assert X.shape == (len(labels), len(task.features))
        assert not np.isinf(X).any()
        assert ((labels >= 0) & (labels < len(task.classes))).all()
    assert len(set(task.y)) >= 2, "one class to learn from"
    assert open_cached(task.path).digest == task.digest


@cache
def _task() -> Task:
    """Three classes in 5 dimensions; only its shape is looked at."""
    y = np.arange(600) % 3
    X = np.zeros((600, 5), dtype=np.float32)
    names = tuple(f"x{i}" for i in range(5))
    return Task("odd", X[:400], y[:400], X[400:], y[400:], ("a", "b", "c"), names, "d" * 32)


# What is tried

ODD_TEXTS = [
    *(
        "",
        " ",
        "\0",
        "\n",
        "a\nb",
        "é",
        "\u202e",
        "\ud800",
        "😀",
        "%s",
        "{}",
        "null",
        "~",
        "~nobody/x",
        "???",
    ),
    *(
        "../../x",
        "/dev/zero",
        "=1+1",
        "1e400",
        "nan",
        "auto",
        "1x1",
        "9" * 400,
        "x" * 5_000,
        "10@300",
        "0x10",
    ),
    *(
        "${seed}",
        "${",
        "${oc.env:HOME}",
        "$",
        "_target_",
        "sklearn.svm.SVC",
        "os.system",
        "sklearn.os.system",
    ),
]
ODD_NUMBERS = [
    *(0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(10**30), 10**400, 0.0, -0.0, 0.5, 1e-320, 1e308, 1e16),
    *(float("inf"), float("-inf"), float("nan"), True, False),
]
ODD_KEYS = [
    *("", "seed", "name", "_target_", "_args_", "low", "high", "log", "step", "default", "choices", "layers"),
    *("units", "a.b", "é", " ", "random_state", "memory", "self", "estimator", "sizes", "\ud800"),
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


YAML_BITS = [
    *(
        "&a",
        "*a",
        "<<: *a",
        "!!python/object/apply:os.system [true]",
        "!!binary x",
        "!!set {a}",
        "---",
        "...",
        "? ",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        "- ",
        "#",
        "|",
        ">",
        "'",
        '"',
        "\t",
        "\n",
        "\0",
        "%",
        "@",
        "`",
        "!!int x",
    ),
    *(
        "yes",
        "010",
        "12:30:45",
        "2024-01-01",
        "1e400",
        ".inf",
        ".nan",
        "0x1F",
        "1_000",
        "null",
        "~",
        "{a: 1, a: 2}",
    ),
    *("${seed}", "${..x}", "${oc.env:NOBODY}", "${oc.create:{a: 1}}", "${", "???", "_target_: os.system"),
    *(
        "defaults:\n  - nobody\n",
        "# @package _global_\n",
        "# @package x.y\n",
        "[" * 300,
        "é",
        "\u2028",
        "hydra: {}\n",
    ),
]


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
    key = st.sampled_from(
        [
            *(
                "seed",
                "name",
                "repeats",
                "data.sizes",
                "data",
                "model",
                "search.trials",
                "search",
                "claims.margin",
            ),
            *(
                "model.svm.space.C",
                "model.svm.space.C.low",
                "model.svm.estimator",
                "model.svm.max_size",
                "format",
            ),
            *(
                "model.svm.estimator._target_",
                "tracking.root",
                "tracking.uri",
                "trusted_modules",
                "hydra",
                "x.y",
            ),
            *(
                "hydra.run.dir",
                "hydra/launcher",
                "experiment",
                "claims.networks",
                "claims.small_sizes",
                "a-b",
                "é",
            ),
            *(
                "model.small_nn.space.hidden",
                "model.svm.label",
                "search.studies",
                "search.seconds",
                "",
                "model.odd",
            ),
        ]
    )
    value = st.sampled_from(
        [
            *(
                "1",
                "0",
                "-1",
                "1e400",
                "nan",
                "[1,2]",
                "[]",
                "[1,[2,{a:1}]]",
                "{a:1}",
                "{a:{b:[1]}}",
                "null",
                "???",
            ),
            *(
                "'x'",
                '"x',
                "x y",
                "a,b",
                "1,2",
                "range(1,5)",
                "choice(1,2)",
                "interval(0,1)",
                "glob(*)",
                "sort(2,1)",
            ),
            *(
                "${seed}",
                "${name}",
                "${oc.env:NOBODY}",
                "${oc.env:HOME}",
                "${oc.create:{a:1}}",
                "${",
                "$x",
                "{",
                "]",
            ),
            *(
                "svm",
                "svn",
                "[svm,svm]",
                "quick",
                "{low:1,high:2,log:true}",
                "{low:0,high:1,log:true}",
                "{choices:[]}",
            ),
            *(
                "{choices:[1,1]}",
                "{layers:1,units:{low:1,high:3}}",
                "{_target_:os.system}",
                "true",
                "12:30:45",
                "9" * 400,
            ),
            *(
                "shuffle(1,2)",
                "tag(a,1)",
                "int(x)",
                "str([1,2])",
                "json_str({a:1})",
                "\\",
                "~",
                "é",
                "@x",
                "a=b",
                "%",
            ),
            *(
                "[" * 50 + "]" * 50,
                "{a:" * 40 + "1" + "}" * 40,
                "[500,1e4]",
                "10@300",
                "[10@300,5]",
                "",
                "\t",
                "#",
            ),
        ]
    )
    start = st.sampled_from(["", "", "", "", "+", "++", "~", "-", "--"])
    word = st.builds(
        lambda a, k, e, v: a + k + e + v, start, key, st.sampled_from(["=", "=", "=", "", "=="]), value
    )
    flags = st.sampled_from(
        [["-m"], ["--cfg", "job"], ["--config-name", "x"], ["-cd", "/nowhere"], ["-p", "x"]]
    )
    words = draw(st.lists(word | st.text(max_size=8), min_size=1, max_size=3))
    return [*words, *(draw(flags) if draw(st.integers(0, 9)) == 0 else [])]


CELLS = [
    *(
        "",
        " ",
        "0",
        "1",
        "-1",
        "1.5",
        "1,5",
        "1e5",
        "1e39",
        "1e400",
        "-inf",
        "nan",
        "NA",
        "null",
        "None",
        "TRUE",
        "false",
    ),
    *(
        "abc",
        "a b",
        "é",
        "😀",
        '"',
        "''",
        '""',
        "a\nb",
        "a\rb",
        "\0",
        "\ufeff",
        "=1+1",
        "0x10",
        "1_000",
        "٣",
        "1e",
        "+",
    ),
    *(
        "9" * 30,
        "-" + "9" * 400,
        "0." + "1" * 400,
        "2024-01-01",
        "12:30",
        "x" * 3_000,
        "%",
        ";",
        "\t",
        "#N/A",
        "<NA>",
    ),
]
NAMES = [
    *("label", "label ", "é", "1", "a,b", '"', "x\ny", "(other)", "Unnamed: 0", "\0", "a.1", "=1", " "),
]
CSV_BITS = [
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"label",
    b"'",
    b"\\",
    b"\x1a",
    b",,",
]


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
