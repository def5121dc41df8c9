"""How many repeats are named, the override that asks for them, and what is said where none would do."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from harness.curves import Errors, Interval
from harness.records import ClaimSettings
from harness.verdicts import Answer, comparison, judge
from harness.verdicts.evidence import command
from harness.verdicts.repeats import Way, override, repeats_needed


def known(mean=-0.01, sd=0.02, floor=0.0, repeats=5, size=128):
    """A comparison of which the repeats give sd**2 / repeats and the test rows the floor."""
    V = sd**2 / repeats + floor
    found = Interval(mean, mean - 0.01, mean + 0.01, repeats - 1.0, V, 0.5, 0.5, repeats, 2000)
    return comparison("a", "b", size, found, floor, margin=0.02)


def power_of_t(R, mean, sd, level):
    """The exact chance that a one-sided t test of R repeats passes."""
    t = stats.t.ppf(1 - level, R - 1)
    return stats.nct.sf(t, R - 1, mean / sd * R**0.5)


@pytest.mark.parametrize("sd", [0.005, 0.01, 0.02])
@pytest.mark.parametrize("level", [0.05, 0.0125])
def test_the_repeats_named_give_the_power_asked_for(sd, level):
    needed = repeats_needed(known(sd=sd), 0.01, level, 0.8)
    exact = next(R for R in range(2, 500) if power_of_t(R, 0.01, sd, level) >= 0.8)
    assert exact <= needed + 1
    assert needed <= 1.15 * exact + 5


def test_repeats_above_ten_are_rounded_up_to_fives():
    assert repeats_needed(known(sd=0.02), 0.01, 0.05, 0.8) % 5 == 0
    assert repeats_needed(known(sd=0.005), 0.01, 0.05, 0.8) == 4


def test_what_the_test_rows_leave_open_no_repeat_closes():
    assert repeats_needed(known(floor=0.005**2), 0.01, 0.05, 0.8) is None
    assert repeats_needed(known(floor=0.003**2), 0.01, 0.05, 0.8) > repeats_needed(known(), 0.01, 0.05, 0.8)


@pytest.mark.parametrize("room", [0.0, -0.01])
def test_a_difference_on_the_wrong_side_needs_no_repeats_but_another_truth(room):
    assert repeats_needed(known(), room, 0.05, 0.8) is None


def test_a_difference_that_never_varies_needs_two():
    assert repeats_needed(known(sd=0.0), 0.01, 0.05, 0.8) == 2


def test_one_repeat_tells_no_number():
    alone = Interval(-0.01, None, None, None, None, None, None, 1, 2000)
    assert repeats_needed(comparison("a", "b", 8, alone, None, 0.02), 0.01, 0.05, 0.8) is None


def test_more_than_two_thousand_repeats_are_not_named():
    assert repeats_needed(known(sd=0.3), 0.01, 0.05, 0.8) is None


def test_a_way_asks_for_the_most_that_a_size_needs_and_for_nothing_where_one_comparison_fails():
    easy, hard, far = known(sd=0.01), known(sd=0.02), known(sd=0.01, size=256)
    way = Way(((easy, 0.01), (hard, 0.01), (far, 0.01)), 0.05, 0.8)
    assert way.repeats() == {128: repeats_needed(hard, 0.01, 0.05, 0.8), 256: 8}
    assert replace(way, rooms=((easy, 0.01), (hard, -0.01))).repeats() == {}


def test_a_way_names_the_test_rows_that_many_repeats_would_need():
    way = Way(((known(floor=0.005**2, sd=0.01), 0.01),), 0.05, 0.8)
    within_its_error = Way(((known(floor=0.005**2, sd=0.02), 0.01),), 0.05, 0.8)
    z = stats.norm.ppf(0.95) + stats.norm.ppf(0.8)
    exact = 2000 * z**2 * 0.005**2 / 0.01**2
    assert exact <= way.test_rows() < exact + 500
    assert Way(((known(), -0.01),), 0.05, 0.8).test_rows() is None
    assert within_its_error.test_rows() is None


def test_the_override_is_a_rule_that_the_configuration_reads():
    from harness.cli import compose
    from harness.config import parse

    wanted = {128: 25, 256: 25, 512: 5, 1024: 5, 4096: 20, 20000: 5}
    (job,) = compose("config", [override(wanted).strip("'")])
    rule = parse(job.tree, job.source).repeats
    assert {size: rule.at(size) for size in wanted} == wanted


def test_repeats_are_raised_where_they_are_more_and_kept_elsewhere():
    planned = {"a": {128: 10, 512: 5}, "b": {128: 10, 512: 5, 1024: 5}}
    assert "'repeats=[25@128,5]'" in command(planned, {128: 25, 512: 3})


# In a verdict

NAMES = ("lr", "svm", "nn")
CLAIMS = ClaimSettings(linear="lr", kernel="svm", networks=("nn",))


def plant(lead, repeats, rows, sd, seed, hard=0.9):
    """Errors at two sizes; nn leads by `lead` points, and a share of the test rows is as hard for all."""
    rng = np.random.default_rng(seed)
    found = {}
    for name in NAMES:
        for n in (512, 1024):
            share = 0.2 - (lead / 100 if name == "nn" else 0) + sd * rng.standard_normal((repeats, 1))
            latent = np.tile(np.random.default_rng(1).random(rows), (repeats, 1))
            own = int(rows * (1 - hard))
            latent[:, :own] = rng.random(own)
            found.setdefault(name, {})[n] = Errors(tuple(range(repeats)), latent < share)
    return found


def second(errors):
    planned = {
        name: {256: 5} | {n: len(each.repeats) for n, each in by_size.items()}
        for name, by_size in errors.items()
    }
    return judge(errors, {}, CLAIMS, [], planned)[1]


def test_an_open_verdict_names_repeats_that_settle_most_of_such_sweeps():
    settled = []  # fewer than the 80 % asked for: the variance it counts with is that of five repeats
    for seed in range(150):
        verdict = second(plant(1.5, 5, 2000, 0.01, seed))
        if not verdict.remedy.startswith("about"):
            continue
        named = [int(count) for count in re.findall(r"(\d+) repeats at", verdict.remedy)]
        mean = np.mean([each.interval.mean for each in verdict.comparisons])
        if named and abs(100 * mean + 1.5) < 0.3:  # the number holds if the difference is as measured
            again = second(plant(1.5, max(named), 2000, 0.01, 1000 + seed))
            settled.append(again.answer is not Answer.UNDETERMINED)
    assert len(settled) >= 10
    assert np.mean(settled) > 0.5


def test_the_command_raises_the_sizes_in_question_and_keeps_the_others():
    verdict = second(plant(1.5, 5, 2000, 0.015, 1))
    assert verdict.answer is Answer.UNDETERMINED
    assert re.search(r"harness sweep 'repeats=\[5@256,", verdict.remedy)
    assert "if the differences are as measured" in verdict.remedy


def test_very_many_repeats_are_explained():
    errors = plant(-2.5, 10, 2000, 0.01, 3)
    planned = {name: dict.fromkeys((512, 1024), 10) for name in NAMES}
    remedy = judge(errors, {}, CLAIMS, [], planned)[0].remedy
    assert int(re.search(r"about ([\d,]+) repeats", remedy)[1].replace(",", "")) > 100
    assert "(so many because one is close to its limit): harness sweep" in remedy


def test_a_test_set_that_is_too_small_is_named_with_the_size_that_would_do():
    verdict = second(plant(1.0, 40, 400, 0.0005, 0, hard=0.0))
    assert verdict.answer is Answer.UNDETERMINED
    assert re.match(
        r"no number of repeats would with 400 test rows; about [\d,]+ test rows could", verdict.remedy
    )


def test_differences_at_the_very_limit_are_called_so():
    errors = plant(0, 10, 2000, 0.0, 0, hard=1.0)
    R = len(errors["nn"][512].repeats)
    for n in (512, 1024):
        # half of the repeats 3 points apart, half 1: their mean is the margin
        wrong = errors["svm"][n].wrong.copy()
        right = np.flatnonzero(~wrong[0])
        for repeat in range(R):
            wrong[repeat, right[: 20 + 40 * (repeat % 2)]] = True
        errors["nn"][n] = Errors(tuple(range(R)), wrong)
        errors["lr"][n] = errors["svm"][n]
    planned = {name: dict.fromkeys((512, 1024), R) for name in NAMES}
    first = judge(errors, {}, CLAIMS, [], planned)[0]
    assert first.comparisons[0].interval.mean == pytest.approx(0.02, abs=1e-12)
    assert first.answer is Answer.UNDETERMINED
    assert first.remedy.startswith(
        "repeats alone hardly would: if the differences are as measured, more than"
    )
    assert re.search(r"; if in truth there is no difference, about .* would show it: harness", first.remedy)
