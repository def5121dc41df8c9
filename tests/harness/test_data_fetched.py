"""What is downloaded: OpenML on files that scikit-learn recorded, covertype and HIGGS on rows made here."""

import gzip
import hashlib
import json
import shutil
from importlib import resources
from types import SimpleNamespace
from urllib.error import URLError
from urllib.parse import urlparse

import numpy as np
import pandas
import pytest
import sklearn.datasets

from harness.data import covertype, higgs, is_here, load
from harness.errors import DataError

API = "openml/openml.org/api/v1/json/data"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """scikit-learn's folder of data, and no network."""

    def refuse(*_, **__):
        raise URLError("Name or service not known")

    monkeypatch.setattr("sklearn.datasets._openml.urlopen", refuse)
    monkeypatch.setattr("sklearn.datasets._openml.time.sleep", lambda _: None)
    monkeypatch.setattr("sklearn.datasets._base.urlretrieve", refuse)
    monkeypatch.setattr("sklearn.datasets._base.time.sleep", lambda _: None)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "fetched"))
    return tmp_path / "fetched"


def fetched(folder, number, name=None):
    """The folder as it is after the recorded set of that number was downloaded."""
    recorded = resources.files(f"sklearn.datasets.tests.data.openml.id_{number}")
    with gzip.open(recorded.joinpath(f"api-v1-jd-{number}.json.gz")) as text:
        url = urlparse(json.load(text)["data_set_description"]["url"]).path
    data = next(each.name for each in recorded.iterdir() if each.name.endswith(".arff.gz"))
    copies = {
        f"api-v1-jd-{number}.json.gz": f"{API}/{number}.gz",
        f"api-v1-jdf-{number}.json.gz": f"{API}/features/{number}.gz",
        f"api-v1-jdq-{number}.json.gz": f"{API}/qualities/{number}.gz",
        data: f"openml/openml.org{url}.gz",
    }
    if name is not None:
        copies[f"api-v1-jdl-dn-{name}-l-2-dv-1.json.gz"] = (
            f"{API}/list/data_name/{name}/limit/2/data_version/1.gz"
        )
    for source, target in copies.items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(recorded.joinpath(source), folder / target)


def test_a_set_of_openml_is_taken_by_its_number(folder, tmp_path):
    assert not is_here("openml", {"dataset": 61})
    fetched(folder, 61)
    assert is_here("openml", {"dataset": 61})
    task = load("openml", {"dataset": 61}, tmp_path / "cache")
    assert (task.X.shape, task.X_test.shape) == ((120, 4), (30, 4))
    assert task.classes == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
    assert task.features == ("sepallength", "sepalwidth", "petallength", "petalwidth")
    assert (task.name, task.source, task.licence) == ("iris", "OpenML 61 (iris, version 1)", "Public")
    assert np.bincount(task.y_test).tolist() == [10, 10, 10]
    rows = np.concatenate([task.X, task.X_test])
    np.testing.assert_allclose(rows.mean(axis=0), [5.843, 3.054, 3.759, 1.199], atol=5e-4)


def test_a_set_of_openml_is_taken_by_its_name(folder, tmp_path):
    fetched(folder, 61, name="iris")
    assert is_here("openml", {"dataset": "Iris"})
    by_name = load("openml", {"dataset": "Iris"}, tmp_path / "cache")
    assert by_name.digest == load("openml", {"dataset": 61}, tmp_path / "cache").digest


def test_a_set_that_was_prepared_needs_no_download(folder, tmp_path):
    fetched(folder, 61)
    load("openml", {"dataset": 61}, tmp_path / "cache")
    shutil.rmtree(folder)
    assert load("openml", {"dataset": 61}, tmp_path / "cache").name == "iris"


def test_columns_of_words_become_a_column_for_each_level(folder, tmp_path):
    fetched(folder, 40945)  # the passengers of the Titanic
    task = load("openml", {"dataset": 40945}, tmp_path / "cache")
    assert (len(task.X), len(task.X_test), task.classes) == (1_048, 261, ("0", "1"))
    assert {"pclass", "age", "fare", "sex=female", "sex=male", "name=(other)"} < set(task.features)
    sex = np.array([name.startswith("sex=") for name in task.features])
    np.testing.assert_array_equal(task.X[:, sex].sum(axis=1), 1)
    ages = np.concatenate([task.X, task.X_test])[:, task.features.index("age")]
    assert np.isnan(ages).sum() == 263
    by_sex = load("openml", {"dataset": 40945, "target": "sex", "test_rows": 20}, tmp_path / "cache")
    assert (by_sex.classes, len(by_sex.X_test)) == (("female", "male"), 20)
    with pytest.raises(
        DataError, match=r"^data=openml cannot be fetched \(Could not find target_column='sek'\)"
    ):
        load("openml", {"dataset": 40945, "target": "sek"}, tmp_path / "cache")


def test_changed_bytes_in_the_folder_are_refused(folder, tmp_path):
    fetched(folder, 61)
    (data,) = (folder / "openml/openml.org/data").rglob("*.gz")
    data.write_bytes(gzip.compress(gzip.decompress(data.read_bytes()).replace(b"5.1", b"5.2")))
    with pytest.raises(
        DataError, match=r"^data=openml cannot be fetched \(.*\); correct what was asked for, or "
    ):
        load("openml", {"dataset": 61}, tmp_path / "cache")


def test_without_a_network_it_is_said_in_a_line_and_nothing_is_left(folder, tmp_path):
    message = (
        r"cannot be fetched \(<urlopen error Name or service not known>\); correct what was asked for, or "
        r"try again with a network, or copy .*fetched from a machine that has fetched it$"
    )
    for name, options in (("openml", {"dataset": 61}), ("covertype", {}), ("mnist", {"path": "openml"})):
        with pytest.raises(DataError, match=f"^data={name} {message}"):
            load(name, options, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_leaves_what_was_there(folder, tmp_path):
    (folder / "empty").mkdir(parents=True)
    with pytest.raises(DataError, match="cannot be fetched"):
        load("openml", {"dataset": 61}, tmp_path / "cache")
    assert [path.name for path in folder.iterdir()] == ["empty"]


@pytest.mark.parametrize("dataset", [None, "", "../../iris", "a b", 1.5, True, [61]])
def test_a_set_of_openml_has_a_number_or_a_name(folder, tmp_path, dataset):
    with pytest.raises(
        DataError, match=r"^data=openml needs data\.dataset, the number of a data set at openml"
    ):
        load("openml", {"dataset": dataset}, tmp_path / "cache")


def openml_of(monkeypatch, target, rows=40):
    details = {"id": "7", "name": "made up", "version": "1"}
    found = SimpleNamespace(data=pandas.DataFrame({"a": range(rows)}), target=target, details=details)
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_: found)


LABELS = pandas.Series(["no", "yes"] * 20, name="label")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, r"has no column to predict by default; name one with data\.target"),
        (pandas.DataFrame({"a": LABELS, "b": LABELS}), "has 2 columns to predict by default; name one with"),
        (LABELS.mask(LABELS.index == 3), "1 rows have no 'label'; choose another"),
        (
            pandas.Series(range(200), name="price"),
            "'price' has 200 values, and must have from 2 to 100; choose",
        ),
        (
            pandas.Series(["yes"] * 40, name="label"),
            "'label' has 1 values, and must have from 2 to 100; choose",
        ),
    ],
)
def test_a_target_that_is_no_class_is_refused(folder, tmp_path, monkeypatch, target, message):
    openml_of(monkeypatch, target, rows=40 if target is None else len(target))
    with pytest.raises(DataError, match=rf"^OpenML 7 \(made up, version 1\):? .*{message}"):
        load("openml", {"dataset": 7}, tmp_path / "cache")


def test_too_few_rows_for_a_test_are_refused(folder, tmp_path, monkeypatch):
    openml_of(monkeypatch, LABELS[:8], rows=8)
    with pytest.raises(DataError, match="has 8 rows, and needs at least 10; choose another"):
        load("openml", {"dataset": 7}, tmp_path / "cache")


# Covertype


@pytest.fixture
def few_trees(monkeypatch):
    """A covertype of 140 rows, 20 a class."""
    y = np.repeat(np.arange(1, 8), 20)
    found = SimpleNamespace(
        data=np.arange(140 * 54, dtype=np.float64).reshape(140, 54),
        target=y.astype(np.int32),
        feature_names=[f"f{place}" for place in range(54)],
    )
    monkeypatch.setattr(covertype, "ROWS_OF_A_CLASS", (20,) * 7)
    monkeypatch.setattr(sklearn.datasets, "fetch_covtype", lambda: found)
    return found


def test_the_trees_are_split_by_class(few_trees, tmp_path):
    task = load("covertype", {"test_rows": 35}, tmp_path)
    assert (task.X.shape, task.X_test.shape) == ((105, 54), (35, 54))
    assert np.bincount(task.y_test).tolist() == [5] * 7
    np.testing.assert_array_equal(task.y, task.X[:, 0] // 54 // 20)
    assert task.classes[6] == "krummholz"


def test_other_rows_than_those_of_covertype_are_refused(few_trees, folder, tmp_path):
    few_trees.target[0] = 7
    with pytest.raises(DataError, match=r"covertype holds other rows than UCI's; remove that folder$"):
        load("covertype", {"test_rows": 35}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_covertype_is_here_once_it_was_fetched(folder):
    assert not is_here("covertype", {})
    (folder / "covertype").mkdir(parents=True)
    (folder / "covertype" / "samples_py3").touch()
    assert is_here("covertype", {})


# HIGGS


@pytest.fixture
def collisions(tmp_path, monkeypatch):
    """A file of 300 collisions, of which 100 are held out, is expected."""
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.integers(0, 2, 300), rng.normal(size=(300, 28))]).astype(np.float32)
    file = tmp_path / "HIGGS.csv.gz"
    pandas.DataFrame(rows).to_csv(file, index=False, header=False)
    monkeypatch.setattr(higgs, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    for name, number in (("ROWS", 300), ("HELD_OUT", 100), ("ROWS_AT_ONCE", 70)):
        monkeypatch.setattr(higgs, name, number)
    monkeypatch.chdir(tmp_path)
    return rows


def test_the_last_collisions_are_held_out(collisions, tmp_path):
    task = load("higgs", {"test_rows": 100}, tmp_path / "cache")
    np.testing.assert_array_equal(task.X, collisions[:200, 1:])
    np.testing.assert_array_equal(task.y, collisions[:200, 0])
    np.testing.assert_array_equal(task.X_test, collisions[200:, 1:])
    assert len(task.features) == 28
    some = load("higgs", {"test_rows": 10}, tmp_path / "cache")
    assert {row.tobytes() for row in some.X_test} < {row.tobytes() for row in task.X_test}


def test_another_file_than_that_of_higgs_is_refused(collisions, tmp_path):
    (tmp_path / "other.csv.gz").write_bytes(gzip.compress(b"1,2\n"))
    with pytest.raises(
        DataError, match=r"^other\.csv\.gz is not UCI's HIGGS\.csv\.gz \(its SHA-256 differs\); "
    ):
        load("higgs", {"path": "other.csv.gz", "test_rows": 5}, tmp_path / "cache")


def test_without_the_file_of_higgs_the_command_that_brings_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        DataError,
        match=r"^data=higgs finds no file 'HIGGS\.csv\.gz'; curl -O https://.*HIGGS\.csv\.gz, or data\.pa",
    ):
        load("higgs", {}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []
