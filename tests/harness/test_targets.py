"""No configuration names anything outside the trusted modules, however hidden, and nothing is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import ConfigError
from harness.family_config import parse_families

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
    "mlflow.pyfunc.load_model",
    "mlflow.pytorch.load_model",
    "hydra._internal.utils.run_and_report",
    "sklearnx.svm.SVC",
    "modelsx.Evil",
    "models_.Evil",
]
NO_PATHS = [
    "ѕklearn.svm.SVC",  # the first letter is Cyrillic
    "sklearn.ｓvm.SVC",
    "sklearn．svm．SVC",
    "sklearn.svm.SVC.",
    ".sklearn.svm.SVC",
    "sklearn..svm.SVC",
    "sklearn.svm.SVC\n",
    " sklearn.svm.SVC",
    "sklearn.svm.SVC()",
    "sklearn/svm/SVC",
    "sklearn:svm",
    "SVC",
    "",
    None,
    3,
    True,
    ["sklearn.svm.SVC"],
    {"_target_": "os.system"},
]
PLACES = {
    "itself": lambda tree: tree,
    "argument": lambda tree: svc(base=tree),
    "list": lambda tree: svc(base=[1, [tree]]),
    "group": lambda tree: svc(base={"x": {"y": tree}}),
    "estimator of estimators": lambda tree: svc(base={"_target_": "sklearn.svm.SVC", "inner": [tree]}),
    "under a number": lambda tree: svc(base={3: tree}),
}


def svc(**arguments):
    return {"_target_": "sklearn.svm.SVC", **arguments}


def families(estimator, space=None, trusted=()):
    fields = {"label": "x", "estimator": estimator, "space": space or {}}
    return parse_families({"mine": fields}, trusted)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("target", OUTSIDE)
def test_a_target_outside_the_trusted_modules_is_refused(target, place):
    with pytest.raises(
        ConfigError, match=rf"{target}' is outside the trusted modules \(models, sklearn\); if"
    ):
        families(place({"_target_": target}))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("target", NO_PATHS, ids=map(repr, NO_PATHS))
def test_a_target_that_is_no_dotted_path_is_refused(target, place):
    with pytest.raises(ConfigError, match="must be the dotted path of a class"):
        families(place({"_target_": target}))


@pytest.mark.parametrize(
    "entry",
    [
        {"_target_": "sklearn.svm.SVC"},
        [{"_target_": "os.system"}],
        {"choices": [{"_target_": "os.system"}]},
        {"choices": ["a"], "_target_": "os.system"},
        {"low": 1, "high": 2, "_target_": "os.system"},
        {"low": {"_target_": "os.system"}, "high": 2},
        {"layers": {"_target_": "os.system"}, "units": 3},
    ],
)
def test_a_space_holds_no_target(entry):
    with pytest.raises(ConfigError, match=r"model\.mine\.space\.C"):
        families(svc(), {"C": entry})


@pytest.mark.parametrize("key", ["_args_", "_partial_", "_recursive_", "_convert_", "_mode_"])
@pytest.mark.parametrize("nest", [False, True])
def test_the_other_words_of_hydra_are_no_arguments(key, nest):
    tree = svc(base=svc(**{key: True})) if nest else svc(**{key: True})
    with pytest.raises(ConfigError, match=f"made of arguments and _target_, got '{key}'"):
        families(tree)


@pytest.mark.parametrize("key", [3, None, True, "not a name", "a.b", ""])
def test_an_argument_has_a_name(key):
    with pytest.raises(ConfigError, match="keyed by names"):
        families({**svc(), key: 1})


def test_weights_of_classes_may_have_any_key():
    for weights in ({0: 1.0, 1: 2.0}, {"a b": 3.0, "": 1.0}):
        assert families(svc(class_weight=weights))[0].estimator["class_weight"] == weights
    with pytest.raises(ConfigError, match=r"class_weight must be keyed by names or by numbers, not by both"):
        families(svc(class_weight={0: 1.0, "a": 2.0}))


def test_a_cache_of_pickles_is_refused():
    tree = {"_target_": "sklearn.pipeline.Pipeline", "steps": [], "memory": "/tmp/cache"}
    with pytest.raises(
        ConfigError, match=r"estimator\.base\.memory must be null, .* pickles, got '/tmp/cache'"
    ):
        families(svc(base=tree))
    assert families(svc(base={**tree, "memory": None}))


def searched(**grid):
    return {"_target_": "sklearn.model_selection.GridSearchCV", "estimator": svc(), "param_grid": grid}


HELD = [
    "/dir",
    ["/dir"],
    [None, "/dir"],
    [[None]],
    {"a": None},
    {"choices": [None], "_target_": "sklearn.svm.SVC"},
]


@pytest.mark.parametrize("key", ["memory", "base__memory", "a__b__memory"])
@pytest.mark.parametrize("value", HELD, ids=map(repr, HELD))
@pytest.mark.parametrize(
    "place", [searched, lambda **grid: svc(**grid), lambda **grid: svc(grids=[1, [{"x": grid}]])]
)
def test_a_cache_of_pickles_is_refused_at_any_depth_of_an_estimator(place, key, value):
    with pytest.raises(ConfigError, match=rf"estimator\.(\w+\.)*{key} must be null, .*; take it out"):
        families(place(**{key: value}))


@pytest.mark.parametrize(
    ("path", "space"),
    [
        ("memory", {"memory": "/dir"}),
        ("memory", {"memory": {"choices": [None, "/dir"]}}),
        ("memory", {"memory": {"low": 1, "high": 2}}),
        ("base__memory", {"base__memory": "/dir"}),
        (r"param_grid\.memory", {"param_grid": [{"C": [1]}, {"memory": ["/dir"]}]}),
    ],
)
def test_a_cache_of_pickles_is_refused_in_a_space(path, space):
    with pytest.raises(
        ConfigError, match=rf"mine\.space\.{path} must be null, .* pickles, got .*; take it out"
    ):
        families(svc(), space)


def test_no_cache_is_no_cache_however_it_is_written():
    assert families(searched(memory=[None], base__memory=None, memory_of_x=["a"]))
    assert families(svc(), {"memory": None, "base__memory": {"choices": [None], "default": None}})


def test_a_module_of_the_user_is_trusted_by_name_and_not_by_its_beginning():
    assert families({"_target_": "mine.Model"}, trusted=("mine",))
    with pytest.raises(ConfigError, match=r"\(models, sklearn, mine\)"):
        families({"_target_": "mine_too.Model"}, trusted=("mine",))


FILE = """\
# @package model.bad
label: bad
space: {}
estimator:
"""
HIDDEN = {
    "plain": "  _target_: TARGET\n",
    "alias": "  _target_: sklearn.svm.SVC\n  a: &a {_target_: TARGET}\n  b: [*a]\n",
    "merge": "  _target_: sklearn.svm.SVC\n  a: &a {_target_: TARGET}\n  b:\n    <<: *a\n    x: 1\n",
    "environment": "  _target_: ${oc.env:HIDDEN_WHOLE}\n",
    "reference": "  _target_: sklearn.svm.SVC\n  a: TARGET\n  b: {_target_: '${..a}'}\n",
    "pieces": "  _target_: ${oc.env:HIDDEN_FIRST}.${oc.env:HIDDEN_LAST}\n",
    "created": "  _target_: sklearn.svm.SVC\n  a: '${oc.create:{_target_: TARGET}}'\n",
    "decoded": "  _target_: sklearn.svm.SVC\n  a: '${oc.decode:\"{_target_: TARGET}\"}'\n",
    "quoted": '  "_target_": "TARGET"\n',
    "escaped": '  "\\x5ftarget_": TARGET\n',
}


SHOWN = {"environment": "***", "pieces": "***.Evil"}  # what comes from the environment may be a secret


@pytest.mark.parametrize("way", HIDDEN)
def test_a_target_hidden_in_a_file_is_refused(way, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIDDEN_WHOLE", "planted.Evil")
    monkeypatch.setenv("HIDDEN_FIRST", "planted")
    monkeypatch.setenv("HIDDEN_LAST", "Evil")
    (tmp_path / "planted.py").write_text("raise SystemExit('imported')\n")
    Path("mine/model").mkdir(parents=True)
    Path("mine/model/bad.yaml").write_text(FILE + HIDDEN[way].replace("TARGET", "planted.Evil"))
    assert main(["plan", "--config-dir", "mine", "data=digits", "model=bad"]) == 2
    shown = SHOWN.get(way, "planted.Evil")
    assert f"'{shown}' is outside the trusted modules" in capsys.readouterr().err


def test_a_target_is_refused_before_anything_is_imported(tmp_path):
    """In a new process, which tells what it has imported."""
    (tmp_path / "planted.py").write_text("raise SystemExit('imported')\n")
    code = (
        "import json, sys\n"
        "from harness.cli import main\n"
        "statuses = [main(['plan', 'data=digits', 'model=svm', f'model.svm.estimator._target_={name}'])\n"
        "            for name in sys.argv[1:]]\n"
        "names = ('planted', 'psutil', 'joblib', 'pandas', 'sklearn', 'mlflow', 'distutils')\n"
        "known = [name for name in names if name in sys.modules]\n"
        "print(json.dumps([statuses, known]))\n"
    )
    names = ["planted.Evil", *OUTSIDE]
    done = subprocess.run(
        [sys.executable, "-c", code, *names], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [[2] * len(names), []]
    assert done.stderr.count("is outside the trusted modules") == len(names)
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["planted.py"]
