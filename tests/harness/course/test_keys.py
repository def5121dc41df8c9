import pytest

from harness.course.keys import reached, source_digest


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        (
            "learning_rate",
            {"harness.search", "harness.seeds", "harness.verdicts.verdict", "harness.course.rows"},
        ),
        ("scale_compute", {"harness.course.iterations", "harness.course.rates", "harness.course.intervals"}),
        ("scale_data", {"harness.verdicts.comparisons"}),
    ],
)
def test_a_key_depends_on_all_that_an_experiment_computes_with(name, modules):
    found = reached(f"harness.course.{name}", frozenset())
    assert modules < found
    assert "harness.course.finding" not in found
    assert "harness.course.page" not in found


def test_experiments_have_keys_of_their_own():
    assert len({source_digest(name) for name in ("zero_init", "init_scale", "large_init")}) == 3
