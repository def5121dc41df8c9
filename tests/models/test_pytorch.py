"""The estimators of the optional extra `torch`: skipped where it is not installed, but for the message."""

import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from models import Diverged
from models.pytorch import ConvolutionalClassifier, RecurrentClassifier
from models.pytorch.layout import laid_out

KINDS = (ConvolutionalClassifier, RecurrentClassifier)
SMALL = {ConvolutionalClassifier: {"channels": 4}, RecurrentClassifier: {"units": 8}}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("absent", ["torch", "skorch"])
def test_without_the_extra_the_command_that_brings_it_is_told(kind, absent, monkeypatch):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ImportError, match=r"\.venv/bin/uv pip install -p \.venv torch skorch brings them"):
        kind()


def test_a_row_is_an_image_where_its_columns_are_a_square_or_it_is_said_to_be():
    assert [laid_out(columns) for columns in (1, 9, 15, 16, 64)] == [(1,), (9,), (15,), (4, 4), (8, 8)]
    assert laid_out(9, "image") == (3, 3)
    with pytest.raises(ValueError, match="layout=image needs a square number of columns, got 40"):
        laid_out(40, "image")
    with pytest.raises(ValueError, match="layout must be one of auto, image, sequence; got 'table'"):
        laid_out(40, "table")


@pytest.fixture
def torch():
    pytest.importorskip("skorch")
    return pytest.importorskip("torch")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::sklearn.exceptions.SkipTestWarning")
def test_it_honours_the_conventions_of_scikit_learn(torch, kind):
    check_estimator(kind(**SMALL[kind], learning_rate=0.05, batch_size=16, epochs=8))


@pytest.fixture
def bars():
    """Images of 8 x 8 with a bar somewhere, upright or level: no pixel alone tells which."""
    rng = np.random.default_rng(0)
    y, at = np.arange(700) % 2, rng.integers(0, 8, 700)
    X = rng.normal(0, 0.3, (700, 8, 8)).astype(np.float32)
    X[y == 0, at[y == 0]] += 1
    X[y == 1, :, at[y == 1]] += 1
    names = np.array(["level", "upright"])
    return X.reshape(700, -1), names[y]


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_what_no_pixel_tells_and_the_same_bits_from_the_same_seed(torch, kind, bars):
    X, y = bars
    learner = kind(learning_rate=0.02, batch_size=32, epochs=10, random_state=3).fit(X[:400], y[:400])
    assert learner.score(X[400:], y[400:]) > 0.9
    p = learner.predict_proba(X[400:])
    np.testing.assert_allclose(p.sum(axis=1), 1)
    again = clone(learner).fit(X[:400], y[:400])
    np.testing.assert_array_equal(again.predict_proba(X[400:]), p)
    other = clone(learner).set_params(random_state=4).fit(X[:400], y[:400])
    assert not np.array_equal(other.predict_proba(X[400:]), p)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_and_random_numbers_of_the_process_are_as_before(torch, kind, bars):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(7)
    wanted = torch.rand(3)
    try:
        torch.manual_seed(7)
        kind(**SMALL[kind], epochs=1).fit(*bars).predict(bars[0])
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.rand(3), wanted)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rate_beyond_reason_is_an_outcome(torch, kind, bars):
    with pytest.raises(Diverged):
        kind(**SMALL[kind], learning_rate=1e38, epochs=2).fit(*bars)


@pytest.mark.parametrize("columns", [1, 3, 65, 130])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_may_have_any_length(torch, kind, columns):
    X, y = np.random.default_rng(0).normal(size=(20, columns)), np.arange(20) % 3
    assert kind(**SMALL[kind], epochs=1, layout="sequence").fit(X, y).predict_proba(X).shape == (20, 3)


def test_a_batch_size_is_a_number(torch, bars):
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1; got 'auto'"):
        ConvolutionalClassifier(batch_size="auto").fit(*bars)
