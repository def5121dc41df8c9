import importlib.util
import sys

import numpy as np
import pytest

from harness import data
from harness.course import command
from harness.course.finding import NotHere
from harness.course.processes import Work, run_one
from harness.course.structured_vs_unstructured import CNN, RNN, STANDARD, Outcomes, _judged
from harness.course_config import CourseConfig
from harness.records import Task
from harness.verdicts import Answer

COMMAND = r"\.venv/bin/uv pip install -p \.venv torch skorch brings it"


def outcomes(*errors):
    """Three repeats of each family (standard network, CNN, RNN) on one data set."""
    made = {}
    for family, error in zip((STANDARD, CNN, RNN), errors, strict=True):
        made[family] = Outcomes(error + np.array([0.0, 0.1, 0.2]), np.full(3, 0.1), np.ones(3), 9)
    return made


AS_STATED = {
    "flights": outcomes(10.0, 20.0, 30.0),
    "fashion_mnist": outcomes(20.0, 10.0, 30.0),
    "mnist1d": outcomes(30.0, 20.0, 10.0),
}
OTHERWISE = {
    "flights": outcomes(20.0, 10.0, 30.0),
    "fashion_mnist": outcomes(10.0, 20.0, 30.0),
    "mnist1d": outcomes(30.0, 10.0, 20.0),
}


@pytest.mark.parametrize(
    ("found", "effect", "expected"),
    [
        (AS_STATED, 10.0, Answer.SUPPORTED),
        (AS_STATED | {"mnist1d": outcomes(30.0, 10.0, 10.0)}, 20 / 3, Answer.UNDETERMINED),
        (AS_STATED | {"mnist1d": OTHERWISE["mnist1d"]}, 10 / 3, Answer.UNDETERMINED),
        (OTHERWISE, -10.0, Answer.CONTRADICTED),
    ],
)
def test_the_named_family_must_be_the_best_on_its_own_data(found, effect, expected):
    finding = _judged(found, [0.01, 0.1, 1.0], 100)
    assert finding.verdict is expected
    assert finding.effect == pytest.approx(effect)


def test_where_it_does_not_hold_is_said():
    told = _judged(AS_STATED | {"mnist1d": OTHERWISE["mnist1d"]}, [0.01, 0.1, 1.0], 100).conditions
    assert "On mnist1d (sequences) the RNN is surely beaten by CNN." in told
    assert "On fashion_mnist (images) the CNN is surely the best." in told


def test_without_the_extra_it_is_not_here_and_tells_the_command(quick, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    settings = quick("structured_vs_unstructured").settings
    module = importlib.import_module("harness.course.structured_vs_unstructured")
    with pytest.raises(NotHere, match=f"PyTorch or skorch is not on this machine; {COMMAND}"):
        module.run(**settings, data={})
    ended = run_one(Work("structured_vs_unstructured", settings, {}, {"data": {}}))
    assert ended.outcome == "not run"
    assert ended.reason.endswith("uv pip install -p .venv torch skorch brings it")


def test_the_row_of_the_page_tells_the_command(quick, root, monkeypatch, capsys):
    """Experiments run in other processes, so that nothing here can take the packages from them."""
    if importlib.util.find_spec("torch"):
        pytest.skip("PyTorch is installed")
    one = quick("structured_vs_unstructured", {"data": ["digits"]})
    config = CourseConfig(root, None, (one,), (one.name,), (), (one.section,), None)
    assert command.run(config) == 0
    assert "structured_vs_unstructured: not run: PyTorch or skorch is not" in capsys.readouterr().out
    page = (root / "reports" / "course" / "course.md").read_text()
    assert "**Not run**: PyTorch or skorch is not on this machine; .venv/bin/uv pip install" in page


def drawn(name: str, columns: int, y) -> Task:
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(900, columns)) + np.where(np.arange(columns) % 3 == y[:, None], 2, 0)).astype("f4")
    names = tuple(f"x{k}" for k in range(columns))
    return Task(name, X[:600], y[:600], X[600:], y[600:], ("a", "b", "c"), names, "")


def test_three_families_learn_a_table_images_and_sequences_in_the_same_way_again(quick):
    pytest.importorskip("skorch")
    y = np.arange(900) % 3
    given = {"flights": drawn("flights", 7, y), "fashion_mnist": drawn("fashion_mnist", 36, y)}
    given["mnist1d"] = drawn("mnist1d", 10, y)
    settings = quick("structured_vs_unstructured").settings
    module = importlib.import_module("harness.course.structured_vs_unstructured")
    finding, again = (module.run(**settings, data=given) for _ in range(2))
    assert {(row["data"], row["family"]) for row in finding.rows} == {
        (name, family) for name in given for family in (STANDARD, CNN, RNN)
    }
    assert all(row["test_error"] < 60 for row in finding.rows)  # 67 by chance
    assert [row["test_error"] for row in finding.rows] == [row["test_error"] for row in again.rows]
    assert len(finding.panels) == 3


def test_the_quick_form_runs_on_the_real_data(found):
    pytest.importorskip("skorch")
    if not all(data.is_here(name, {}) for name in ("fashion_mnist", "mnist1d")):
        pytest.skip("Fashion-MNIST or MNIST-1D is not on this machine")
    rows = found("structured_vs_unstructured").rows
    errors = {
        family: [r["test_error"] for r in rows if r["family"] == family] for family in (STANDARD, CNN, RNN)
    }
    assert {len(each) for each in errors.values()} == {6}
    assert max(errors[STANDARD]) < 90
