import os
import subprocess
import sys
from itertools import product

import pytest

from harness.seeds import seed_for


def test_a_seed_is_the_same_in_processes_with_other_string_hashes():
    code = "from harness.seeds import seed_for; print(seed_for('search', family='svm', size=128, repeat=2))"
    seeds = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    }
    assert seeds == {f"{seed_for('search', repeat=2, size=128, family='svm')}\n"}


def test_a_seed_differs_in_every_axis_its_name_its_type_and_the_purpose():
    seeds = [
        seed_for("subset", repeat=1),
        seed_for("subset", repeat=2),
        seed_for("subset", seed=1),
        seed_for("subset", repeat="1"),
        seed_for("subset"),
        seed_for("test", repeat=1),
    ]
    assert len(set(seeds)) == len(seeds)


def test_axes_do_not_run_together():
    assert seed_for("a", b="c, d=e") != seed_for("a", b="c", d="e")
    assert seed_for("ab", c=1) != seed_for("a", bc=1)


def test_seeds_fill_32_bits_and_seldom_collide():
    seeds = [seed_for("fit", repeat=repeat, size=size) for repeat, size in product(range(50), range(50))]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) >= 0
    assert 2**31 < max(seeds) < 2**32


def test_an_axis_that_is_no_name_or_number_is_refused():
    with pytest.raises(TypeError, match="not JSON serializable"):
        seed_for("fit", size=object())
