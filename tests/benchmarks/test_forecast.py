"""The evaluation of forecasts sees no future, calibrates on other data only, and reads what it is given."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.forecast import judged_ends
from benchmarks.judged_forecasts import Judged, Limits, coverage, judge, left_out, quantile, with_constants
from benchmarks.learning_curves import Measured, ends, read, stacked
from harness.curves.calibration import HORIZONS, LEVELS, QUANTILES
from harness.errors import DataError

SIZES = [round(16 * 2 ** (k / 2)) for k in range(19)]  # to 8,192


def write_curves(folder, datas=("d1", "d2", "d3"), learners=("tree", "net"), sizes=SIZES, splits=25):
    """Power laws with noise as the two files of a folder; returns the table of splits."""
    rng = np.random.default_rng(0)
    rows = []
    for data, learner in itertools.product(datas, learners):
        c, a, b = rng.uniform(0, 0.2), rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.6)
        for n, split in itertools.product(sizes, range(splits)):
            error = np.clip(c + a * (n / 16) ** -b + 0.02 * rng.standard_normal(), 0, 1)
            rows.append((data, learner, n, split // 5, split % 5, 1 - error))
    columns = ["openmlid", "learner", "size_train", "outer_seed", "inner_seed", "score_valid"]
    table = pd.DataFrame(rows, columns=columns).sample(frac=1, random_state=1)
    table.to_csv(folder / "some_seeds.csv.gz", index=False)
    means = table.groupby(columns[:3]).score_valid.agg(valid_mean="mean", n_seeds="size").reset_index()
    means.to_csv(folder / "some_mean.csv", index=False)
    return table


@pytest.fixture
def curves(tmp_path):
    write_curves(tmp_path)
    return read(tmp_path)


def judged(**columns):
    """Forecasts that are of one error, each column one value or one per entry."""
    filled = {
        "learner": "a",
        "splits": 5,
        "size": 512,
        "p": 0.1,
        "s": 0.01,
        "last": 0.1,
        "pow3": 0.1,
        **columns,
    }
    return Judged(**{name: np.array(np.broadcast_to(v, len(columns["data"]))) for name, v in filled.items()})


def test_a_folder_is_read_with_its_splits_spread_over_the_outer_ones(tmp_path):
    table = write_curves(tmp_path)
    (first, *_) = found = read(tmp_path)
    assert [(c.data, c.learner) for c in found][:3] == [("d1", "net"), ("d1", "tree"), ("d2", "net")]
    own = table.query("openmlid == 'd1' and learner == 'net' and size_train == 512 and inner_seed == 0")
    expected = 1 - own.sort_values("outer_seed").score_valid.to_numpy()
    np.testing.assert_array_equal(first.splits[512][:5], expected)
    assert first.all_splits[512] == (pytest.approx(first.splits[512].mean(), abs=1e-12), 25)


def test_an_end_sees_nothing_behind_it(curves):
    curve = curves[0]
    (end,) = [e for e in ends([curve], 5, HORIZONS) if e.sizes[-1] == 512]
    spoilt = {n: errors if n <= 512 else 0 * errors for n, errors in curve.splits.items()}
    other = Measured(curve.data, curve.learner, spoilt, curve.all_splits)
    (same,) = [e for e in ends([other], 5, HORIZONS) if e.sizes[-1] == 512]
    for name in ("sizes", "errors", "se"):
        np.testing.assert_array_equal(getattr(end, name), getattr(same, name))
    assert end.targets == (1024, 2048, 4096)
    assert end.truths == pytest.approx([curve.splits[n].mean() for n in end.targets], abs=1e-12)


def test_an_end_has_the_mean_and_the_standard_error_of_the_splits_it_may_use(curves):
    (end,) = [e for e in ends(curves[:1], 15, HORIZONS) if e.sizes[-1] == 512]
    used = curves[0].splits[512][:15]
    assert end.errors[-1] == used.mean()
    assert end.se[-1] == pytest.approx(used.std(ddof=1) / 15**0.5, rel=1e-12)  # 15 splits are not shrunk
    shrunk = next(e for e in ends(curves[:1], 5, HORIZONS) if e.sizes[-1] == 512).se[-1]
    assert shrunk != pytest.approx(curves[0].splits[512][:5].std(ddof=1) / 5**0.5, rel=1e-3)


def test_ends_need_eight_sizes_with_enough_splits_and_a_truth(curves):
    curve = curves[0]
    assert [e.sizes[-1] for e in ends([curve], 5, HORIZONS)] == SIZES[7:-2]  # 4,096 has a truth at 2x
    short = {n: errors[:4] if n == 64 else errors for n, errors in curve.splits.items()}
    few = Measured("d", "l", short, curve.all_splits)
    found = ends([few], 5, HORIZONS)
    assert [e.sizes[-1] for e in found] == SIZES[8:-2]
    assert all(64 not in e.sizes for e in found)


def test_a_missing_size_is_no_target_and_a_near_one_is(curves):
    curve = curves[0]
    there = {n: v for n, v in curve.all_splits.items() if n not in (1024, 2048)} | {2100: (0.25, 25)}
    (end,) = [e for e in ends([Measured("d", "l", curve.splits, there)], 5, HORIZONS) if e.sizes[-1] == 512]
    assert end.targets == (None, 2100, 4096)
    assert end.truths[:2] == (None, 0.25)
    single = there | {2100: (0.25, 4)}  # fewer splits than the forecast has
    (end,) = [e for e in ends([Measured("d", "l", curve.splits, single)], 5, HORIZONS) if e.sizes[-1] == 512]
    assert end.targets == (None, None, 4096)


def test_thinned_sizes_lie_two_times_apart(curves):
    found = ends(curves[:1], 5, HORIZONS, spacing=2.0)
    assert found[0].sizes.tolist() == [16, 32, 64, 128, 256, 512]
    assert found[1].sizes.tolist() == [23, 45, 91, 181, 362, 724]


def test_ends_of_different_lengths_are_padded_in_front(curves):
    found = ends(curves[:1], 5, HORIZONS, spacing=2.0)
    sizes, errors, se = stacked([found[0], found[-1]])
    assert sizes.shape == errors.shape == se.shape == (2, 8)
    assert sizes[0].tolist() == [16, 16, 16, 32, 64, 128, 256, 512]
    assert np.isinf(se[0]).tolist() == [True, True] + [False] * 6
    assert np.isfinite(se[1]).all()


def test_an_interval_is_calibrated_without_its_own_data_set():
    rng = np.random.default_rng(3)
    data = np.repeat(["a", "b", "c"], 50)
    truth = 0.1 + 0.01 * rng.standard_normal(150)
    limits = left_out(judged(data=data, truth=truth))
    moved = left_out(judged(data=data, truth=np.where(data == "a", truth + 0.05, truth)))
    own = data == "a"
    np.testing.assert_array_equal(limits.high[own], moved.high[own])
    assert (moved.high[~own] > limits.high[~own] + 0.02).all()
    scores = (truth[~own] - 0.1) / 0.01
    assert limits.low[0] == pytest.approx(0.1 + 0.01 * np.quantile(scores, 0.05, method="hazen"), rel=1e-12)


def test_data_sets_weigh_equally_however_many_entries_they_have():
    many = judged(data=np.array(["a"] * 9 + ["b"]), truth=np.array([0.11] * 9 + [0.13]))
    assert many.weights[:9].sum() == pytest.approx(many.weights[9])
    assert quantile(many.truth, many.weights, [0.4, 0.8]).tolist() == pytest.approx([0.11, 0.13], abs=0.003)
    inside = Limits(np.full(10, 0.1), np.full(10, 0.12))
    assert coverage(many, inside)[0] == 0.5


def test_coverage_is_averaged_and_its_interval_taken_over_data_sets():
    data = np.array(["a", "a", "b", "b", "c", "c", "d", "d"])
    truth = np.array([0, 0, 0, 0, 0, 0, 0, 1.0])  # 1, 1, 1 and 1/2 covered
    mean, low, high = coverage(judged(data=data, truth=truth), Limits(np.full(8, -0.1), np.full(8, 0.1)))
    assert mean == 0.875
    assert (low, high) == pytest.approx((0.875 - 3.182446 * 0.125, 0.875 + 3.182446 * 0.125), abs=1e-6)


def test_the_librarys_quantiles_are_those_of_its_table():
    limits = with_constants(judged(data=np.array(["a"]), truth=np.array([0.1])), 4)
    low, high = (QUANTILES[1][LEVELS.index(level)] for level in (0.05, 0.95))
    assert (limits.low[0], limits.high[0]) == (
        pytest.approx(0.1 + 0.01 * low),
        pytest.approx(0.1 + 0.01 * high),
    )


def test_forecasts_of_power_laws_beat_their_last_value_and_are_covered(curves):
    for each, horizon in zip(judged_ends(curves)[1:], HORIZONS, strict=True):
        assert each.median_error(each.p) < each.median_error(each.last) / 2
        assert coverage(each, with_constants(each, horizon))[0] > 0.9


def test_batches_do_not_matter(curves):
    found = ends(curves, 5, HORIZONS)
    for whole, part in zip(judge(found, HORIZONS), judge(found[:3], HORIZONS), strict=True):
        np.testing.assert_allclose(whole.p[:3], part.p, rtol=1e-12)


# The script


def run(*arguments):
    script = Path(__file__).parents[2] / "benchmarks" / "forecast.py"
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_prints_every_table_for_other_ids_learners_and_sizes(tmp_path):
    write_curves(tmp_path, datas=(40996, 3, 7), learners=("CatBoost", "a b"), sizes=SIZES[2:], splits=20)
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 curves: 3 data sets, learners CatBoost, a b\n")
    assert (
        len(re.findall(r"^\| [248]x \| (?:15|10|5|pooled|\*required\*) \|", done.stdout, re.MULTILINE)) == 24
    )
    assert len(re.findall(r"^\| [248]x \| (?:CatBoost|a b) \|", done.stdout, re.MULTILINE)) == 6
    assert len(re.findall(r"^\| [248]x \| (?:measured|held) \|", done.stdout, re.MULTILINE)) == 6
    assert "nan" not in done.stdout
    assert str(tmp_path) not in done.stdout


def test_the_script_says_what_a_folder_lacks(tmp_path):
    assert "name one folder" in run().stderr
    assert "needs one file *_mean.csv, got 0" in run(tmp_path).stderr
    write_curves(tmp_path, sizes=SIZES[:12])
    done = run(tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "at least 2 data sets must have a curve" in done.stderr


def test_a_file_without_a_column_is_named(tmp_path):
    table = write_curves(tmp_path)
    table.drop(columns="inner_seed").to_csv(tmp_path / "some_seeds.csv.gz", index=False)
    with pytest.raises(
        DataError, match=r"some_seeds\.csv\.gz lacks the columns inner_seed; see learning_curves\.py"
    ):
        read(tmp_path)


def test_curves_too_short_to_thin_are_evaluated_as_they_are(tmp_path):
    write_curves(tmp_path, sizes=[round(362 * 2 ** (k / 8)) for k in range(50)])
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| 8x | pooled |" in done.stdout
    assert "nan" not in done.stdout
