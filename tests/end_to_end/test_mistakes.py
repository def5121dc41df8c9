"""A mistake of a person costs one line: what was found, what is allowed, the remedy. Nothing is written.

Each row goes through the command line in a folder that holds its files and nothing else, down to the place
that finds the mistake; names, bytes and times of every file are the same before and after.
"""

import ctypes
import gzip
import io
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness import plan, report
from harness.cli import compose, main
from harness.config import parse

DIGITS = ["data=digits", "model=[logistic_regression]", "launch=inline"]
CSV = ["data=file", "data.path=some.csv", "data.target=label", "model=[logistic_regression]", "launch=inline"]
FAMILY = """\
# @package model.mine
label: mine
estimator: {_target_: sklearn.svm.LinearSVC}
space: {C: {low: 0.1, high: 10.0, log: true}}
selection: error
"""
MINE = ["--config-dir", "conf", "data=digits", "model=[mine]"]
TABLE = "age,city,label\n" + "30,Oslo,yes\n41,Rome,no\n" * 20
BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + above] * 9)}]\n"
    for above, name in zip("abcdefg", "bcdefgh", strict=True)
)


@dataclass(frozen=True)
class Row:
    """A mistake: the words typed, what the line must say, the files and variables that are there before."""

    name: str
    words: list[str]
    says: list[str]
    files: dict = field(default_factory=dict)
    env: dict = field(default_factory=dict)


def sweep(name, words, *says, **more):
    return Row(name, ["sweep", *DIGITS, *words], list(says), **more)


def mine(name, text, *says, words=(), **more):
    return Row(name, ["sweep", *MINE, *words], list(says), {"conf/model/mine.yaml": text}, **more)


def table(name, content, *says, words=()):
    return Row(name, ["sweep", *CSV, *words], list(says), {"some.csv": content})


def packed(name, file, content, *says):
    return Row(name, ["sweep", *CSV, f"data.path={file}"], list(says), {file: content})


def zipped(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, TABLE)
    return content.getvalue()


def changed(old, new):
    assert old in FAMILY
    return FAMILY.replace(old, new)


def space(entry):
    return changed("{C: {low: 0.1, high: 10.0, log: true}}", entry)


WORDS = [
    Row("no such command", ["swep"], ["unknown command 'swep'", "did you mean sweep?"]),
    Row("another command", ["train"], ["unknown command 'train'", "choose from sweep, plan"]),
    Row("command not first", ["seed=3"], ["the command comes first", "harness sweep seed=3"]),
    sweep("unknown flag", ["--fast"], "unrecognized arguments: --fast", "harness COMMAND --help"),
    Row(
        "words on both sides of a flag",
        ["sweep", "seed=1", "-cd", ".", "seed=2"],
        ["on one side of the flags"],
    ),
    sweep("no equals sign", ["quick"], "cannot read 'quick'", "write key=value"),
    sweep("open bracket", ["data.sizes=[100"], "cannot read 'data.sizes=[100'", "'key=[1,2]'"),
    sweep("list without brackets", ["data.sizes=100,200"], "is several values", "key=[1,2]", "-m"),
    sweep("unknown key", ["serch.trials=3"], "unknown key serch", "did you mean search?"),
    sweep("unknown key with a plus", ["+serch.trials=3"], "unknown key serch", "did you mean search?"),
    sweep("known key with a plus", ["+seed=3"], "seed is a key already", "without the +"),
    sweep("unknown key of a group", ["search.trails=3"], "unknown key search.trails", "did you mean trials?"),
    sweep("key taken out", ["~search"], "lacks the key search", "give it a value"),
    sweep("unknown family", ["model=[svn]"], "model has no choice 'svn'", "did you mean svm?"),
    sweep("unknown data set", ["data=digit"], "data has no choice 'digit'", "did you mean digits?"),
    sweep(
        "unknown experiment", ["experiment=quik"], "experiment has no choice 'quik'", "did you mean quick?"
    ),
    sweep("key of another command", ["port=80"], "unknown key port"),
    sweep("mandatory value", ["name=???"], "name has no value", "add name=..."),
    sweep("absent variable", ["seed=${oc.env:NOBODY}"], "seed: Environment variable 'NOBODY' not found"),
    sweep("cycle of references", ["seed=${repeats}", "repeats=${seed}"], "seed"),
    sweep("reference to itself", ["name=${name}"], "name"),
    sweep("unknown resolver", ["seed=${now:%s}"], "seed"),
    sweep("code in callbacks", ["+hydra.callbacks.x._target_=os.getcwd"], "hydra.callbacks would run code"),
    sweep(
        "folder of Hydra",
        ["hydra.run.dir=here"],
        "'hydra.run.dir=here' would have Hydra write files",
        "leave it",
    ),
    sweep("folder of Hydra, forced", ["++hydra.output_subdir=x"], "leave it out", "tracking.root"),
    Row("any code allowed", ["sweep"], ["unset it"], env={"HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE": "*"}),
    Row(
        "bad job of several",
        ["sweep", "-m", *DIGITS, "search.trials=3,0,5"],
        ["search.trials must be", "got 0"],
    ),
    Row(
        "bad estimator in one job of several", ["sweep", "-m", *DIGITS, "seed=1,2", "+x=1"], ["unknown key x"]
    ),
    Row(
        "a name for an address", ["ui", "host=localhost"], ["host must be an address in numbers", "127.0.0.1"]
    ),
    Row("an address with a port", ["ui", "host=127.0.0.1:80"], ["got '127.0.0.1:80'"]),
    Row("an address where nothing listens", ["sweep", *DIGITS, "host=0.0.0.0"], ["unknown key host"]),
    Row("port too high", ["ui", "port=70000"], ["port must be a whole number from 1 to 65,535"]),
    Row("ui without records", ["ui"], ["harness sweep"]),
    Row(
        "report without records", ["report", *DIGITS], ["no records below mlruns", "run harness sweep first"]
    ),
    Row(
        "curves without records", ["curves", *DIGITS], ["no records below mlruns", "run harness sweep first"]
    ),
    Row(
        "format of the plan", ["plan", *DIGITS, "format=xml"], ["format must be one of text, json, got 'xml'"]
    ),
]
VALUES = [
    sweep("seed of letters", ["seed=x"], "seed must be a whole number from 0 to 4,294,967,295, got 'x'"),
    sweep("seed below zero", ["seed=-1"], "got -1"),
    sweep("seed too large", ["seed=1e400"], "seed must be a whole number", "got inf"),
    sweep("seed that is no number", ["seed=nan"], "got nan"),
    sweep(
        "sizes of letters",
        ["data.sizes=abc"],
        "data.sizes must be auto or a list of whole numbers, got 'abc'",
    ),
    sweep("sizes: none", ["data.sizes=[]"], "data.sizes must be a list of whole numbers"),
    sweep("size zero", ["data.sizes=[100,0]"], "data.sizes must be a whole number of at least 1, got 0"),
    sweep("size below zero", ["data.sizes=-5"], "got -5"),
    sweep("size of a half", ["data.sizes=[100.5]"], "got 100.5"),
    sweep("size infinite", ["data.sizes=[1e400]"], "got inf"),
    sweep("size nan", ["data.sizes=[nan]"], "got nan"),
    sweep("size twice", ["data.sizes=[100,1e2]"], "data.sizes must be free of repetition"),
    sweep(
        "size above the pool",
        ["data.sizes=[2000]"],
        "at most 1,297 (the rows of the pool), got 2,000",
        "lower",
    ),
    sweep("size beyond 64 bits", ["data.sizes=[" + "9" * 30 + "]"], "at most 1,297", "lower data.sizes"),
    sweep("size below the folds", ["data.sizes=[4]"], "at least 5", "got 4; raise data.sizes"),
    sweep("repeats of zero", ["repeats=0"], "repeats must be a whole number of at least 1, got 0"),
    sweep("repeats out of order", ["repeats=[5@300,10@100,3]"], "ascending sizes"),
    sweep(
        "repeats without an end",
        ["data.sizes=[64]", "repeats=1000000000"],
        "cells are asked for",
        "lower repeats",
    ),
    sweep("two budgets", ["search.trials=3", "search.seconds=5"], "2 budgets", "search.trials=null"),
    sweep("no trials", ["search.trials=0"], "search.trials must be a whole number of at least 1, got 0"),
    sweep("time with a unit", ["search.seconds=30s"], "search.seconds must be a number above 0, got '30s'"),
    sweep(
        "studies without an x", ["search.studies=3*8"], "studies x trials in each", "e.g. search.studies=3x8"
    ),
    sweep("sampler", ["search.sampler=bo"], "search.sampler must be one of tpe, random, got 'bo'"),
    sweep(
        "margin as a share", ["claims.margin=0.02"], "from 0.1 to 50 points", "two wrong answers in a hundred"
    ),
    sweep("one family for two claims", ["claims.kernel=logistic_regression"], "made of different families"),
    sweep("number as a name", ["name=2024"], "name must be a text, got 2024", "quote a number"),
    sweep("name that leaves its folder", ["name=../x"], "name must be a name", "got '../x'"),
    sweep("truth as text", ["model.logistic_regression.label=true"], "label must be a text, got True"),
    sweep("no families", ["model=[]"], "at least one family", "e.g. 'model=[logistic_regression,svm]'"),
    sweep("option of other data", ["+data.path=x.csv"], "data=digits has no option 'path'"),
    sweep(
        "trusted word",
        ["trusted_modules=mine"],
        "a list of modules, got 'mine'",
        "'trusted_modules=[my_package]'",
    ),
    sweep("home of nobody", ["'tracking.root=~nobody_here/x'"], "cannot read"),
    sweep(
        "home of nobody, quoted",
        ["tracking.root='~nobody_here/x'"],
        "tracking.root must be a path",
        "in full",
    ),
]
SPACES = [
    mine("low above high", space("{C: {low: 3, high: 1}}"), "C.low must be below high (1), got 3", "plainly"),
    mine(
        "log of zero",
        space("{C: {low: 0, high: 1, log: true}}"),
        "C.low must be above 0 on a log scale, got 0",
    ),
    mine("no choices", space("{C: {choices: []}}"), "C.choices must be a list of values, got []"),
    mine("choice twice", space("{C: {choices: [1, 1]}}"), "free of repetition"),
    mine(
        "default outside",
        space("{C: {low: 1, high: 2, default: 3}}"),
        "default must be from low (1) to high (2)",
    ),
    mine(
        "step and log", space("{C: {low: 1, high: 3, log: true, step: 1}}"), "both step and log", "take one"
    ),
    mine("bound infinite", space("{C: {low: 1, high: .inf}}"), "C.high must be a number, got inf"),
    mine(
        "misspelt bound", space("{C: {low: 1, hihg: 2}}"), "unknown key model.mine.space.C.hihg", "mean high?"
    ),
    mine(
        "parameter nobody takes",
        space("{gama: 3}"),
        "model.mine: LinearSVC takes no 'gama'; it takes C, class_w",
    ),
    mine(
        "set twice", changed("SVC}", "SVC, C: 1}"), "C is also fixed in the estimator", "take it out of one"
    ),
    mine(
        "argument nobody takes", changed("SVC}", "SVC, kernel: 1}"), "takes no 'kernel'", "mend the family's"
    ),
    mine("regressor", changed("LinearSVC", "LinearSVR"), "must be a classifier", "choose the classifier"),
    mine("no probabilities", changed("selection: error", "selection: log_loss"), "set selection=error"),
    mine("no steps", FAMILY + "progress: steps\n", "needs an estimator with iter_fit", "set progress=rungs"),
    mine(
        "stops by itself",
        changed("sklearn.svm.LinearSVC", "models.NeuralNetworkClassifier, early_stopping: true")
        .replace("C: {low: 0.1", "learning_rate: {low: 0.01")
        .replace("high: 10.0", "high: 0.1")
        + "progress: steps\npreprocess: none\n",
        "a search stops a network",
        "set early_stopping=false",
    ),
    mine(
        "outside the trusted",
        changed("sklearn.svm.LinearSVC", "os.system"),
        "'os.system' is outside",
        "trusted_mod",
    ),
    mine(
        "tunnel",
        changed("svm.LinearSVC", "os.system"),
        "cannot import sklearn.os",
        "mend the path of the class",
    ),
    mine(
        "tunnel to joblib",
        changed("svm.LinearSVC", "utils.validation.joblib.load"),
        "cannot import sklearn.utils",
    ),
    mine(
        "no class",
        changed("svm.LinearSVC", "datasets.fetch_openml"),
        "not an estimator class",
        "BaseEstimator",
    ),
    mine(
        "absent package",
        changed("sklearn.svm.LinearSVC", "xgboost_not_here.Model"),
        "cannot import xgboost_not_here",
        "install it",
        words=["trusted_modules=[xgboost_not_here]"],
    ),
    mine(
        "target that is no text", changed("sklearn.svm.LinearSVC", "3"), "the dotted path of a class, got 3"
    ),
    mine("no target", changed("{_target_: sklearn.svm.LinearSVC}", "{C: 1}"), "with the key _target_"),
    mine("a cache of pickles", changed("SVC}", "SVC, memory: /tmp}"), "memory must be null", "pickles"),
    mine("positional", changed("SVC}", "SVC, _args_: [1]}"), "made of arguments and _target_, got '_args_'"),
]
FILES = [
    mine("broken YAML", "label: [\n", "mine.yaml, line 2:", "mend the YAML"),
    mine(
        "key twice",
        FAMILY + "label: again\n",
        "mine.yaml, line 6: found duplicate key label",
        "mend the YAML",
    ),
    mine(
        "bytes that are no UTF-8",
        FAMILY.encode() + b"# \xe9\n",
        "conf/model/mine.yaml is not UTF-8",
        "save it",
    ),
    mine("UTF-16", FAMILY.encode("utf-16"), "mine.yaml is not UTF-8", "save it as UTF-8"),
    mine("zero byte", FAMILY.encode() + b"\0", "unacceptable character"),
    mine("aliases without end", FAMILY + BOMB, "unfolds to more than 10,000 values", "take aliases (*) out"),
    mine("alias of itself", FAMILY + "x: &x [*x]\n", "unfolds to more than 10,000 values"),
    mine("alias of nothing", FAMILY + "x: *nobody\n", "found undefined alias 'nobody'", "mend the YAML"),
    mine("nested too deeply", FAMILY + "x: " + "[" * 600, "nested too deeply", "flatten it"),
    mine(
        "a tag that calls",
        FAMILY + "x: !!python/object/apply:os.system [true]\n",
        "could not determine a con",
    ),
    mine("a list", "- 1\n- 2\n", ""),
    mine("empty", "", ""),
    mine("no header", FAMILY.partition("\n")[2], "belongs to no family", "# @package model.<its name>"),
    mine(
        "field nobody knows",
        FAMILY + "max_sise: 3\n",
        "unknown key model.mine.max_sise",
        "did you mean max_size?",
    ),
    mine("field absent", changed("label: mine\n", ""), "model.mine lacks the key label"),
    Row("absent folder", ["sweep", "--config-dir", "nowhere"], ["nowhere' not found"]),
    Row(
        "name of ours",
        ["sweep", *MINE[:2]],
        ["would not be read", "rename it"],
        {"conf/model/svm.yaml": FAMILY},
    ),
    Row(
        "family that is a folder",
        ["sweep", *MINE],
        ["model has no choice 'mine'"],
        {"conf/model/mine.yaml/x": ""},
    ),
    Row("config-dir that is a file", ["sweep", *MINE], ["conf"], {"conf": ""}),
]
TABLES = [
    table("empty", "", "some.csv has nothing in it", "must name a CSV with column names and rows"),
    table("column names alone", "age,label\n", "has no rows below its column names"),
    table("few rows", TABLE[:60], "needs at least 10; bring more rows"),
    table("ragged", TABLE + "1,2,3,4\n", "line 42 has 4 fields, and there are 3 columns", "mend that line"),
    table("short row", TABLE + "1,2\n", "line 42 has 2 fields"),
    table(
        "one column", "label\nyes\nno\n", "one column, 'label', and needs two or more, separated by commas"
    ),
    table("semicolons", TABLE.replace(",", ";"), "separated by commas"),
    table("column twice", TABLE.replace("city", "age"), "2 columns named 'age'; rename all but one"),
    table("column without a name", TABLE.replace("city", ""), "column 2 has no name; name it"),
    table(
        "a million columns",
        "label," + ",".join(map(str, range(10**6))),
        "1,000,001 columns, and at most 10,000",
        "drop some",
    ),
    table("bytes", TABLE.encode() + b"1,Troms\xf8,yes\n", "line 42 is not UTF-8; save the file as UTF-8"),
    table("UTF-16", TABLE.encode("utf-16"), "is not UTF-8; save the file as UTF-8"),
    table("open quote", TABLE + '1,"Oslo,yes\n', "mend"),
    table(
        "endless field",
        TABLE + "1," + "x" * 200_000 + ",yes\n",
        "field larger than field limit",
        "mend the file",
    ),
    table(
        "one label", TABLE.replace("no", "yes"), "'label' is 'yes' in every row; choose a target that varies"
    ),
    table("label missing", TABLE + "1,Oslo,\n", "line 42 has no 'label', the target; fill it in"),
    table("a number with a comma", TABLE + '"1,5",Oslo,yes\n', "line 42: 'age' is '1,5'", "with a point"),
    table(
        "a word among numbers",
        TABLE + "abc,Oslo,yes\n",
        "'age' is 'abc', and 40 of the 41",
        "leave the cell empty",
    ),
    table("infinite", TABLE + "inf,Oslo,yes\n", "line 42: 'age' is inf, beyond 32-bit", "rescale"),
    table("beyond 32 bits", TABLE + "1e39,Oslo,yes\n", "is 1e+39, beyond 32-bit numbers"),
    table("absent target", TABLE.replace("label", "class"), "got 'label'; its columns: age, city, class"),
    table("misspelt target", TABLE.replace("label", "labels"), "got 'label'; did you mean labels?"),
    table("no target", TABLE, "needs data.target, the column to predict", words=["data.target=null"]),
    table(
        "measured target with a slip",
        "age,label\n" + "".join(f"1,{n}.5\n" for n in range(300)) + "1,n/k\n",
        "line 302: 'label' is 'n/k', and nearly all others are numbers",
        "leave the row out",
    ),
    table("too many test rows", TABLE, "a whole number from 5 to 20, got 30", words=["data.test_rows=30"]),
    table("rows beyond the pool", TABLE, "at most 32 (the rows of the pool)", words=["data.sizes=[33]"]),
    table(
        "few rows for a ladder",
        "\n".join(TABLE.splitlines()[:20]),
        "data.sizes=auto needs",
        "give data.sizes yourself",
    ),
    table("no path", TABLE, "data=file needs data.path", words=["data.path=null"]),
    table("absent file", TABLE, "there is no file 'no.csv' (it does not exist", words=["data.path=no.csv"]),
    table("a folder", TABLE, "there is no file '.' (it is a folder", "mend data.path", words=["data.path=."]),
    table(
        "a device without end", TABLE, "'/dev/zero' (it is a folder, a pipe", words=["data.path=/dev/zero"]
    ),
    table("standard input", TABLE, "there is no file '/dev/stdin'", words=["data.path=/dev/stdin"]),
    table("too long a name", TABLE, "there is no file 'xxx", words=["data.path=" + "x" * 300]),
    table("home of nobody", TABLE, "write the path in full", words=["data.path='~nobody_here/x'"]),
]
TWO_COLUMNS = "day,shop,label\n" + "01/02/2024,a,yes\n03/04/2024,b,no\n" * 20
CHOICES = [
    packed(
        "a gzip file cut short", "some.csv.gz", gzip.compress(TABLE.encode())[:-9], "as a gzip file (Compr"
    ),
    packed(
        "a packed line", "some.csv.gz", gzip.compress(TABLE.encode() + b"1,2\n"), "some.csv.gz line 42 has 2"
    ),
    packed(
        "two files in an archive", "some.zip", zipped("a.csv", "b.csv"), "holds 2 files, and must hold one"
    ),
    packed(
        "no Parquet", "some.parquet", TABLE.encode(), "cannot be read as Parquet", "mend data.path or the"
    ),
    packed("no NPZ", "some.npz", TABLE.encode(), "cannot be read as NPZ", "save X and y with numpy.savez"),
    table("day or month", TWO_COLUMNS, "such as '01/02/2024'", "write them year first, such as 2024-04-03"),
    table("absent drop", TABLE, "got 'cty'; did you mean city?", words=["data.drop=[cty]"]),
    table("target dropped", TABLE, "'label' is two of", "choose one", words=["data.drop=[label]"]),
    table("two groups", TABLE, "'city' has 2 groups of up to 20 rows", words=["data.group=city"]),
    table("group and time", TABLE, "both given", words=["data.group=city", "data.time=age"]),
    table("text as time", TABLE, "a column of dates or numbers, got 'city'", words=["data.time=city"]),
    table("one label before", TABLE, "'label' has one label only; bring rows", words=["data.time=age"]),
    table(
        "absent test file", TABLE, "data.test_path: there is no file 't.csv'", words=["data.test_path=t.csv"]
    ),
    table(
        "tested on itself",
        TABLE,
        "holds what data.path holds",
        words=["data.test_path=some.csv"],
    ),
    Row("described without a path", ["data", "data=file"], ["data=file needs data.path, the file to learn"]),
    Row("described without a choice", ["data", "data.path=x"], ["no data is chosen; add data=..."]),
    Row("described, unknown option", ["data", "data=digits", "+data.drop=x"], ["data=digits has no option"]),
]
STORES = [
    Row("root that is a file", ["sweep", *DIGITS], ["cannot write", "mlruns"], {"mlruns": "a file"}),
    Row(
        "root below a file",
        ["sweep", *DIGITS, "tracking.root=x/y"],
        ["cannot write", "x/y", "tracking.root"],
        {"x": ""},
    ),
    Row("root of odd letters", ["sweep", *DIGITS, "tracking.root='a#b'"], ["holds #", "choose another"]),
]
ROWS = [*WORDS, *VALUES, *SPACES, *FILES, *TABLES, *CHOICES, *STORES]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder."""
    for variable in ("HYDRA_FULL_ERROR", "HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(files):
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())


def snapshot(folder):
    """Every name below a folder, and of each file its bytes and the time of its last change.

    Not the times of folders: where data is prepared, `cache/` is made for its lock, and removed again.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        is_file = path.is_file() and not path.is_symlink()
        found[str(path.relative_to(folder))] = (
            about.st_mode,
            path.read_bytes() if is_file else None,
            about.st_mtime_ns if is_file else None,
        )
    return found


def refused(capsys, words):
    """The one line that a mistake is answered with."""
    status = main(words)
    out, err = capsys.readouterr()
    assert (status, out) == (2, ""), err
    assert err.startswith("harness: ")
    assert err.endswith("\n")
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
    return err


def test_there_are_enough_of_them():
    names = [row.name for row in ROWS]
    assert len(names) >= 90


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_mistake_is_one_line_and_nothing_is_written(row, folder, capsys, monkeypatch):
    write(row.files)
    for name, value in row.env.items():
        monkeypatch.setenv(name, value)
    before = snapshot(folder)
    line = refused(capsys, row.words)
    assert snapshot(folder) == before
    for fragment in row.says:
        assert fragment in line


def test_a_name_that_another_configuration_holds_is_refused_naming_both(folder, capsys):
    held = compose_one("model.logistic_regression.space.l2=0.1")
    with_data = plan.of(replace(held, root=folder / "elsewhere"))
    report.folder(held).mkdir(parents=True)
    report.claim_folder(held, with_data.task, None)
    shutil.rmtree(folder / "elsewhere")
    before = snapshot(folder)
    line = refused(capsys, ["sweep", *DIGITS])
    own = report.identity(compose_one(), with_data.task)["model.logistic_regression"]
    other = report.identity(held, with_data.task)["model.logistic_regression"]
    assert f"mlruns/reports/digits was made with model.logistic_regression={other}, this sweep has " in line
    assert f"model.logistic_regression={own}; give it a name of its own: name=digits-2" in line
    assert snapshot(folder) == before


def compose_one(*words):
    (job,) = compose("config", [*DIGITS, *words])
    return parse(job.tree, job.source)


@pytest.mark.parametrize(
    "content", [b"no database" * 1000, b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 5000]
)
@pytest.mark.parametrize("command", ["sweep", "plan", "report", "curves"])
def test_a_store_that_is_no_database_is_refused_and_left_as_it_is(command, content, folder, capsys):
    write({"mlruns/mlflow.db": content})
    line = refused(capsys, [command, *DIGITS])
    assert "mlflow.db" in line
    assert Path("mlruns/mlflow.db").read_bytes() == content
    assert not Path("mlruns/cache").exists()


DAC_OVERRIDE, CAPBSET_DROP = 1, 24  # capability(7), prctl(2)


@pytest.mark.parametrize("root", ["mlruns", "locked"])
def test_a_folder_that_cannot_be_written_is_refused(root, folder):
    """In a process that has lost root's right to write anywhere."""
    if not sys.platform.startswith("linux"):
        pytest.skip("capabilities are dropped as Linux does it")
    locked = folder if root == "mlruns" else folder / "locked"
    locked.mkdir(exist_ok=True)
    locked.chmod(0o555)
    before = snapshot(folder)
    libc = ctypes.CDLL(None)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "harness", "sweep", *DIGITS, f"tracking.root={root}"],
            capture_output=True,
            text=True,
            preexec_fn=lambda: libc.prctl(CAPBSET_DROP, DAC_OVERRIDE, 0, 0, 0),
        )
        after = snapshot(folder)
    finally:
        locked.chmod(0o755)
    assert (done.returncode, done.stdout, after) == (2, "", before)
    assert len(done.stderr.splitlines()) == 1
    assert "cannot write the prepared data to" in done.stderr
    assert "set tracking.root to a folder that can be written" in done.stderr


def test_a_pipe_without_a_writer_is_not_waited_for(folder, capsys):
    os.mkfifo("some.csv")
    assert "is a folder, a pipe or a device" in refused(capsys, ["sweep", *CSV])
    assert [path.name for path in folder.iterdir()] == ["some.csv"]
