"""What a model file may hold: estimators and their parts. Nothing else that it names ever runs."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from harness.errors import StoreError
from harness.model_files import dump, load
from models import LogisticRegression as OurLogisticRegression
from models import NeuralNetworkClassifier
from models.svm import KernelSVC

RNG = np.random.default_rng(0)
y = np.arange(90) % 3
X = (RNG.normal(size=(90, 4)) + 2 * np.eye(3, 4)[y]).astype(np.float32)
LEARNERS = [
    NeuralNetworkClassifier(steps=20),
    OurLogisticRegression(),
    KernelSVC(),
    LogisticRegression(),
    SVC(),
    LinearSVC(),
    SGDClassifier(),
    DecisionTreeClassifier(),
    RandomForestClassifier(n_estimators=3),
    ExtraTreesClassifier(n_estimators=3),
    AdaBoostClassifier(n_estimators=3),
    GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3),
    KNeighborsClassifier(),
    KNeighborsClassifier(algorithm="ball_tree", p=1),
    KNeighborsClassifier(algorithm="kd_tree", p=3),
    GaussianNB(),
    GaussianProcessClassifier(),
    MLPClassifier(max_iter=200, tol=1.0),
    MLPClassifier(max_iter=200, tol=1.0, solver="sgd"),
    CalibratedClassifierCV(LinearSVC()),
    CalibratedClassifierCV(GaussianNB(), method="isotonic"),
    VotingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier())]),
    StackingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier())]),
]


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: type(learner).__name__)
def test_a_fitted_classifier_comes_back_and_predicts_the_same(learner):
    fitted = make_pipeline(StandardScaler(), learner).fit(X, y)
    assert load(dump(fitted)).predict(X).tolist() == fitted.predict(X).tolist()


def forged(change, learner=None):
    """The bytes of a valid file whose schema was changed in place."""
    data = dump((learner or make_pipeline(StandardScaler(), LogisticRegression())).fit(X, y))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        held = {name: file.read(name) for name in file.namelist()}
    schema = json.loads(held["schema.json"])
    change(schema, held)
    return zipped({**held, "schema.json": json.dumps(schema).encode()})


def zipped(held):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in held.items():
            file.writestr(name, content)
    return out.getvalue()


def text(value):
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
    }


def listed(*values, kind=("builtins", "tuple", "TupleNode")):
    module, name, loader = kind
    return {"__class__": name, "__module__": module, "__loader__": loader, "content": list(values)}


def named(target, loader, **more):
    module, _, name = target.rpartition(".")
    return {"__module__": module, "__class__": name, "__loader__": loader, **more}


FUNCTIONS = [
    "os.system",
    "posix.system",
    "builtins.eval",
    "builtins.open",
    "numpy.load",
    "numpy.testing._private.utils.runstring",
    "numpy.f2py.compile",
    "scipy.io.loadmat",
    "sklearn.os.system",
    "sklearn.utils.validation.joblib.load",
    "sklearn.datasets._openml.fetch_openml",
    "models.training.train",
    "joblib.numpy_pickle.load",
    "pandas.read_pickle",
    "xgboost.core.Booster",  # a part only where its package is trusted
]
COMMAND = "open('ran', 'w').close()"


@pytest.mark.parametrize("target", FUNCTIONS)
@pytest.mark.parametrize(
    "node",
    [
        lambda target: named(target, "FunctionNode"),
        lambda target: named(target, "TypeNode"),
        lambda target: named(target, "ConstructorFromReduceNode", content=listed(text(COMMAND))),
        lambda target: listed(text(COMMAND), kind=(*target.rpartition(".")[::2], "ListNode")),
        lambda target: named(
            "functools.partial",
            "PartialNode",
            content={
                "func": named(target, "FunctionNode"),
                "args": listed(text(COMMAND)),
                "kwds": listed(),
                "namespace": listed(),
            },
        ),
        lambda target: named(target, "ObjectNode", content=text({})),
    ],
    ids=["function", "type", "constructor", "list", "partial", "object"],
)
def test_a_function_by_reference_is_refused_and_not_called(target, node, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def plant(schema, held):
        schema["content"]["content"]["verbose"] = node(target)

    with pytest.raises(StoreError, match=r"the model file holds .* no estimator of a trusted module"):
        load(forged(plant))
    assert list(tmp_path.iterdir()) == []


def test_a_bound_method_by_reference_is_refused():
    def plant(schema, held):
        step = {**schema, "__id__": 1}
        schema["content"]["content"]["verbose"] = {
            **named("sklearn.pipeline.Pipeline", "MethodNode"),
            "content": {"obj": json.loads(json.dumps(step)), "func": "fit"},
        }

    with pytest.raises(StoreError, match="no estimator of a trusted module"):
        load(forged(plant))


def test_a_transformer_that_calls_a_function_is_refused():
    data = skops.io.dumps(FunctionTransformer(os.system))
    with pytest.raises(StoreError, match=r"holds posix\.system"):
        load(data)


def test_a_pickle_in_place_of_an_array_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Run:
        def __reduce__(self):
            return os.mkdir, ("ran",)

    def plant(schema, held):
        for name in held:
            if name.endswith(".npy"):
                out = io.BytesIO()
                np.save(out, np.array([Run()], dtype=object), allow_pickle=True)
                held[name] = out.getvalue()

    with pytest.raises(StoreError, match=r"damaged or was not written by the harness .*allow_pickle=False"):
        load(forged(plant))
    assert list(tmp_path.iterdir()) == []


def test_names_that_leave_the_file_write_nothing(tmp_path, monkeypatch):
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    load(forged(lambda schema, held: held.update({"../out": b"x", "/tmp/../out": b"x"})))
    assert list(tmp_path.rglob("*")) == [inner]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a zip",
        zipped({"other": b""}),
        zipped({"schema.json": b"["}),
        zipped({"schema.json": b"{}"}),
        zipped({"schema.json": json.dumps({"protocol": 10**9}).encode()}),
        zipped({"schema.json": b"[" * 100_000}),
    ],
    ids=range(7),
)
def test_what_is_no_model_file_is_told_in_one_line(data):
    with pytest.raises(StoreError, match=r"damaged or was not written by the harness \(.+\); [^\n]+$"):
        load(data)


def test_an_estimator_of_the_user_needs_its_module_trusted(tmp_path, monkeypatch):
    (tmp_path / "mine_in_a_model_file.py").write_text(
        "from sklearn.dummy import DummyClassifier\nclass Mine(DummyClassifier):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import mine_in_a_model_file

    data = dump(mine_in_a_model_file.Mine().fit(X, y))
    with pytest.raises(StoreError, match=r"mine_in_a_model_file\.Mine.*pass its module in trusted_modules"):
        load(data)
    assert load(data, ("mine_in_a_model_file",)).predict(X).tolist() == [0] * len(X)
