"""An NPZ is a table if it holds X and y; its other arrays of one value a row are columns too."""

import re

import numpy as np
import pytest

from harness.data import load
from harness.errors import DataError


@pytest.fixture
def save(tmp_path):
    """Save arrays as `some.npz`, alone in its folder."""

    def save(**arrays):
        np.savez_compressed(tmp_path / "some.npz", **arrays)
        return tmp_path / "some.npz"

    return save


def read(path, **options):
    return load("file", {"path": str(path), **options}, path.parent / "cache")


def test_the_arrays_of_an_npz_are_columns_and_images_are_laid_flat(save):
    X = np.arange(60 * 6, dtype=np.uint16).reshape(60, 2, 3)
    path = save(X=X, y=np.arange(60) % 2, kind=np.array(["b", "a"] * 30))
    task = read(path)
    assert task.features == ("x0", "x1", "x2", "x3", "x4", "x5", "kind=a", "kind=b")
    assert task.classes == ("0", "1")
    rows = {int(x[0]) // 6: x for x in [*task.X, *task.X_test]}
    assert all(np.array_equal(rows[at][:6], X[at].ravel()) for at in range(60))


def test_a_name_in_place_of_the_labels_of_an_npz_is_a_column_too(save):
    path = save(X=np.arange(40), y=np.arange(40) % 2, kind=np.array(["b", "a"] * 20))
    assert read(path, target="kind").features == ("x0", "y")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.ones((9, 2))}, "has no array 'y' (it has X); save X and y with numpy.savez"),
        ({"y": np.ones(9)}, "has no array 'X' (it has y);"),
        ({}, "has no array 'X' (it has nothing)"),
        (
            {"X": np.ones((9, 2)), "y": np.ones(8)},
            "'y' must be 9 values, one for each row of X, got the shape",
        ),
        ({"X": np.ones((9, 2)), "y": np.ones((9, 1))}, "got the shape (9, 1)"),
        ({"X": np.ones((0, 2)), "y": np.ones(0)}, "has no rows"),
        ({"X": np.array([[None]] * 9), "y": np.ones(9)}, "cannot be read as NPZ (Object arrays cannot be"),
        ({"X": np.ones((9, 2), complex), "y": np.ones(9)}, "column 'x0' holds complex128"),
        ({"X": np.ones((9, 10_000)), "y": np.ones(9)}, "has 10,001 columns, and at most 10,000 are read"),
    ],
)
def test_an_npz_without_its_arrays_is_refused(save, arrays, message):
    path = save(**arrays)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert list(path.parent.iterdir()) == [path]
