"""The estimator that docs/families.md shows, swept by workers from a folder of its own."""

import csv
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from harness import load_model

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_documented_estimator_of_a_user_is_swept_by_workers_from_another_folder(root, monkeypatch):
    page = (REPOSITORY / "docs" / "families.md").read_text()
    section = page.partition("## An estimator of your own")[2].partition("\n## ")[0]
    code, family, command = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    (root / "nearest_mean.py").write_text(code)
    (root / "mine" / "model").mkdir(parents=True)
    (root / "mine" / "model" / "nearest_mean.yaml").write_text(family)
    words = shlex.split(command)
    assert words.pop(0) == "harness"
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    environment["PYTHONPATH"] = str(REPOSITORY)
    program = [sys.executable, "-m", "harness", *words, f"tracking.root={root}", "launch.workers=2"]
    done = subprocess.run(program, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with (root / "reports" / "digits" / "cells.csv").open() as lines:
        cells = [cell for cell in csv.DictReader(lines) if cell["family"] == "nearest_mean"]
    assert [cell["outcome"] for cell in cells] == ["complete"] * 4
    assert all(float(cell["test_error"]) < 0.35 for cell in cells)
    monkeypatch.syspath_prepend(root)
    model = load_model(cells[0]["run_id"], root, trusted_modules=("nearest_mean",))
    assert type(model[-1]).__name__ == "NearestMean"
