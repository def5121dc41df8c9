import sys
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import ConfigError
from harness.families import build, resolve, source_digest

INSIDE_BUT_NO_ESTIMATOR = [
    "sklearn.os.system",
    "sklearn.utils.validation.joblib.load",
    "sklearn.datasets.load_svmlight_file",
    "sklearn.base.BaseEstimator.fit",
    "sklearn.svm",
    "models.training.train",
    "sklearn.svm.NoSuchClass",
]


@pytest.mark.parametrize("target", INSIDE_BUT_NO_ESTIMATOR)
def test_a_trusted_module_is_no_way_to_anything_but_an_estimator(target):
    with pytest.raises(ConfigError, match=r"not an estimator class|cannot import"):
        resolve(target)


def test_a_trusted_module_of_the_user_is_found_in_the_working_directory(tmp_path, monkeypatch, logistic):
    (tmp_path / "mine_for_test.py").write_text(
        "from sklearn.dummy import DummyClassifier\nclass Mine(DummyClassifier):\n    pass\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    family = replace(logistic, estimator={"_target_": "mine_for_test.Mine"}, space={})
    assert type(build(family, {}, {}, 0, ("mine_for_test",)).steps[-1][1]).__name__ == "Mine"
    before = source_digest(family, ("mine_for_test",))
    (tmp_path / "mine_for_test.py").write_text("# changed\n")
    assert source_digest(family, ("mine_for_test",)) != before


def test_an_argument_the_estimator_does_not_take_is_refused(logistic):
    with pytest.raises(ConfigError, match="LogisticRegression takes no 'gamma'"):
        build(logistic, {"C": 1.0}, {**logistic.space, "gamma": 1.0}, 0)


def test_a_nested_target_is_built(logistic):
    estimator = {
        "_target_": "sklearn.ensemble.BaggingClassifier",
        "estimator": {"_target_": "sklearn.tree.DecisionTreeClassifier", "max_depth": 2},
    }
    learner = build(replace(logistic, estimator=estimator, preprocess="none"), {}, {}, 7)
    assert learner.estimator.max_depth == 2
    assert (learner.random_state, learner.estimator.random_state) == (7, 7)


def test_a_target_inside_a_plain_group_is_built(logistic):
    estimator = {
        "_target_": "sklearn.ensemble.BaggingClassifier",
        "estimator": {
            "_target_": "sklearn.ensemble.VotingClassifier",
            "estimators": [["a", {"_target_": "sklearn.dummy.DummyClassifier"}]],
            "weights": {"a": {"_target_": "sklearn.tree.DecisionTreeClassifier"}},
        },
    }
    voting = build(replace(logistic, estimator=estimator, preprocess="none"), {}, {}, 7).estimator
    assert type(voting.estimators[0][1]).__name__ == "DummyClassifier"
    assert type(voting.weights["a"]).__name__ == "DecisionTreeClassifier"


def test_an_estimator_that_cannot_be_made_is_refused_with_the_reason(logistic):
    broken = replace(logistic, estimator={"_target_": "sklearn.ensemble.StackingClassifier"}, space={})
    with pytest.raises(ConfigError, match=r"StackingClassifier cannot be made from no arguments"):
        build(broken, {}, {}, 0)


def test_a_module_of_the_user_that_breaks_is_refused_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "mine_that_breaks.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot import mine_that_breaks .ZeroDivisionError: division"):
        resolve("mine_that_breaks.Model", ("mine_that_breaks",))


def test_scaling_is_fitted_on_the_training_rows_alone(logistic):
    rng = np.random.default_rng(0)
    X, y = rng.normal(3.0, 2.0, size=(50, 4)).astype(np.float32), np.arange(50) % 2
    fitted = build(logistic, {"C": 1.0}, logistic.space, 0).fit(X[:30], y[:30])
    np.testing.assert_allclose(fitted.named_steps["scale"].mean_, X[:30].mean(axis=0), rtol=1e-5)


def test_missing_values_are_imputed_from_the_training_rows(logistic):
    X = np.array([[0.0, 1.0], [2.0, np.nan], [4.0, 1.0], [6.0, np.nan]], dtype=np.float32)
    fitted = build(logistic, {"C": 1.0}, logistic.space, 0).fit(X, np.array([0, 1, 0, 1]))
    np.testing.assert_allclose(fitted.named_steps["impute"].statistics_, [3.0, 1.0])
