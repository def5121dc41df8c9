"""The gallery says what its sweeps found: on the page, in its tables, and in what is committed."""

import csv
import json
import re
import shutil
from collections import Counter, defaultdict

import pytest

from benchmarks import gallery, gallery_page
from benchmarks.gallery_results import Result, lead, read

TINY = gallery.Sweep(
    ("data=digits", "data.sizes=[64,128]", "repeats=2", "search.trials=1", "seed=3"), "Digits, centred."
)
RESULTS = gallery.DOCS / "results" / "gallery"


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(template_store, tmp_path_factory):
    """The records and the docs of a gallery with one tiny sweep."""
    root, docs = (tmp_path_factory.mktemp(name) for name in ("records", "docs"))
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, root / file.name)
    gallery.make(["digits"], {"digits": TINY}, ["launch=inline", f"tracking.root={root}"], docs)
    return root, docs


def test_the_page_gives_the_verdicts_of_the_sweep(made):
    root, docs = made
    page = (docs / "gallery.md").read_text(encoding="utf-8")
    found = json.loads((root / "reports" / "digits" / "verdicts.json").read_text(encoding="utf-8"))
    assert len(found["verdicts"]) == 3
    for verdict in found["verdicts"]:
        line = f"| {verdict['statement']} | **{verdict['answer']}** | {verdict['because']}"
        assert page.replace("`", "").count(line) == 1
        assert verdict["remedy"] in page.replace("`", "")


def test_the_tables_hold_every_difference_in_full(made):
    root, docs = made
    kept = rows(docs / "results" / "gallery" / "digits" / "differences.csv")
    found = json.loads((root / "reports" / "digits" / "verdicts.json").read_text(encoding="utf-8"))
    told = [(v["claim"], c) for v in found["verdicts"] for c in v["comparisons"]]
    assert len(kept) == len(told) == 16
    for row, (claim, each) in zip(kept, told, strict=True):
        assert (row["claim"], row["a"], row["b"], row["size"]) == (
            claim,
            each["a"],
            each["b"],
            str(each["size"]),
        )
        assert float(row["difference"]) == each["interval"]["mean"]
        assert float(row["high90"]) == each["high90"]


def test_chart_command_seed_and_cost_are_the_sweeps_and_its_folders_are_not_told(made):
    root, docs = made
    chart = (docs / "gallery" / "digits.png").read_bytes()
    assert chart == (root / "reports" / "digits" / "curves.png").read_bytes()
    page = (docs / "gallery.md").read_text(encoding="utf-8")
    assert "`harness sweep data=digits 'data.sizes=[64,128]' repeats=2 search.trials=1 seed=3`" in page
    assert "20 cells of 1 trial" in page
    assert "seed 3" in page
    assert str(root) not in page


def result(name, answers, gaps):
    """A data set with these answers, and these differences, each +- 1 point, in the pairs that are told."""
    pairs = [("large_nn", "svm"), ("small_nn", "svm"), ("medium_nn", "small_nn"), ("large_nn", "medium_nn")]
    claims = [*gallery_page.CLAIMS, "bigger_is_better"]
    differences = [
        {
            "claim": claim,
            "a": a,
            "b": b,
            "size": "64",
            "difference": gap,
            "low": gap - 0.01,
            "high": gap + 0.01,
        }
        for claim, (a, b), gap in zip(claims, pairs, gaps, strict=True)
    ]
    verdicts = dict(zip(gallery_page.CLAIMS, ({"answer": answer} for answer in answers), strict=True))
    curves = [
        {"family": family, "size": size, "mean": mean}
        for family, size, mean in [
            ("svm", "64", 0.3),
            ("small_nn", "64", 0.4),
            ("small_nn", "1024", gaps[0] + 0.1),
        ]
    ]
    return Result(name, {}, verdicts, differences, [*curves, {**curves[0], "size": "1024", "mean": 0.15}])


def test_plain_words_put_each_data_set_where_its_answers_and_intervals_put_it():
    one = result("one", ["supported"] * 3, [-0.015, -0.02, -0.03, -0.04])
    two = result("two", ["contradicted", "undetermined", "supported"], [0.09, 0.05, -0.03, 0.002])
    text = gallery_page.together([two, one])
    assert "supported on 1, the second on 1, the third on 2; all three on one.\n" in text
    assert "well**: supported on one; contradicted on two. The largest of the twelve differences: " in text
    assert "differences: one −1.5 (large network − SVM), two 9.0 (large network − SVM).\n" in text
    assert "SVM**: supported on one; undetermined on two." in text
    assert "Small network − SVM: ahead on one (−2.0); behind on two (5.0).\n" in text
    assert "better one**: supported on two and one." in text
    assert "Large network − medium network: ahead on one (−4.0); not told apart on two (0.2)." in text
    assert "Medium network − small network: ahead on two (−3.0) and one (−3.0)." in text
    assert "fewest rows SVM on two and one. With the most rows SVM on two; small network on one." in text
    assert "third on 1; all three on none.\n\nLook.\n\nThe figures" in gallery_page.together([two], "Look.\n")


def test_a_name_without_a_sweep_is_refused(capsys):
    assert gallery.main(["word"]) == 2
    assert "no sweep is named word; choose from flights, fashion_mnist" in capsys.readouterr().err


def test_a_sweep_that_is_refused_ends_the_script_with_its_status_and_changes_nothing(tmp_path, capfd):
    wrong = {"digits": gallery.Sweep(("data=digits", "repeats=none"), "")}
    with pytest.raises(SystemExit, match="2"):
        gallery.make(["digits"], wrong, [f"tracking.root={tmp_path / 'm'}"], tmp_path / "docs")
    assert capfd.readouterr().err.startswith("harness: repeats must be")
    assert not list(tmp_path.iterdir())


# What is committed


def test_the_committed_page_is_that_of_the_committed_tables():
    page = (gallery.DOCS / "gallery.md").read_text(encoding="utf-8")
    assert page == gallery_page.page(gallery.DOCS, gallery.SWEEPS, gallery.LESSON.read_text(encoding="utf-8"))
    assert all(f"(gallery/{name}.png)" in page for name in gallery.SWEEPS)


@pytest.mark.parametrize("name", gallery.SWEEPS)
def test_committed_tables_agree_with_one_another_and_with_the_script(name):
    sweep = {row["key"]: row["value"] for row in rows(RESULTS / name / "sweep.csv")}
    cells = rows(RESULTS / name / "cells.csv")
    assert (gallery.DOCS / "gallery" / f"{name}.png").exists()
    assert sweep["command"].replace("'", "") == " ".join(["harness sweep", *gallery.SWEEPS[name].overrides])
    assert sweep["nature"] == gallery.SWEEPS[name].nature
    assert int(sweep["cells"]) == len(cells)
    assert int(sweep["trials"]) == sum(int(cell["trials"]) for cell in cells)
    errors = defaultdict(dict)
    for cell in cells:
        errors[cell["family"], cell["size"]][cell["repeat"]] = float(cell["test_error"])
    for point in rows(RESULTS / name / "curves.csv"):
        found = errors[point["family"], point["size"]]
        assert float(point["mean"]) == pytest.approx(sum(found.values()) / len(found), abs=1e-12)
    for row in rows(RESULTS / name / "differences.csv"):
        a, b = (errors[row[family], row["size"]] for family in "ab")
        assert float(row["difference"]) == pytest.approx(sum(a[r] - b[r] for r in a) / len(a), abs=1e-12)
        assert row["repeats"] == str(len(a))


@pytest.fixture(scope="module")
def kept():
    return [read(RESULTS / name) for name in gallery.SWEEPS]


def gaps(result, claim, *families):
    """Differences in points of these families to others."""
    rows = (row for row in result.differences if row["claim"] == claim and row["a"] in families)
    return [100 * float(row["difference"]) for row in rows]


def test_what_is_said_of_the_most_data_is_in_the_tables(kept):
    for each in kept:
        assert each.best(each.sizes[-1])[0].endswith("_nn")
        large, medium = each.telling("bigger_is_better")
        assert (lead(medium), lead(large) == "behind") == ("ahead", False)
    beyond = [each.name for each in kept if abs(gaps(each, "bigger_is_better", "large_nn")[0]) > 1]
    assert beyond == ["mnist1d"]


def test_what_is_said_of_little_data_is_in_the_tables(kept):
    assert all(each.answer("small_data") != "supported" for each in kept)
    largest = [max(map(abs, gaps(each, "small_data", "small_nn", "medium_nn", "large_nn"))) for each in kept]
    assert (round(min(largest)), round(max(largest))) == (2, 11)
    first = {each.name: each.best(128)[0] for each in kept}
    assert {name for name, best in first.items() if best == "svm"} == {"poker", "mnist1d"}
    assert {best for name, best in first.items() if best != "svm"} == {"logistic_regression"}
    own = [each.telling("small_data")[0]["a"] for each in kept]
    assert own.count("small_nn") == 4
    near = [e.name for e in kept if max(map(abs, gaps(e, "small_data", "medium_nn", "large_nn"))) < 2]
    assert near == ["flights", "fashion_mnist"]


def test_what_is_said_of_the_svm_and_the_budget_is_in_the_tables(kept):
    assert all(lead(each.telling("network_beats_svm")[0]) != "ahead" for each in kept)
    assert [each.name for each in kept if each.best(4096)[0] == "svm"] == ["flights", "mnist", "poker"]
    cells = rows(RESULTS / "fashion_mnist" / "cells.csv")
    svm = sorted(float(c["test_error"]) for c in cells if (c["family"], c["size"]) == ("svm", "4096"))
    assert [f"{100 * error:.1f}" for error in (svm[0], svm[-2], svm[-1])] == ["15.1", "16.1", "25.9"]
    open_ones = [v for each in kept for v in each.verdicts.values() if v["answer"] == "undetermined"]
    remedies = [" ".join(verdict["remedy"].split()[:2]) for verdict in open_ones]
    assert len(kept) * 3 == 18
    assert Counter(re.sub(r"\d+", "N", told) for told in remedies) == {
        "sweep again": 3,
        "about N": 3,
        "repeats alone": 1,
    }
