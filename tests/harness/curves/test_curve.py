from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from harness.curves import curve, errors_of, from_cells, interval, row_variances, summary_rows
from harness.errors import DataError, StoreError

SIZES = (128, 256, 512, 1024, 2048, 4096, 8192)


def as_cells(errors: dict[str, dict[int, NDArray[np.bool_]]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": family,
            "label": family.upper(),
            "size": size,
            "repeat": repeat,
            "test_error": float(row.mean()),
            "correct": np.packbits(~row).tobytes(),
            "test_rows": len(row),
            "outcome": "complete",
        }
        for family, by_size in errors.items()
        for size, D in by_size.items()
        for repeat, row in enumerate(D)
    )


def draw_errors(seed: int, repeats: int = 4, sizes: tuple[int, ...] = SIZES) -> dict[int, NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    return {n: rng.random((repeats, 37)) < 2 / n**0.3 * rng.uniform(0.8, 1.2, (repeats, 1)) for n in sizes}


def test_a_curve_takes_its_intervals_from_the_shrunk_variances() -> None:
    errors = draw_errors(3)
    drawn = curve("svm", "SVM", errors)
    s2 = [float(errors[n].mean(axis=1).var(ddof=1)) for n in SIZES]
    for n, shrunk, found in zip(SIZES, row_variances(SIZES, s2, [4] * 7), drawn.intervals, strict=True):
        expected = interval(errors[n], row_variance=shrunk, extra_df=2.0)
        assert found.variance == pytest.approx(expected.variance, rel=1e-10)
        assert found.df == pytest.approx(expected.df, rel=1e-10)
        assert found.df != interval(errors[n]).df


def test_a_curve_of_few_sizes_takes_each_interval_on_its_own() -> None:
    errors = draw_errors(3, sizes=SIZES[:5])
    drawn = curve("svm", "SVM", errors)
    assert [i.variance for i in drawn.intervals] == [interval(errors[n]).variance for n in SIZES[:5]]


def test_the_band_of_one_family_stays_between_0_and_1() -> None:
    rare = np.zeros((3, 50), dtype=bool)
    rare[0, :5] = True
    drawn = curve("svm", "SVM", {10: ~rare, 20: rare})
    unclipped = interval(rare)
    assert unclipped.low is not None
    assert unclipped.low < 0
    assert drawn.low[1] == 0.0
    assert drawn.high[0] == 1.0
    assert drawn.high[1] == unclipped.high


def test_cells_become_curves_with_their_errors_in_order_of_appearance() -> None:
    errors = {"svm": draw_errors(1, sizes=(64, 32)), "lr": draw_errors(2, sizes=(64,))}
    curves = from_cells(as_cells(errors))
    assert [c.family for c in curves] == ["svm", "lr"]
    assert [c.label for c in curves] == ["SVM", "LR"]
    assert curves[0] == curve("svm", "SVM", errors["svm"])
    assert curves[0].sizes == (32, 64)
    assert curves[0].intervals[0].test_rows == 37
    assert curves[0].mean[0] == pytest.approx(errors["svm"][32].mean(), rel=1e-12)


def test_cells_that_did_not_complete_are_left_out() -> None:
    cells = as_cells({"svm": draw_errors(1, sizes=(32, 64))})
    cells.loc[(cells["size"] == 64) | (cells["repeat"] == 0), "outcome"] = "failed"
    curves = from_cells(cells)
    assert curves[0].sizes == (32,)
    assert curves[0].repeats == (3,)
    assert from_cells(cells[cells["outcome"] == "failed"]) == []


def test_the_order_of_cells_changes_no_bit() -> None:
    cells = as_cells({"svm": draw_errors(5)})
    shuffled = cells.sample(frac=1.0, random_state=0)
    assert list(shuffled.index) != list(cells.index)
    assert from_cells(shuffled) == from_cells(cells)


def test_the_order_of_repeats_and_of_test_rows_does_not_matter() -> None:
    errors = draw_errors(5)
    rng = np.random.default_rng(0)
    permuted = {n: rng.permutation(rng.permutation(D, axis=0), axis=1) for n, D in errors.items()}
    for a, b in zip(
        curve("f", "F", errors).intervals, curve("f", "F", permuted).intervals, strict=True
    ):  # rounding only
        assert (a.mean, a.low, a.high, a.df) == pytest.approx((b.mean, b.low, b.high, b.df), rel=1e-10)


def test_two_cells_of_one_place_are_refused() -> None:
    cells = as_cells({"svm": draw_errors(1, sizes=(32,))})
    with pytest.raises(DataError, match=r"got two of svm at size 32, repeat 0; keep the cells of one sweep"):
        from_cells(pd.concat([cells, cells]))


def test_cells_with_different_test_sets_are_refused() -> None:
    cells = as_cells({"svm": {32: np.zeros((2, 16), dtype=bool)}})
    cells.loc[1, "test_rows"] = 15
    with pytest.raises(DataError, match=r"share one test set, got 15 and 16 rows"):
        from_cells(cells)


def test_bits_that_do_not_fit_the_test_rows_are_refused() -> None:
    cells = as_cells({"svm": draw_errors(1, sizes=(32,))})
    cells["correct"] = [b""] * len(cells)
    with pytest.raises(StoreError, match=r"svm at size 32, repeat 0 must hold 37 bits of test rows, got 0"):
        from_cells(cells)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"column 'correct'; pass what harness.read_cells returns"):
        from_cells(as_cells({"svm": draw_errors(1)}).drop(columns="correct"))


def test_summary_rows_list_every_family_and_size() -> None:
    curves = from_cells(as_cells({"svm": draw_errors(1, sizes=(32, 64)), "lr": draw_errors(2, 1, (64,))}))
    rows = summary_rows(curves)
    assert [(row["family"], row["size"], row["repeats"]) for row in rows] == [
        ("svm", 32, 4),
        ("svm", 64, 4),
        ("lr", 64, 1),
    ]
    assert list(rows[0]) == ["family", "size", "mean", "low", "high", "repeats"]
    assert rows[0]["low"] == curves[0].low[0]
    assert rows[2]["low"] is None


def test_rows_of_errors_are_matched_to_their_repeats_whatever_the_order_of_cells() -> None:
    D = draw_errors(1, repeats=3, sizes=(32,))[32]
    cells = as_cells({"svm": {32: D}})
    cells["repeat"] = [11, 2, 5]
    found = errors_of(cells.iloc[::-1])["svm"][32]
    assert found.repeats == (2, 5, 11)
    np.testing.assert_array_equal(found.wrong, D[[1, 2, 0]])
