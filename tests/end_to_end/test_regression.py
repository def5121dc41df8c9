"""A number is swept as a new user would: told from the file, cut off, continued, reported, reproduced."""

import csv
import json
import re
import shutil

import numpy as np
import pandas
import pytest

from harness.cli import main
from harness.tracking.recorder import Recorder

SWEEP = [
    *("data=file", "data.path=house.csv", "data.target=price", "model=[logistic_regression,svm,small_nn]"),
    *("claims.networks=[small_nn]", "data.sizes=[64,128]", "repeats=2", "search.trials=2", "launch=inline"),
]
OF_CLASSES = re.compile(
    r"wrong answer|points|share of the test rows|[Ee]rror \(%\)|test error|[Vv]alidation error"
)


@pytest.fixture
def house(root, monkeypatch):
    """A working folder with a table of prices, and an empty store."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(root)
    rng = np.random.default_rng(0)
    rows = 500
    area, age = rng.uniform(30, 250, rows), rng.uniform(0, 100, rows)
    city = rng.choice(["Oslo", "Rome"], rows)
    price = 2000 * area * (1 + 0.3 * (city == "Oslo")) + 30_000 * np.sin(age / 15)
    price += rng.normal(0, 20_000, rows)
    columns = {"area": area.round(1), "age": np.where(age > 95, np.nan, age), "city": city}
    pandas.DataFrame({**columns, "price": price.round(2)}).to_csv("house.csv", index=False)
    return root


def cells(root, name="house"):
    with (root / "reports" / name / "cells.csv").open() as lines:
        return list(csv.DictReader(lines))


def numbers(root):
    """Every cell without seconds and run ids."""
    return [{k: v for k, v in row.items() if k not in ("fit_seconds", "run_id")} for row in cells(root)]


def stopped_at(count, monkeypatch):
    """Ctrl-C when so many trials are recorded."""
    written, record = [], Recorder.trial

    def trial(self, cell, one):
        record(self, cell, one)
        written.append(one)
        if len(written) == count:
            raise KeyboardInterrupt

    monkeypatch.setattr(Recorder, "trial", trial)


def test_a_number_is_swept_cut_off_continued_and_reproduced(house, tmp_path_factory, capsys, monkeypatch):
    other = tmp_path_factory.mktemp("other")
    for file in house.glob("mlflow.db*"):
        shutil.copy(file, other / file.name)
    words = ["sweep", *SWEEP]
    with monkeypatch.context() as patch:
        stopped_at(9, patch)
        assert main([*words, f"tracking.root={house}"]) == 130
    assert main([*words, f"tracking.root={house}"]) == 0
    out = capsys.readouterr().out
    assert " 4 recorded in" in out
    assert "\nnote: the target is a number, judged by its RMSE; data.kind=classification takes its" in out
    assert main([*words, f"tracking.root={other}"]) == 0
    assert numbers(house) == numbers(other)

    rows = cells(house)
    assert [row["outcome"] for row in rows] == ["complete"] * 12
    assert all(5_000 < float(row["test_rmse"]) < 200_000 for row in rows)
    for row in (rows[0], rows[-1]):
        capsys.readouterr()
        assert main(["reproduce", row["run_id"], f"tracking.root={house}"]) == 0
        assert capsys.readouterr().out.startswith("identical: 2 trials")
    _no_word_of_classes(house / "reports" / "house")

    capsys.readouterr()
    assert main([*words, "metric=mae", f"tracking.root={house}"]) == 2
    said = capsys.readouterr().err
    assert "was made with metric=rmse, this sweep has metric=mae; give it a name of its own" in said


def _no_word_of_classes(folder):
    for name in ("report.html", "verdicts.json", "forecast.csv", "curves.svg"):
        text = (folder / name).read_text()
        assert not (found := OF_CLASSES.findall(re.sub(r'"data:[^"]*"', "", text))), (name, found)
    verdicts = json.loads((folder / "verdicts.json").read_text())
    assert re.match(r"[\d.]+, the RMSE of the mean of the target", verdicts["unit"])
    page = (folder / "report.html").read_text()
    for words in (
        "Test RMSE",
        "the mean of the target would score",
        "ridge regression",
        "standard deviation",
    ):
        assert words in page


def test_the_default_families_learn_a_number_that_comes_with_the_harness(root, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    words = ["data=diabetes", "data.sizes=[64]", "repeats=1", "search.trials=1", "launch=inline"]
    assert main(["sweep", *words, f"tracking.root={root}"]) == 0
    rows = cells(root, "diabetes")
    assert [row["family"] for row in rows] == [
        *("logistic_regression", "svm", "small_nn", "medium_nn", "large_nn")
    ]
    assert all(40 < float(row["test_rmse"]) < 90 for row in rows)


@pytest.mark.parametrize("metric", ["balanced_error", "log_loss"])
def test_classes_are_swept_by_another_metric(metric, root, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    words = [
        *("data=digits", "model=[logistic_regression,shallow_nn]", "data.sizes=[64]", "repeats=2"),
        *("search.trials=2", "launch=inline", f"metric={metric}", f"tracking.root={root}"),
    ]
    assert main(["sweep", *words]) == 0
    rows = cells(root, "digits")
    assert all(0 < float(row[f"test_{metric}"]) < 2 for row in rows)
    capsys.readouterr()
    assert main(["reproduce", rows[0]["run_id"], f"tracking.root={root}"]) == 0
    assert capsys.readouterr().out.startswith("identical: 2 trials")
    page = (root / "reports" / "digits" / "report.html").read_text()
    assert f"Test {metric.replace('_', ' ').replace('log loss', 'log-loss')}" in page
