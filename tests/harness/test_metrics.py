"""Every score against scikit-learn's, and the numbers of the rows against the score they make."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from harness import config, evaluate, metrics
from harness.curves import interval
from harness.metrics import Answers, Metric
from harness.records import Task

CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def numbers(seed, rows=200):
    rng = np.random.default_rng(seed)
    y = rng.normal(1e3, 50, rows)
    return Answers(y, y + rng.standard_t(4, rows), classes=0)


def classes(seed, rows=300, shares=(0.8, 0.15, 0.05)):
    """Unbalanced classes, probabilities of which some are 0, and a class that is never said."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(shares), rows, p=shares)
    p = rng.dirichlet(np.full(len(shares), 0.3), rows)
    p[0], p[1] = np.eye(len(shares))[0], np.eye(len(shares))[2]
    return Answers(y, p[:, :2].argmax(axis=1), len(shares), p, rows=50)


def of_scikit_learn(of):
    if not of.classes:
        return {
            "rmse": theirs.root_mean_squared_error(of.y, of.said),
            "mae": theirs.mean_absolute_error(of.y, of.said),
            "r2": theirs.r2_score(of.y, of.said),
        }
    mixed = (of.rows * of.p + 1) / (of.rows + of.classes)
    return {
        "error": 1 - theirs.accuracy_score(of.y, of.said),
        "balanced_error": 1 - theirs.balanced_accuracy_score(of.y, of.said),
        "log_loss": theirs.log_loss(of.y, mixed, labels=range(of.classes)),
    }


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("answers", [numbers, classes])
def test_scores_are_those_of_scikit_learn(answers, seed):
    found, expected = evaluate.scores(answers(seed)), of_scikit_learn(answers(seed))
    assert found.keys() == expected.keys()
    for name, score in expected.items():
        np.testing.assert_allclose(found[name], score, **CLOSE)


@pytest.mark.parametrize("truth", [[2.0, 2.0, 2.0], [5.0]])
@pytest.mark.parametrize("off", [0.0, 0.5])
def test_r2_of_a_truth_that_never_varies_is_as_scikit_learn_has_it(truth, off):
    y = np.array(truth)
    expected = theirs.r2_score(y, y + off) if len(y) > 1 else float(off == 0)  # theirs is NaN for one row
    assert metrics.scores(Answers(y, y + off, classes=0))["r2"] == expected


def test_a_class_without_a_row_is_left_out_of_the_balanced_error():
    said = metrics.scores(Answers(np.array([0, 0, 2, 2]), np.array([0, 1, 2, 2]), classes=4))
    assert said["balanced_error"] == 0.25


@pytest.mark.parametrize("name", metrics.METRICS)
def test_the_numbers_of_the_rows_have_the_score_as_their_mean(name):
    of = numbers(0) if name in ("rmse", "mae") else classes(0)
    np.testing.assert_allclose(metrics.losses(name, of).mean(), evaluate.scores(of)[name], **CLOSE)


def without(of, row):
    keep = np.arange(len(of.y)) != row
    return Answers(of.y[keep], of.said[keep], of.classes, None if of.p is None else of.p[keep], of.rows)


@pytest.mark.parametrize("name", metrics.METRICS)
def test_a_row_is_worth_what_the_score_moves_without_it(name):
    """The infinitesimal jackknife against the real one: their variances agree to a few percent."""
    of = numbers(3) if name in ("rmse", "mae") else classes(3, shares=(0.5, 0.3, 0.2))
    left_out = [evaluate.scores(without(of, row))[name] for row in range(len(of.y))]
    jackknife = np.var(left_out) * (len(of.y) - 1)
    assert np.var(metrics.losses(name, of)) / len(of.y) == pytest.approx(jackknife, rel=0.05)


def test_an_rmse_of_zero_has_rows_of_zero():
    assert not metrics.losses("rmse", Answers(np.ones(3), np.ones(3), classes=0)).any()


def test_the_interval_of_an_rmse_covers_that_of_new_rows_and_repeats():
    """Repeats whose true RMSE is Gaussian around 1, on test rows that are hard for all of them alike."""
    rng, covered, draws = np.random.default_rng(0), 0, 400
    for _ in range(draws):
        hard, spread = rng.normal(size=150), 1 + 0.1 * rng.normal(size=(5, 1))
        left = spread * (0.8 * hard + 0.6 * rng.normal(size=(5, 150)))
        found = interval(np.stack([metrics.losses("rmse", Answers(0 * e, e, classes=0)) for e in left]))
        covered += found.low <= 1 <= found.high
    assert 0.92 <= covered / draws <= 0.985


def task_of(y_test, classes=()):
    X = np.zeros((len(y_test), 1), dtype=np.float32)
    return Task("made", X, y_test, X, y_test, classes, ("x",), "")


@pytest.mark.parametrize(
    ("name", "guess"),
    [("rmse", lambda y: np.full(len(y), y.mean())), ("mae", lambda y: np.full(len(y), np.median(y)))],
)
def test_a_baseline_is_the_score_of_the_best_constant(name, guess):
    y = np.random.default_rng(0).gamma(2.0, 30.0, 501)
    baseline = metrics.baseline_of(name, task_of(y))
    assert baseline == pytest.approx(metrics.scores(Answers(y, guess(y), classes=0))[name], rel=1e-12)
    worse = metrics.scores(Answers(y, guess(y) + 1.0, classes=0))[name]
    assert worse > baseline


def test_the_baseline_of_a_log_loss_is_that_of_the_shares_of_the_classes():
    y = np.array([0] * 60 + [1] * 30 + [2] * 10)
    p = np.tile([0.6, 0.3, 0.1], (100, 1))
    expected = theirs.log_loss(y, p)
    assert metrics.baseline_of("log_loss", task_of(y, ("a", "b", "c"))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", metrics.METRICS)
def test_a_target_without_spread_has_a_baseline_of_one(name):
    kind = () if name in ("rmse", "mae") else ("a",)
    assert metrics.baseline_of(name, task_of(np.zeros(9, dtype=int), kind)) == 1.0


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        (Metric("error"), ("11.5 %", "2.0 points", "error (%)")),
        (Metric("balanced_error"), ("11.5 %", "2.0 points", "balanced error (%)")),
        (Metric("log_loss", 2.3), ("0.265", "0.046", "log-loss (nats)")),
        (Metric("rmse", 77.0), ("8.9", "1.5", "RMSE (in the target's unit)")),
        (Metric("mae", 154_557.0), ("17,836", "3,091", "MAE (in the target's unit)")),
        (Metric("rmse", 4e-4), ("0.000046", "0.000008", "RMSE (in the target's unit)")),
    ],
)
def test_scores_and_differences_are_told_in_their_unit(metric, told):
    assert (metric.value(0.1154), metric.apart(0.02), metric.axis) == told


def test_what_a_person_may_ask_for_is_what_there_is():
    assert config.METRICS == metrics.METRICS  # stated twice, for help and completion do without NumPy
