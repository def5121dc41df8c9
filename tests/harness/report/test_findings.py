"""What the report finds of a family by its class."""

import pytest

from harness.cli import compose
from harness.config import parse
from harness.curves import SVM_WIDENING
from harness.report.findings import _widening


@pytest.mark.parametrize(
    ("name", "wanted"), [("svm", SVM_WIDENING), ("linear_svm", SVM_WIDENING), ("small_nn", 1.0)]
)
def test_the_forecast_of_every_svm_is_widened_and_no_others(name, wanted):
    (job,) = compose("config", [f"model={name}"])
    (family,) = parse(job.tree, job.source).families
    assert _widening(family) == wanted
