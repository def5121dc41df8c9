from dataclasses import replace

import numpy as np
import pytest

from harness.course.default_sweep import DefaultSweep, default_sweep
from harness.course.finding import NotHere
from harness.course.scale_data import run
from harness.curves import Errors, curve
from harness.records import ClaimSettings
from harness.verdicts import Answer, judge

ERRORS = {
    name: (0.5, share, share) for name, share in {"lr": 0.4, "svm": 0.3, "small": 0.2, "big": 0.1}.items()
}


def swept(errors) -> DefaultSweep:
    rng = np.random.default_rng(0)
    draws = rng.random((10, 4000))  # a row that is hard for one is hard for all
    sizes = (128, 2048, 4096)
    wrong = {
        name: {n: Errors(tuple(range(10)), draws < share) for n, share in zip(sizes, shares, strict=True)}
        for name, shares in errors.items()
    }
    claims = ClaimSettings(small_sizes=(128,), linear="lr", kernel="svm", networks=("small", "big"))
    planned = {name: dict.fromkeys(sizes, 10) for name in errors}
    curves = [curve(name, name, {n: of.wrong for n, of in by.items()}) for name, by in wrong.items()]
    return DefaultSweep("made up", tuple(curves), judge(wrong, {}, claims, [], planned), "0")


def test_all_three_claims_must_hold():
    finding = run(seed=0, sweep=swept(ERRORS))
    assert finding.verdict is Answer.SUPPORTED
    assert finding.effect == pytest.approx(10, abs=1)
    assert finding.low <= finding.effect <= finding.high


def test_one_claim_that_is_contradicted_contradicts_the_statement():
    finding = run(seed=0, sweep=swept(ERRORS | {"small": (0.5, 0.35, 0.35)}))
    assert finding.verdict is Answer.CONTRADICTED
    assert finding.effect < 0


def test_a_sweep_that_is_not_recorded_is_told_with_its_command(root):
    with pytest.raises(NotHere, match="harness sweep brings it"):
        default_sweep(root, None)


def test_a_sweep_without_a_size_in_common_has_no_effect_and_says_so():
    sweep = swept(ERRORS)
    bare = tuple(replace(verdict, comparisons=()) for verdict in sweep.verdicts)
    finding = run(seed=0, sweep=replace(sweep, verdicts=bare))
    assert finding.effect == finding.low == finding.high == 0
    assert "nothing is compared" in finding.unit
