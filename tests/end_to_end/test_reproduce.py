"""A recorded run is run again and every number compared; what was recorded may have been tampered with.

Who can write the records can also forge their hashes. So tampering is tried twice: plainly, which the hashes
find, and forged, which must meet the guards behind them.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import reproduce
from harness.cli import main
from harness.tracking import digests, finding
from harness.tracking.store import open_store

STEPS = itertools.count(1)  # of changed metrics: the newest counts
MINE = """
from sklearn.dummy import DummyClassifier

class Mine(DummyClassifier):
    pass
"""
FAMILY = """
# @package model.mine
label: mine
estimator: {_target_: mine_to_reproduce.Mine, strategy: prior}
space: {random_state: 1}
selection: error
"""


@pytest.fixture(scope="module")
def place(template_store, tmp_path_factory):
    """A working directory with two recorded sweeps: digits, and a CSV learned by an estimator of a user's."""
    here = tmp_path_factory.mktemp("reproduce")
    (here / "mlruns").mkdir()
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, here / "mlruns")
    (here / "mine_to_reproduce.py").write_text(MINE)
    (here / "mine" / "model").mkdir(parents=True)
    (here / "mine" / "model" / "mine.yaml").write_text(FAMILY)
    (here / "rows.csv").write_text("a,b,label\n" + "".join(f"{i},{i},{'xyz'[i % 3]}\n" for i in range(120)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.syspath_prepend(str(here))
        patch.setenv("ROWS", str(here))
        common = ["launch=inline", "repeats=2"]
        digits = ["data=digits", "model=[shallow_nn,logistic_regression_sklearn]", "data.sizes=[64]"]
        assert main(["sweep", *digits, "search.trials=3", *common]) == 0
        rows = ["data=file", "data.path=${oc.env:ROWS}/rows.csv", "data.target=label", "data.sizes=[32]"]
        mine = ["model=mine", "trusted_modules=[mine_to_reproduce]"]
        assert main(["sweep", *rows, *mine, "search.trials=1", *common, "--config-dir", "mine"]) == 0
        yield here


@pytest.fixture(autouse=True)
def _there(place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("ROWS", str(place))


def runs(kind, data="digits"):
    store = open_store(Path("mlruns"))
    experiment = store.client.get_experiment_by_name(data).experiment_id
    return finding.search(store.client, [experiment], f"tags.kind = '{kind}'")


def run_id(kind, data="digits"):
    return runs(kind, data)[-1].info.run_id


def answer(capsys, *words):
    capsys.readouterr()
    status = main(["reproduce", *words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("sweep", "identical: 12 trials, "),
        ("cell", "identical: 3 trials, "),
        ("trial", "identical: 1 trial, "),
    ],
)
def test_every_kind_of_run_is_identical(kind, says, capsys):
    status, out, err = answer(capsys, run_id(kind))
    assert (status, out.count("\n")) == (0, 1)
    assert out.startswith(says)
    assert err.count("identical\n") == (4 if kind == "sweep" else 0)


def test_it_is_identical_in_a_fresh_process_and_nothing_is_recorded(place):
    before = len(runs("trial")), len(runs("cell"))
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    words = [sys.executable, "-m", "harness", "reproduce", run_id("cell"), "format=json"]
    end = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300)
    said = json.loads(end.stdout)
    assert (end.returncode, said["identical"], said["trials"], said["differences"]) == (0, True, 3, [])
    assert (len(runs("trial")), len(runs("cell"))) == before


def artifact(run, name):
    return Path("mlruns/artifacts/digits", run.info.run_id, "artifacts", name)


def forge(id_):
    """Make a run's hashes those of what it holds now."""
    client = open_store(Path("mlruns")).client
    run = client.get_run(id_)
    tags = dict(run.data.tags)
    if digests.FILES in tags:
        names = [part.partition("=")[0] for part in tags[digests.FILES].split()]
        tags[digests.FILES] = digests.of_files({name: artifact(run, name).read_bytes() for name in names})
        client.set_tag(id_, digests.FILES, tags[digests.FILES])
    if tags["kind"] != "sweep":  # whose digest is of the cells it is derived from
        client.set_tag(id_, digests.DIGEST, digests.of_run(tags, run.data.metrics, run.data.params))


@pytest.fixture
def changed():
    """Change a recorded metric, plainly; it is put back afterwards."""
    client, before = open_store(Path("mlruns")).client, []

    def change(run, metric, by):
        value = run.data.metrics[metric]
        before.append((run.info.run_id, metric, value))
        client.log_metric(run.info.run_id, metric, value + by, step=next(STEPS))

    yield change
    for id_, metric, value in before:
        client.log_metric(id_, metric, value, step=next(STEPS))
        forge(id_)


@contextmanager
def tampered(run, name, change):
    """Meanwhile an artifact of a run holds what `change` makes of its text, plainly."""
    file = artifact(run, name)
    before = file.read_text()
    assert change(before) != before
    file.write_text(change(before))
    try:
        yield
    finally:
        file.write_text(before)
        forge(run.info.run_id)


@pytest.mark.parametrize("kind", ["trial", "cell"])
def test_a_plainly_changed_number_is_refused_by_its_digest(kind, changed, capsys):
    run = next(run for run in runs(kind) if run.data.metrics)
    changed(run, "value" if kind == "trial" else "test_error", 2**-40)
    status, out, err = answer(capsys, run.info.run_id)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"harness: run {run.info.run_id} of sqlite:")
    assert "mlflow.db is not what was recorded; " in err


@pytest.mark.parametrize(
    ("kind", "name"),
    [("cell", "config.yaml"), ("cell", "cell.json"), ("sweep", "config.yaml"), ("sweep", "sweep.json")],
)
def test_a_plainly_changed_artifact_is_refused_by_its_hash(kind, name, capsys):
    run = runs(kind)[-1]
    with tampered(run, name, lambda text: text + "\n"):
        status, out, err = answer(capsys, run.info.run_id)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"harness: the artifact {name} of run {run.info.run_id} in sqlite:")
    assert "mlflow.db is not what was recorded; " in err


def test_a_changed_number_of_a_trial_is_found_and_named(changed, capsys):
    worst = max(
        (run for run in runs("trial") if "value" in run.data.metrics),
        key=lambda run: run.data.metrics["value"],
    )
    changed(worst, "value", 2**-40)
    forge(worst.info.run_id)
    status, out, _ = answer(capsys, run_id("sweep"))
    lines = out.splitlines()
    assert status == 1
    assert lines[0].startswith("different: 1 of ")
    assert f"trial {worst.data.tags['number']}: value " in lines[1]
    assert repr(worst.data.metrics["value"]) in lines[1]
    assert lines[2].startswith("likely reason: nothing known: versions, processor")


def test_a_changed_number_of_a_cell_is_found_with_the_versions_that_changed(changed, capsys, monkeypatch):
    cell = runs("cell")[0]
    changed(cell, "test_error", 0.25)
    forge(cell.info.run_id)
    now = reproduce.environment()
    monkeypatch.setattr(reproduce, "environment", lambda: {**now, "numpy": "9.9", "code": "other"})
    status, out, _ = answer(capsys, cell.info.run_id, "format=json")
    said = json.loads(out)
    assert (status, said["identical"]) == (1, False)
    assert [each["name"] for each in said["differences"]] == ["test_error"]
    assert said["differences"][0]["now"] == str(cell.data.metrics["test_error"])
    assert said["reasons"][0] == f"numpy {now['numpy']} then, 9.9 now"
    assert said["reasons"][1].startswith("the harness's own source")


def test_changed_data_are_named_and_nothing_is_run(place, capsys):
    before = Path("rows.csv").read_text()
    Path("rows.csv").write_text(before.replace("\n7,", "\n7.5,"))
    try:
        status, out, _ = answer(capsys, run_id("sweep", "rows"), "trusted_modules=[mine_to_reproduce]")
    finally:
        Path("rows.csv").write_text(before)
    assert status == 1
    assert "the data changed" in out
    assert "0 metrics" in out


def test_an_estimator_of_a_users_runs_only_if_this_command_trusts_it(capsys):
    id_ = run_id("sweep", "rows")
    status, out, err = answer(capsys, id_)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "if you trust it, add 'trusted_modules=[mine_to_reproduce]'" in err
    status, out, _ = answer(capsys, id_, "trusted_modules=[mine_to_reproduce]")
    assert status == 0
    assert out.startswith("identical: 2 trials")


def test_a_changed_source_of_a_users_estimator_is_named(capsys):
    file = Path("mine_to_reproduce.py")
    file.write_text(MINE + "# changed\n")
    try:
        status, out, _ = answer(capsys, run_id("cell", "rows"), "trusted_modules=[mine_to_reproduce]")
    finally:
        file.write_text(MINE)
    assert status == 1
    assert "the source of mine_to_reproduce.Mine changed" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "run_id has no value"),
        (["0" * 32], "no run 0000"),
        (["../x"], "run_id must be the id of"),
        (["0" * 32, "tracking.root=nowhere"], "no records below nowhere"),
        (["0" * 32, "data=digits"], "takes no key data"),
        (["0" * 32, "1" * 32], "cannot read '1111"),
        (["curve"], "is of the kind 'curve'"),
    ],
)
def test_a_mistake_is_one_line(words, says, capsys):
    words = [run_id("curve") if word == "curve" else word for word in words]
    status, out, err = answer(capsys, *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert says in err


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + above] * 9)}]\n"
    for above, name in zip("abcdefg", "bcdefgh", strict=True)
)
TARGET = "_target_: models.NeuralNetworkClassifier"
TAMPERED = {
    "os": (lambda s: s.replace(TARGET, "_target_: os.system"), "'os.system' is outside the trusted"),
    "evil": (lambda s: s.replace(TARGET, "_target_: evil.Model"), "'evil.Model' is outside the trusted"),
    "through sklearn": (
        lambda s: s.replace(TARGET, "_target_: sklearn.os.system"),
        "cannot import sklearn.os",
    ),
    "nested": (
        lambda s: s.replace(TARGET, TARGET + "\n      x: [{a: {_target_: evil.Model}}]"),
        "'evil.Model' is outside the trusted",
    ),
    "pickles of an argument": (
        lambda s: s.replace(TARGET, TARGET + "\n      memory: cache"),
        "estimator.memory must be null",
    ),
    "pickles of a grid": (
        lambda s: s.replace(
            TARGET, "_target_: sklearn.model_selection.GridSearchCV\n      param_grid: {memory: [cache]}"
        ),
        "estimator.param_grid.memory must be null",
    ),
    "pickles of a space": (
        lambda s: s.replace("    space:\n", "    space:\n      memory: cache\n"),
        "space.memory must be null",
    ),
    "trust": (
        lambda s: s.replace(TARGET, "_target_: evil.Model").replace(
            "trusted_modules: []", "trusted_modules: [evil]"
        ),
        "if you trust it, add 'trusted_modules=[evil]'",
    ),
    "interpolated": (
        lambda s: "x: evil.Model\n" + s.replace(TARGET, "_target_: ${x}"),
        "unknown key x",
    ),
    "hydra": (lambda s: s + "hydra: {callbacks: {a: {_target_: evil.Model}}}\n", "unknown key hydra"),
    "tag": (lambda s: s + "x: !!python/object/apply:os.system [touch ran]\n", "has the tag"),
    "path tag": (lambda s: s + "x: !!python/object/apply:pathlib.Path [x]\n", "has the tag"),
    "bomb": (lambda s: s + BOMB, "unfolds to more than"),
    "self": (lambda s: s + "x: &x [*x]\n", "unfolds to more than"),
    "resolver": (lambda s: s.replace("seed: 0", "seed: ${oc.create:0}"), "calls '${oc.create:0}'"),
    "escaped": (lambda s: s.replace("seed: 0", r'seed: "\x24{oc.decode:0}"'), "calls '${oc.decode:0}'"),
    "composed": (lambda s: s.replace("seed: 0", "seed: '${${name}:0}'"), "calls '${_:0}'"),
    "long": (lambda s: s + "#" * 200_001, "at most 200,000"),
    "deep": (lambda s: s + "x: " + "[" * 100_000, "nested more than"),
    "broken": (lambda s: s + "x: [", "config.yaml"),
    "no tree": (lambda s: "- 1\n", "config.yaml must be made of key: value"),
    "empty": (lambda s: "", "lacks the key"),
}


@pytest.mark.parametrize("way", TAMPERED)
def test_nothing_in_a_forged_record_runs(way, place, monkeypatch, capsys):
    def ran(*_):
        raise AssertionError("it ran")

    Path("evil.py").write_text("raise AssertionError('imported')")
    monkeypatch.setattr("harness.reproduce.compare_cell", ran)
    monkeypatch.setattr(os, "system", ran)
    cell = next(run for run in runs("cell") if run.data.tags["family"] == "shallow_nn")
    change, says = TAMPERED[way]
    with tampered(cell, "config.yaml", change):
        forge(cell.info.run_id)
        status, out, err = answer(capsys, cell.info.run_id)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert says in err
    assert "evil" not in sys.modules
    assert not Path("ran").exists()
