"""The three claims on planted data, and everything that may stand in the way of an answer."""

import json
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from harness.curves import Errors
from harness.metrics import Metric
from harness.records import ClaimSettings, Flag
from harness.verdicts import Answer, as_json, judge
from harness.verdicts.rules import ALPHA, RULES, holm

LABELS = {
    "lr": "logistic regression",
    "svm": "SVM (RBF)",
    "small": "small network",
    "medium": "medium network",
    "large": "large network",
}
CLAIMS = ClaimSettings(linear="lr", kernel="svm", networks=("small", "medium", "large"))
SIZES = (128, 256, 1024, 4096)
SMALL_DATA, BEATS_SVM, BIGGER = range(3)


def plant(true=None, repeats=10, rows=2000, sd=0.004, families=tuple(LABELS), sizes=SIZES, seed=0):
    """Errors around 20 %: `true` is (family, size) -> points of error above that; sd is that of a repeat.

    Nine tenths of the test rows are as hard for every family, so that differences are well known.
    """
    rng = np.random.default_rng(seed)
    hard = rng.random(rows, np.float32)
    found = {}
    for family in families:
        for n in sizes:
            share = 0.2 + (true or {}).get((family, n), 0) / 100 + sd * rng.standard_normal((repeats, 1))
            latent = np.tile(hard, (repeats, 1))
            latent[:, : rows // 10] = rng.random((repeats, rows // 10), np.float32)
            found.setdefault(family, {})[n] = Errors(tuple(range(repeats)), latent < share)
    return found


def plan_of(errors):
    return {
        family: {n: len(found.repeats) for n, found in by_size.items()} for family, by_size in errors.items()
    }


def judged(errors, claims=CLAIMS, flags=(), planned=None):
    return judge(errors, LABELS, claims, flags, planned or plan_of(errors))


# The first claim


def test_networks_as_good_as_the_others_support_the_first_claim():
    verdict = judged(plant())[SMALL_DATA]
    assert verdict.answer is Answer.SUPPORTED
    assert verdict.sizes == (128, 256)
    assert len(verdict.comparisons) == 12
    assert verdict.because.startswith("Each of the 12 differences is shown to be within 2.0 points.")
    assert verdict.notes == ("Within 1.0 points: shown too.",)
    assert verdict.remedy == ""


def test_support_at_the_margin_need_not_be_support_at_half_of_it():
    verdict = judged(plant({("large", 256): 1.2}))[SMALL_DATA]
    assert verdict.answer is Answer.SUPPORTED
    assert verdict.notes[0] == "Within 1.0 points: shown for 10 of 12 differences."


@pytest.mark.parametrize(("points", "word"), [(6, "more"), (-6, "less")])
def test_a_network_beyond_the_margin_either_way_contradicts_the_first_claim(points, word):
    verdict = judged(plant({("medium", 128): points}))[SMALL_DATA]
    assert verdict.answer is Answer.CONTRADICTED
    assert f"points {word} error than" in verdict.because
    assert "at 128 rows medium network has" in verdict.because.lower()
    assert verdict.because.endswith("more than 2.0 points apart.")
    assert "large" not in verdict.because


def test_many_differences_are_told_by_three_and_counted():
    true = {(network, 128): 6 for network in ("small", "medium", "large")}
    assert "; and 3 more like it" in judged(plant(true))[SMALL_DATA].because


def test_not_significant_is_not_equivalent():
    verdict = judged(plant(sd=0.03, repeats=4))[SMALL_DATA]
    assert verdict.answer is Answer.UNDETERMINED
    assert all(each.p_less > 0.001 for each in verdict.comparisons)
    assert "it is not shown to be within 2.0 points, nor to be beyond" in verdict.because


# The second claim


def test_a_small_network_that_is_better_at_the_two_largest_sizes_supports_the_second_claim():
    verdict = judged(plant({("small", 1024): -3, ("small", 4096): -3}))[BEATS_SVM]
    assert verdict.answer is Answer.SUPPORTED
    assert verdict.sizes == (1024, 4096)
    assert verdict.statement == "With much data (1,024 and 4,096 rows), small network beats SVM (RBF)"
    assert "4,096 rows small network has 3." in verdict.because


def test_a_network_that_is_worse_contradicts_the_second_claim_as_worse():
    verdict = judged(plant({("small", 4096): 3, ("small", 1024): -3}))[BEATS_SVM]
    assert verdict.answer is Answer.CONTRADICTED
    assert verdict.because.endswith("so it is worse.")
    assert [note[:34] for note in verdict.notes] == ["Shown all the same: at 1,024 rows "]


def test_a_tie_contradicts_the_second_claim_as_no_better():
    verdict = judged(plant())[BEATS_SVM]
    assert verdict.answer is Answer.CONTRADICTED
    assert "so if it is better at all, then by less than 1.0 points" in verdict.because
    assert "worse" not in verdict.because


def test_a_lead_that_is_sure_but_small_supports_and_is_called_small():
    lead = {("small", 1024): -0.6, ("small", 4096): -0.6}
    verdict = judged(plant(lead, rows=10_000, sd=0.001))[BEATS_SVM]
    assert verdict.answer is Answer.SUPPORTED
    assert verdict.p_against < 0.025
    assert verdict.notes == (
        "The lead of small network over SVM (RBF) at 1,024 and 4,096 rows is shown to be less than "
        "1.0 points.",
    )


def test_a_lead_that_is_sure_but_small_beside_a_loss_is_called_better_and_told_once():
    lead = {("small", 1024): -0.6, ("small", 4096): 3}
    verdict = judged(plant(lead, rows=10_000, sd=0.001))[BEATS_SVM]
    assert verdict.answer is Answer.CONTRADICTED
    assert "so it is better, but by less than 1.0 points" in verdict.because
    assert "so it is worse" in verdict.because
    assert verdict.notes == ()


def test_the_second_claim_is_open_where_the_lead_is_neither_shown_nor_excluded():
    verdict = judged(plant({("small", 1024): -1, ("small", 4096): -1}, sd=0.01, repeats=5))[BEATS_SVM]
    assert verdict.answer is Answer.UNDETERMINED
    assert "it is not shown to be better, nor to have no lead of 1.0 points" in verdict.because


def test_both_directions_of_the_second_claim_are_tested_at_half_of_5_percent():
    assert RULES["network_beats_svm"].level == ALPHA / 2
    assert {RULES[claim].level for claim in ("small_data", "bigger_is_better")} == {ALPHA}


def test_the_second_claim_does_not_speak_for_sizes_without_the_kernel_machine():
    errors = plant({("small", 256): -3, ("small", 1024): -3})
    del errors["svm"][4096]
    verdict = judged(errors)[BEATS_SVM]
    assert verdict.sizes == (256, 1024)
    assert "4,096 rows were run without SVM (RBF): this verdict does not speak for them." in verdict.notes


def test_the_crossing_belongs_to_the_second_claim():
    errors = plant({("small", 128): 5, ("small", 1024): -3, ("small", 4096): -5})
    found = [verdict.crossing for verdict in judged(errors)]
    assert (found[0], found[2]) == (None, None)
    assert 128 < found[1].low < found[1].high < 1024
    assert "small network overtakes SVM (RBF)" in found[1].sentence.replace("Small", "small")


# The third claim


def test_each_network_better_than_the_one_before_supports_the_third_claim():
    verdict = judged(plant({("medium", 4096): -3, ("large", 4096): -6}))[BIGGER]
    assert verdict.answer is Answer.SUPPORTED
    assert verdict.sizes == (4096,)
    assert [(each.a, each.b) for each in verdict.comparisons] == [("medium", "small"), ("large", "medium")]
    assert verdict.statement.endswith(
        "large network beats medium network and medium network beats small network"
    )


def test_one_pair_that_is_worse_contradicts_the_third_claim_and_the_other_is_still_told():
    verdict = judged(plant({("medium", 4096): -6, ("large", 4096): -3}))[BIGGER]
    assert verdict.answer is Answer.CONTRADICTED
    assert "large network" in verdict.because
    assert verdict.because.endswith("so it is worse.")
    assert "medium network has" in verdict.notes[0]


def test_one_pair_shown_level_contradicts_the_third_claim_as_no_better():
    verdict = judged(plant({("medium", 4096): -6, ("large", 4096): -6}))[BIGGER]
    assert verdict.answer is Answer.CONTRADICTED
    assert "large network has" in verdict.because
    assert "then by less than 1.0 points" in verdict.because


def test_one_open_pair_leaves_the_third_claim_open():
    verdict = judged(plant({("medium", 4096): -10, ("large", 4096): -11}, sd=0.02, repeats=4))[BIGGER]
    assert verdict.answer is Answer.UNDETERMINED
    assert "large network" in verdict.because


# Which p, and Holm


def test_the_p_of_a_claim_is_the_largest_of_its_comparisons():
    errors = plant({("medium", 4096): -1, ("large", 4096): -2}, sd=0.01)
    first, second, third = judged(errors)
    assert first.p == max(each.p_equivalent for each in first.comparisons)
    assert second.p == max(each.p_less for each in second.comparisons)
    assert third.p == max(each.p_less for each in third.comparisons)


def test_the_p_against_a_claim_is_the_smallest_times_their_number():
    first, second, _ = judged(plant({("medium", 4096): -1}, sd=0.01))
    assert second.p_against == 2 * min(each.p_no_better for each in second.comparisons)
    beyond = min(min(each.p_better_margin, each.p_worse_margin) for each in first.comparisons)
    assert first.p_against == min(1, 12 * 2 * beyond)


@pytest.mark.parametrize("p", [[0.04, 0.01, 0.03], [0.01, 0.02, 0.9], [0.5, 0.5, 0.01], [0.2], [0.0, 1.0]])
def test_holm_agrees_with_statsmodels(p):
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


def test_the_adjusted_p_of_the_verdicts_are_holms_over_the_claims():
    verdicts = judged(plant({("medium", 4096): -1, ("large", 4096): -2}, sd=0.01))
    assert [each.p_adjusted for each in verdicts] == pytest.approx(holm([each.p for each in verdicts]))
    against = holm([each.p_against for each in verdicts])
    assert [each.p_against_adjusted for each in verdicts] == pytest.approx(against)


def test_a_claim_that_only_the_number_of_claims_leaves_open_says_so():
    true = {("medium", 4096): -1, ("large", 4096): -2}
    tried = (judged(plant(true, sd=0.006, repeats=5, seed=seed))[BIGGER] for seed in range(50))
    verdict = next(each for each in tried if each.p <= ALPHA < each.p_adjusted)
    assert verdict.answer is Answer.UNDETERMINED
    assert verdict.because.startswith("Judged alone it would be settled")


# What stands in the way


def test_a_boundary_flag_at_a_deciding_size_leaves_the_claim_open_and_is_the_reason():
    flag = Flag("boundary", ("small",), 4096, "The best settings of small network crowd a bound.")
    errors = plant({("small", 1024): -3, ("small", 4096): -3})
    first, second, third = judged(errors, flags=[flag])
    assert (second.answer, third.answer) == (Answer.UNDETERMINED, Answer.UNDETERMINED)
    assert second.because == flag.sentence
    assert "name=" in second.remedy
    assert second.p < 0.01
    assert first.answer is Answer.SUPPORTED


def test_a_flag_overrides_a_contradiction_too():
    flag = Flag("boundary", ("svm",), 1024, "x")
    assert judged(plant(), flags=[flag])[BEATS_SVM].answer is Answer.UNDETERMINED


@pytest.mark.parametrize(
    ("flag", "open_claims"),
    [
        (Flag("boundary", ("small",), 512, "x"), []),
        (Flag("boundary", ("lr",), 4096, "x"), []),
        (Flag("boundary", ("lr",), 128, "x"), [0]),
        (Flag("not converged", ("small", "svm"), 4096, "x"), [1]),
        (Flag("not converged", ("small", "large"), 4096, "x"), []),
        (Flag("not converged", ("large", "medium"), 4096, "x"), [2]),
        (Flag("not converged", ("svm", "large"), 256, "x"), [0]),
    ],
)
def test_a_flag_counts_only_where_its_families_are_compared(flag, open_claims):
    errors = plant(
        {("small", 1024): -3, ("small", 4096): -3, ("medium", 4096): -6, ("large", 4096): -9}, repeats=12
    )
    found = judged(errors, flags=[flag])
    assert [k for k, each in enumerate(found) if each.answer is Answer.UNDETERMINED] == open_claims


def test_a_flag_that_is_raised_for_two_pairs_is_told_once():
    flag = Flag("boundary", ("medium",), 4096, "Crowded.")
    assert judged(plant(), flags=[flag])[BIGGER].because == "Crowded."


def test_many_flags_are_told_by_three_and_counted():
    pairs = [(network, other) for network in ("small", "medium", "large") for other in ("lr", "svm")]
    flags = [Flag("not converged", pair, 128, f"{pair[0]} and {pair[1]} differ.") for pair in pairs]
    verdict = judged(plant(), flags=flags)[SMALL_DATA]
    assert verdict.because == (
        "small and lr differ. small and svm differ. medium and lr differ. And 3 more doubts like these."
    )


def test_absent_families_leave_only_the_claims_that_need_them_open():
    errors = plant(families=("lr", "svm", "small"))
    first, second, third = judged(errors)
    assert (first.answer, third.answer) == (Answer.UNDETERMINED, Answer.UNDETERMINED)
    assert second.answer is Answer.CONTRADICTED
    assert first.because == third.because == "medium and large are not part of this sweep."
    assert "'model=[lr,svm,small,medium,large]'" in first.remedy
    assert (first.p, first.p_adjusted, first.p_against, first.comparisons) == (None, None, None, ())
    assert second.p_adjusted == second.p


def test_a_sweep_without_any_family_of_the_claims_is_judged_three_times_undetermined():
    errors = plant(families=("lr",))
    errors = {"mine": errors["lr"]}
    found = judge(errors, {"mine": "my model"}, CLAIMS, [], plan_of(errors))
    assert [each.answer for each in found] == ["undetermined"] * 3
    assert found[1].because == "small and svm are not part of this sweep."
    assert found[1].crossing is None


def test_one_network_cannot_be_bigger():
    verdict = judged(plant(), claims=replace(CLAIMS, networks=("small",)))
    assert verdict[BIGGER].because == "Only one network, small network, is named to be compared by size."
    assert verdict[SMALL_DATA].statement.startswith("With little data (128 and 256 rows), small network does")
    assert verdict[SMALL_DATA].answer is Answer.SUPPORTED


def test_one_repeat_decides_nothing_and_names_five():
    verdict = judged(plant(repeats=1))[BEATS_SVM]
    assert verdict.answer is Answer.UNDETERMINED
    assert verdict.p is None
    assert verdict.because.startswith("One repeat at 1,024 and 4,096 rows cannot say")
    assert verdict.remedy == "harness sweep 'repeats=[1@256,5]', with this sweep's other settings"
    assert verdict.comparisons[0].interval.low is None


def test_results_that_are_missing_leave_the_claim_open_at_the_sizes_of_the_plan():
    errors = plant({("small", 1024): -3, ("small", 4096): -3})
    planned = plan_of(errors)
    del errors["svm"][4096]
    verdict = judged(errors, planned=planned)[BEATS_SVM]
    assert verdict.sizes == (1024, 4096)
    assert verdict.answer is Answer.UNDETERMINED
    assert verdict.because.startswith("No repeat is complete that compares small network with SVM (RBF) at")
    assert verdict.remedy == "harness sweep runs the cells that are missing"


def test_repeats_that_are_missing_are_told():
    errors = plant()
    whole = errors["svm"][4096]
    errors["svm"][4096] = Errors(whole.repeats[3:], whole.wrong[3:])
    planned = {family: dict.fromkeys(SIZES, 10) for family in errors}
    assert (
        "7 of 10 repeats compare small network with SVM (RBF) at 4,096 rows."
        in judged(errors, planned=planned)[BEATS_SVM].notes
    )


def test_few_repeats_and_few_test_rows_are_told():
    notes = judged(plant(repeats=3, rows=540))[BIGGER].notes
    assert "Fewer than 5 repeats at 4,096 rows: so few seldom settle a claim." in notes
    assert any(note.startswith("The test set has 540 rows; below 2,000") for note in notes)


# Sizes


@pytest.mark.parametrize(
    ("ladder", "small_sizes", "decide"),
    [
        ((64, 128, 256, 512), None, (128, 256)),
        ((100, 200, 400, 800), None, (100, 200)),
        ((64, 128, 512), None, (64, 128)),
        ((300,), None, (300,)),
        ((64, 128, 256, 512), (64,), (64,)),
    ],
)
def test_the_first_claim_is_judged_at_128_and_256_or_the_two_smallest_or_as_told(ladder, small_sizes, decide):
    errors = plant(sizes=ladder)
    verdict = judged(errors, claims=replace(CLAIMS, small_sizes=small_sizes))[SMALL_DATA]
    assert verdict.sizes == decide
    assert verdict.answer is Answer.SUPPORTED


def test_small_sizes_that_are_not_run_leave_the_first_claim_open():
    verdict = judged(plant(), claims=replace(CLAIMS, small_sizes=(100, 128)))[SMALL_DATA]
    assert verdict.because.endswith("are not all run at 100 rows.")
    assert verdict.remedy == "choose from 128, 256, 1,024 and 4,096 rows in claims.small_sizes"


def test_families_that_share_no_size_leave_the_claim_open():
    errors = plant()
    errors["svm"] = {n: found for n, found in errors["svm"].items() if n < 200}
    errors["small"] = {n: found for n, found in errors["small"].items() if n > 200}
    verdict = judged(errors)[BEATS_SVM]
    assert verdict.because == "small network and SVM (RBF) are not all run at one size."
    assert verdict.statement == "With much data, small network beats SVM (RBF)"


def test_one_shared_size_is_enough_for_the_second_claim():
    assert judged(plant({("small", 300): -4}, sizes=(300,)))[BEATS_SVM].answer is Answer.SUPPORTED


# Labels, order, JSON


def test_a_family_without_a_label_goes_by_its_name():
    assert "small beats svm" in judge(plant(), {}, CLAIMS, [], plan_of(plant()))[BEATS_SVM].statement


def test_the_verdicts_are_always_the_three_in_order():
    found = judge({}, {}, CLAIMS, [], {})
    assert [each.claim for each in found] == ["small_data", "network_beats_svm", "bigger_is_better"]
    assert {each.answer for each in found} == {Answer.UNDETERMINED}


@pytest.mark.parametrize("changes", [{}, {"repeats": 1}, {"sd": 0}, {"families": ()}])
def test_verdicts_are_plain_json_with_finite_numbers(changes):
    errors = plant(**changes)
    verdicts = judged(errors, planned=plan_of(errors) or {"lr": {128: 5}})
    read = json.loads(json.dumps(as_json(verdicts), allow_nan=False))
    assert read["unit"] == "share of the test rows"
    assert [each["answer"] for each in read["verdicts"]] == [str(each.answer) for each in verdicts]
    for plain, verdict in zip(read["verdicts"], verdicts, strict=True):
        assert len(plain["comparisons"]) == len(verdict.comparisons)
        for one, of in zip(plain["comparisons"], verdict.comparisons, strict=True):
            assert one["interval"]["mean"] == of.interval.mean
            assert one["low90"] == of.low90


def test_no_reason_speaks_in_terms_of_statistics():
    found = [
        *judged(plant()),
        *judged(plant(sd=0.03, repeats=4)),
        *judged(plant({("small", 4096): 5, ("medium", 128): 9})),
        *judged(plant(repeats=1)),
    ]
    for verdict in found:
        for word in ("p=", "TOST", "Holm", "variance", "significan", "equivalen", "%", "nan", "null", "-0.0"):
            assert word not in f"{verdict.because} {verdict.remedy} {verdict.statement}"


# A number instead of classes


def plant_losses(true=None, repeats=10, rows=2000, seed=0):
    """Losses around .5 baselines, (family, size) -> hundredths of a baseline above that."""
    rng = np.random.default_rng(seed)
    hard = rng.gamma(2.0, 0.25, rows)
    found = {}
    for family in LABELS:
        for n in SIZES:
            own = 0.004 * rng.standard_normal((repeats, 1)) + 0.05 * rng.standard_normal((repeats, rows))
            found.setdefault(family, {})[n] = Errors(
                tuple(range(repeats)), hard + (true or {}).get((family, n), 0) / 100 + own
            )
    return found


@pytest.mark.parametrize("unit", [3e-5, 77.0, 2e6])
def test_an_rmse_is_judged_in_baselines_and_told_in_the_unit_of_the_target(unit):
    leads = {("small", 1024): -3, ("small", 4096): -3, ("medium", 4096): -6, ("large", 4096): -3}
    errors, metric = plant_losses(leads), Metric("rmse", unit)
    verdicts = judge(errors, LABELS, CLAIMS, (), plan_of(errors), metric)
    assert [verdict.answer for verdict in verdicts] == [
        *(Answer.SUPPORTED, Answer.SUPPORTED, Answer.CONTRADICTED)
    ]
    told = json.dumps(as_json(verdicts, metric))
    assert "points" not in told
    assert "error" not in told
    assert f"within {metric.apart(0.02)} of RMSE (2 % of what the mean of the target scores)" in told
    lead = -verdicts[BEATS_SVM].comparisons[-1].interval.mean
    assert lead == pytest.approx(0.03, abs=0.005)
    assert f"has {metric.apart(lead)} less RMSE than SVM (RBF)" in told


def test_a_shift_beyond_the_margin_of_a_mae_contradicts_and_the_remedy_is_in_its_unit():
    errors = plant_losses({("medium", 128): 5})
    verdict = judge(errors, LABELS, CLAIMS, (), plan_of(errors), Metric("mae", 40.0))[SMALL_DATA]
    assert verdict.answer is Answer.CONTRADICTED
    assert "more than 0.8 apart." in verdict.because
