"""A data set is a name and options; a ladder is the sizes that it proposes."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.curves.forecast import FEWEST_SIZES
from harness.data import RECIPES, ladder, load, open_cached
from harness.errors import ConfigError, DataError

CONF = Path(__file__).parents[2] / "conf" / "data"


def test_the_path_of_a_task_opens_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = load("digits", {}, Path("cache"))
    monkeypatch.chdir("/")
    assert open_cached(task.path).digest == task.digest


def test_an_unknown_data_set_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(
        ConfigError,
        match=r"^data must be one of air_time, .*, xor, got 'fligths'; did you mean 'flights'\?$",
    ):
        load("fligths", {}, tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "flights",
            r"^data=flights has no option 'test_row' \(its options: test_rows\); did you mean 'test_r",
        ),
        ("digits", r"^data=digits has no option 'test_row' \(its options: none\)$"),
    ],
)
def test_an_unknown_option_is_refused(tmp_path, name, message):
    with pytest.raises(DataError, match=message):
        load(name, {"test_row": 5}, tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_the_configuration_of_a_data_set_holds_its_options_and_their_defaults(name):
    conf = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert conf.pop("name") == name
    assert conf.pop("sizes")
    assert conf == RECIPES[name].defaults


def test_the_digits_are_the_same_arrays_everywhere(tmp_path):
    task = load("digits", {}, tmp_path)
    assert (task.X.shape, task.X_test.shape) == ((1297, 64), (500, 64))
    assert task.digest.startswith("9711c47d")
    counts = np.bincount(np.concatenate([task.y, task.y_test])) * 500 / 1797
    assert np.abs(np.bincount(task.y_test) - counts).max() < 1.5


@given(st.integers(200, 10**7), st.integers(2, 16))
def test_a_ladder_doubles_up_to_half_the_pool_by_way_of_halves_where_those_are_few(pool, classes):
    sizes = ladder(pool, classes)
    assert 1 <= len(sizes) <= 9
    assert sizes[0] >= 64
    powers = [size for size in sizes if size.bit_count() == 1]
    assert all(b == 2 * a for a, b in pairwise(powers))
    halves = [3 * size // 2 for size in powers[:-1]] if len(powers) < FEWEST_SIZES else []
    assert sizes == tuple(sorted([*powers, *halves]))
    assert sizes[-1] <= min(pool // 2, 32_768) < max(2 * sizes[-1], 32_769)


@pytest.mark.parametrize(
    ("pool", "classes", "sizes"),
    [
        (127, 2, (16, 24, 32)),
        (1_200, 2, (64, 96, 128, 192, 256, 384, 512)),
        (4_000, 2, (64, 96, 128, 192, 256, 384, 512, 768, 1024)),
        (4_096, 2, (64, 128, 256, 512, 1024, 2048)),
        (32, 2, (16,)),
        (2_000, 100, (512,)),
        (1_000, 100, (256,)),
        (10**6, 2, (128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)),
    ],
)
def test_a_ladder_starts_where_the_classes_have_rows(pool, classes, sizes):
    assert ladder(pool, classes) == sizes


@pytest.mark.parametrize(("pool", "classes", "need"), [(31, 2, "32"), (511, 100, "512")])
def test_too_small_a_pool_says_what_it_needs(pool, classes, need):
    with pytest.raises(DataError, match=rf"at least {need} rows for {classes} classes, got {pool};"):
        ladder(pool, classes)
    assert ladder(int(need), classes)
