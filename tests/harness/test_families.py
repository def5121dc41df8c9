import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import ConfigError
from harness.families import build, check_targets, resolve, source_digest

OUTSIDE = [
    "os.system",
    "subprocess.Popen",
    "builtins.eval",
    "builtins.open",
    "psutil.Popen",
    "shutil.copyfile",
    "joblib.load",
    "pandas.read_pickle",
    "distutils.spawn.spawn",
    "asyncio.create_subprocess_shell",
    "mlflow.sklearn.load_model",
    "sklearnx.svm.SVC",
    "modelsx.Evil",
]
INSIDE_BUT_NO_ESTIMATOR = [
    "sklearn.os.system",
    "sklearn.utils.validation.joblib.load",
    "sklearn.datasets.load_svmlight_file",
    "sklearn.base.BaseEstimator.fit",
    "sklearn.svm",
    "models.training.train",
    "sklearn.svm.NoSuchClass",
]


@pytest.mark.parametrize("target", OUTSIDE)
@pytest.mark.parametrize("nest", [False, True])
def test_a_target_outside_the_trusted_modules_is_refused(logistic, target, nest):
    tree = {"_target_": target}
    family = replace(logistic, estimator={"_target_": "sklearn.svm.SVC", "x": [tree]} if nest else tree)
    with pytest.raises(ConfigError, match="outside the trusted modules"):
        check_targets([family])


def test_a_target_is_refused_before_anything_is_imported(tmp_path):
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')\n")
    code = (
        "from harness.records import Family\n"
        "from harness.families import check_targets\n"
        "try: check_targets([Family('f', 'f', {'_target_': 'evil.Model'}, {})])\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "ConfigError"


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
    check_targets([family], ("mine_for_test",))
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


def test_scaling_is_fitted_on_the_training_rows_alone(logistic):
    rng = np.random.default_rng(0)
    X, y = rng.normal(3.0, 2.0, size=(50, 4)).astype(np.float32), np.arange(50) % 2
    fitted = build(logistic, {"C": 1.0}, logistic.space, 0).fit(X[:30], y[:30])
    np.testing.assert_allclose(fitted.named_steps["scale"].mean_, X[:30].mean(axis=0), rtol=1e-5)


def test_missing_values_are_imputed_from_the_training_rows(logistic):
    X = np.array([[0.0, 1.0], [2.0, np.nan], [4.0, 1.0], [6.0, np.nan]], dtype=np.float32)
    fitted = build(logistic, {"C": 1.0}, logistic.space, 0).fit(X, np.array([0, 1, 0, 1]))
    np.testing.assert_allclose(fitted.named_steps["impute"].statistics_, [3.0, 1.0])
