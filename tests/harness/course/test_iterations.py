import numpy as np

from harness.course.iterations import Courses


def test_the_chosen_step_is_judged_on_other_rows_than_chose_it(found):
    rows = found("iterations").rows
    flights = [row for row in rows if row["data"] == "flights" and row["learning_rate"] == 0.03]
    last = max(row["step"] for row in flights)
    ends = [row["test_loss"] for row in flights if row["step"] == last]
    best = [min(row["test_loss"] for row in flights if row["repeat"] == k) for k in range(3)]
    assert all(
        end > low + 0.1 for end, low in zip(ends, best, strict=True)
    )  # 300 flights are learned by heart


def test_a_change_is_taken_from_the_step_of_the_lowest_validation_loss():
    of = Courses(np.array([[3.0, 1.0, 2.0]]), np.array([[9.0, 5.0, 4.0]]), np.zeros((1, 3)))
    assert of.chosen.tolist() == [1]
    assert of.change(of.loss, -1).tolist() == [-1.0]
