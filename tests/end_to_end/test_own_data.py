"""A table with every nuisance at once, from its description to a report and a number that is reproduced."""

import csv

import numpy as np
import pandas
import pytest

from harness.cli import main

SWEEP = [
    *("data=file", "data.path=shop.csv.gz", "data.target=outcome", "model=[logistic_regression]"),
    *("data.sizes=[64,128]", "repeats=2", "search.trials=2", "launch=inline"),
]


@pytest.fixture
def shop(root, monkeypatch):
    """A working folder with a packed table of visits to a shop, and an empty store."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(root)
    rng = np.random.default_rng(0)
    rows = 600
    customer, age = rng.integers(100, size=rows), rng.integers(18, 80, size=rows)
    when = pandas.Timestamp("2023-01-01") + pandas.to_timedelta(rng.integers(0, 10**6, size=rows), unit="min")
    frame = pandas.DataFrame(
        {
            "visit": [f"v{row}" for row in range(rows)],
            "customer": [f"c{one}" for one in customer],
            "when": when.strftime("%Y-%m-%d %H:%M"),
            "age": np.where(rng.random(rows) < 0.1, np.nan, age),
            "city": rng.choice(["Oslo", "São Paulo", "Berlin, Mitte", ""], size=rows),
            "member": rng.choice(["True", "False", ""], size=rows),
            "outcome": np.where(age + rng.normal(0, 10, size=rows) > 60, "left", "bought"),
        }
    )
    frame.to_csv("shop.csv.gz", index=False)
    return root


@pytest.mark.parametrize(
    ("apart", "note"),
    [
        (["data.group=customer"], "no group by 'customer' is on both sides of a split"),
        (
            ["data.time=when", "data.drop=[customer]"],
            "by 'when' every test row is later than the rows to draw",
        ),
    ],
)
def test_a_table_with_every_nuisance_is_swept_and_reproduced(shop, capsys, apart, note):
    words = [*SWEEP, *apart, f"tracking.root={shop}"]
    assert main(["sweep", *words]) == 0
    out = capsys.readouterr().out
    assert "note: left out as ids or free text: visit\n" in out
    assert f"note: {note}" in out
    folder = shop / "reports" / "shop"
    assert note.replace("'", "&#39;") in (folder / "report.html").read_text()
    with (folder / "cells.csv").open() as lines:
        cells = list(csv.DictReader(lines))
    assert [cell["outcome"] for cell in cells] == ["complete"] * 4
    assert main(["reproduce", cells[0]["run_id"], f"tracking.root={shop}"]) == 0
    assert capsys.readouterr().out.startswith("identical: 2 trials")
    assert main(["sweep", *words]) == 0
    assert "4 recorded in" in capsys.readouterr().out


def test_a_table_that_changed_does_not_replace_the_report_of_what_it_was(shop, capsys):
    words = [*SWEEP, "data.sizes=[64]", "repeats=1", f"tracking.root={shop}"]
    assert main(["sweep", *words]) == 0
    report = (shop / "reports" / "shop" / "report.html").read_bytes()
    frame = pandas.read_csv("shop.csv.gz")
    frame[:-20].to_csv("shop.csv.gz", index=False)
    assert main(["sweep", *words]) == 2
    assert "was made of other rows than shop has now; give it a name of its own: name=shop-2" in (
        capsys.readouterr().err
    )
    assert (shop / "reports" / "shop" / "report.html").read_bytes() == report
    assert main(["sweep", *words, "name=shop-2"]) == 0
