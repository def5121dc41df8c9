import os
import sys
import types
from dataclasses import replace

import pytest

from harness.course import command
from harness.course.processes import Work, run_all
from harness.course_config import CourseConfig, Experiment, Told
from harness.errors import HarnessError
from harness.tracking import course as record
from harness.tracking.finding import find
from harness.tracking.store import open_store

SETTINGS = {"layers": [1], "units": 4, "activations": ["tanh"], "steps": 60, "repeats": 1}


@pytest.fixture
def config(root, quick):
    return CourseConfig(
        root=root,
        uri=None,
        experiments=(quick("zero_init", **SETTINGS),),
        only=("zero_init",),
        told=(Told("Week 2, Derivatives", "A slope | a limit", "mathematics"),),
        sections=("Week 2, Derivatives", "Week 3, Random Initialization"),
        page=None,
    )


@pytest.fixture
def broken(monkeypatch) -> Experiment:
    """An experiment that this process can see, and those that run experiments cannot."""
    module = types.ModuleType("harness.course.broken")
    module.__file__ = __file__
    monkeypatch.setitem(sys.modules, "harness.course.broken", module)
    return Experiment("broken", "Week 2, Derivatives", "It breaks", {})


def runs(root):
    store = open_store(root)
    return list(find(store, [store.experiment(record.EXPERIMENT)], "FINISHED", kind="course"))


def test_what_is_recorded_is_printed_and_not_run_again(config, capsys, monkeypatch):
    assert command.run(config) == 0
    first = capsys.readouterr().out
    assert "zero_init: supported, 1 distinct unit in" in first
    monkeypatch.setattr(
        command, "run_all", lambda works: pytest.fail(f"runs {list(works)}") if list(works) else []
    )
    page = (config.root / "reports" / "course" / "course.md").read_bytes()
    assert command.run(config) == 0
    assert "zero_init: supported, 1 distinct unit in" in capsys.readouterr().out
    assert (config.root / "reports" / "course" / "course.md").read_bytes() == page
    (run,) = runs(config.root)
    assert run.data.metrics.keys() == {"effect", "low", "high", "seconds"}


def test_other_settings_are_another_run_and_a_damaged_record_is_made_again(config):
    command.run(config)
    (run,) = runs(config.root)
    (config.root / "artifacts" / "course" / run.info.run_id / "artifacts" / "finding.json").write_text("{}")
    command.run(config)
    other = replace(config.experiments[0], settings=config.experiments[0].settings | {"seed": 1})
    command.run(replace(config, experiments=(other,)))
    assert len(runs(config.root)) == 3


def test_an_experiment_that_fails_is_a_line_of_the_page_and_the_others_run(config, broken, capsys):
    both = replace(config, experiments=(broken, *config.experiments), only=("broken", "zero_init"))
    assert command.run(both) == 1
    shown = capsys.readouterr().out
    assert "broken: failed: ModuleNotFoundError" in shown
    assert "zero_init: supported" in shown
    page = (config.root / "reports" / "course" / "course.md").read_text()
    assert "**Failed**: ModuleNotFoundError" in page
    assert "**Supported**" in page
    assert command.run(replace(both, only=("zero_init",))) == 0


def test_an_experiment_whose_data_is_absent_is_not_run_and_the_command_is_told(config, capsys):
    away = replace(config.experiments[0], data=("file",))
    assert command.run(replace(config, experiments=(away,))) == 0
    assert "zero_init: not run: " in capsys.readouterr().out


def test_nothing_is_prepared_for_what_is_neither_asked_for_nor_recorded(config, broken, monkeypatch):
    other = replace(broken, data=("flights",))
    both = replace(config, experiments=(other, *config.experiments))
    assert command.run(both) == 0
    assert not list((config.root / "cache").glob("flights*"))
    assert (
        "not recorded with these settings" in (config.root / "reports" / "course" / "course.md").read_text()
    )


def test_the_page_lists_every_statement_in_the_order_of_the_notes(config, tmp_path):
    page = tmp_path / "docs" / "course.md"
    page.parent.mkdir()
    assert command.run(replace(config, page=page)) == 0
    text = page.read_text()
    assert text.index("A slope \\| a limit | none: mathematics") < text.index("[zero_init](#zero_init)")
    assert "![zero_init: supported](course/zero_init.png)" in text
    assert (page.parent / "course" / "zero_init.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_that_cannot_be_written_is_a_line_before_anything_runs(config, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "run_all", lambda works: pytest.fail(f"runs {list(works)}"))
    (tmp_path / "taken").write_text("a file where the pictures' folder goes")
    for page, told in ((tmp_path / "taken.md", "taken.md"), (tmp_path / "taken" / "course.md", "course.md")):
        with pytest.raises(HarnessError, match=rf"the page .*{told} cannot be written: .*page="):
            command.run(replace(config, page=page))
    assert not runs(config.root)


def test_a_page_that_would_lose_findings_is_replaced_with_a_warning(config, broken, tmp_path, capsys):
    page = tmp_path / "course.md"
    both = replace(config, experiments=(broken, *config.experiments), page=page)
    assert command.run(both) == 0
    assert "warning" not in capsys.readouterr().out
    assert command.run(both) == 0
    assert f"warning: {page} is replaced, and will say that broken is not run" in capsys.readouterr().out


def test_a_page_that_would_lose_what_cannot_run_here_is_replaced_with_a_warning(config, tmp_path, capsys):
    away, page = replace(config.experiments[0], data=("file",)), tmp_path / "course.md"
    page.write_text("what was found elsewhere")
    assert command.run(replace(config, experiments=(away,), page=page)) == 0
    out = capsys.readouterr().out
    assert f"warning: {page} is replaced, and will say that zero_init is not run; what is not" in out
    assert out.index("warning") < out.index("zero_init: not run: ")


class _Ends:
    """Ends the process that it is sent to."""

    def __reduce__(self):
        return os._exit, (3,)


def test_a_process_that_ends_by_itself_fails_its_experiment_and_no_other():
    works = [Work(f"absent{number}", {}, {}, {"x": _Ends()} if number == 0 else {}) for number in range(3)]
    ended = {one.name: one for one in run_all(works, at_once=1)}
    assert ended["absent0"].reason == "its process ended by itself, with status 3"
    assert [ended[name].outcome for name in ("absent1", "absent2")] == ["failed", "failed"]
    assert "No module named" in ended["absent2"].reason
