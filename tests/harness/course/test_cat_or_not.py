import importlib
import math
from dataclasses import replace

import numpy as np
import pytest

from harness import data
from harness.course import command
from harness.course.cat_or_not import Answered, _judged, balanced, descended
from harness.course_config import CourseConfig
from harness.data.idx import FASHION
from harness.errors import ConfigError
from harness.records import Task
from harness.verdicts import Answer
from models.loops import logistic_regression

SIDE = 6
TROUSER, COAT, SHIRT = (FASHION.classes.index(name) for name in ("Trouser", "Coat", "Shirt"))


@pytest.fixture
def images() -> Task:
    """Noisy images of 6 x 6 pixels: a trouser is two legs; a shirt and a coat are the same to the eye."""
    rng = np.random.default_rng(0)
    y = np.arange(3000) % 10
    X = rng.uniform(0, 120, (len(y), SIDE, SIDE))
    X[y == TROUSER, :, 1::3] += 130
    alike = (y == COAT) | (y == SHIRT)
    X[alike, 0] += 130
    pool, test, names = slice(0, 2000), slice(2000, 3000), tuple(f"p{k}" for k in range(SIDE**2))
    X = X.reshape(len(y), -1).astype(np.float32)
    return Task("fashion_mnist", X[pool], y[pool], X[test], y[test], FASHION.classes, names, "")


def test_a_kind_with_pixels_of_its_own_is_told_and_two_that_share_them_are_not(quick, images):
    one = quick("cat_or_not", steps=300)
    finding = importlib.import_module("harness.course.cat_or_not").run(
        **one.settings, data={"fashion_mnist": images}
    )
    errors = finding.panels[1].values
    assert errors["Trouser or not"][0] < 5
    assert errors["Shirt or Coat"][0] > 35
    assert finding.verdict is Answer.UNDETERMINED
    assert all(row["first_cost"] == pytest.approx(math.log(2)) for row in finding.rows)
    assert {row["rows"] for row in finding.rows} == {266}  # two thirds of what there is, of 200 trousers
    cost = np.array(finding.panels[0].curves["Trouser or not"].y)
    assert np.all(np.diff(cost) < 0)
    seen = np.asarray(finding.panels[2].images["Trouser or not"])
    assert seen.shape == (SIDE, SIDE)
    assert seen[:, 1::3].min() > 0 > seen[:, [0, 2, 3, 5]].mean()


def test_the_descent_is_the_courses_own():
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(8, 5)), np.arange(8) % 2
    w, b, J = np.zeros((5, 1)), 0.0, []
    for _ in range(4):
        cost, dw, db = logistic_regression(w, b, X.T, y[None])
        w, b, J = w - 0.5 * dw, b - 0.5 * db, [*J, cost]
    costs, model = descended(X, y, 0.5, 4)
    np.testing.assert_allclose(costs, J, rtol=1e-6)
    np.testing.assert_allclose(model.coefs_[0], w, rtol=1e-5)
    np.testing.assert_allclose(model.intercepts_[0], [b], atol=1e-7)


def answered(*errors):
    rates, costs = np.full(len(errors), 0.1), np.ones((len(errors), 3))
    return Answered(9, np.array(errors), rates, costs, np.ones((2, 2)))


@pytest.mark.parametrize(
    ("easy", "hard", "expected"),
    [
        ((2.0, 2.2), (5.0, 5.2), Answer.SUPPORTED),
        ((2.0, 2.2), (20.0, 20.2), Answer.UNDETERMINED),
        ((2.0, 2.2), (9.0, 11.0), Answer.UNDETERMINED),  # the interval holds both
        ((30.0, 30.2), (20.0, 20.2), Answer.CONTRADICTED),
    ],
)
def test_four_fifths_of_the_commonest_classs_errors_must_be_avoided(easy, hard, expected):
    found = {"easy": answered(*easy), "hard": answered(*hard)}
    assert _judged(found, [0.01, 0.1, 1.0]).verdict is expected


def test_rows_are_of_either_answer_in_turn_and_none_is_drawn_twice():
    answers = np.repeat([0, 1, -1], [50, 20, 30])
    drawn = balanced(answers, 30, np.random.default_rng(0))
    assert answers[drawn].tolist() == [0, 1] * 15
    assert len(set(drawn)) == 30
    assert len(balanced(answers, 100, np.random.default_rng(0))) == 40


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "Cat"}, r"cat_or_not\.settings\.kind must be one of T-shirt/top, .*, got 'Cat'"),
        ({"pair": ["Coat", "Coat"]}, r"settings\.pair must be two kinds that differ, got \['Coat', 'Coat'\]"),
    ],
)
def test_what_is_no_kind_of_clothing_is_refused(quick, changes, told):
    with pytest.raises(ConfigError, match=told):
        quick("cat_or_not", **changes)


def test_without_the_images_the_row_is_not_run_and_tells_the_command_that_the_listing_tells(
    quick, root, monkeypatch, capsys
):
    absent = replace(FASHION, places=("nowhere",))
    about = replace(FASHION.about, is_here=lambda options: False)
    recipe = data.idx.recipe(replace(absent, about=about))
    monkeypatch.setitem(data.RECIPES, "fashion_mnist", recipe)
    one = quick("cat_or_not")
    config = CourseConfig(root, None, (one,), ("cat_or_not",), (), (one.section,), None)
    assert command.run(config) == 0
    told = "not run: the data set fashion_mnist is not on this machine; apt-get install dataset-fashion-mnist"
    assert told in capsys.readouterr().out
    assert any("to get it: apt-get install dataset-fashion-mnist" in line for line in data.listing())
    assert "**Not run**" in (root / "reports" / "course" / "course.md").read_text()


def test_trousers_are_told_and_shirts_from_coats_less_well(found):
    if not data.is_here("fashion_mnist", {}):
        pytest.skip("Fashion-MNIST is not on this machine")
    bars = found("cat_or_not").panels[1].values
    assert bars["Trouser or not"][0] < 6
    assert 10 < bars["Shirt or Coat"][0] < 35
