"""The command line as its own process: what it imports, where it runs, what a shell sees."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main

HEAVY = ("numpy", "scipy", "sklearn", "pandas", "matplotlib", "mlflow", "optuna", "distributed", "dask")
SCRIPTS = Path(sys.executable).parent


def environment(**more):
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HYDRA_", "MLFLOW_"))}
    return {**inherited, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", **more}


def process(*words, cwd, **more):
    return subprocess.run(
        words, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["sweep", "--help"], ["sweep", "--cfg", "job"], ["-sc", "query=bash"]],
    ids=" ".join,
)
def test_what_only_prints_imports_nothing_heavy(words, tmp_path):
    code = (
        "import sys, harness.config\nfrom harness.cli import main\n"
        f"assert main({words}) == 0\n"
        f"print('heavy:', sorted({set(HEAVY)} & set(sys.modules)))"
    )
    end = process(sys.executable, "-c", code, cwd=tmp_path, COMP_LINE="harness sweep data=")
    assert end.stdout.splitlines()[-1:] == ["heavy: []"], end.stderr


def test_the_python_face_is_lazy(tmp_path):
    code = f"import sys, harness\nprint(dir(harness), sorted({set(HEAVY)} & set(sys.modules)))"
    shown = process(sys.executable, "-c", code, cwd=tmp_path).stdout
    assert shown.endswith("[]\n")
    assert all(name in shown for name in ("read_cells", "plot_curves", "load_model", "__version__"))


def test_a_mistake_is_one_line_and_status_2(tmp_path):
    end = process("harness", "sweep", "+serch.trials=3", cwd=tmp_path)
    assert (end.returncode, end.stdout) == (2, "")
    assert end.stderr == "harness: unknown key serch; did you mean search?\n"
    assert list(tmp_path.iterdir()) == []


def test_the_traceback_is_there_for_the_asking(tmp_path):
    end = process("harness", "sweep", "seed=x", cwd=tmp_path, HYDRA_FULL_ERROR="1")
    assert end.stderr.startswith("Traceback")


def test_a_reader_that_goes_away_is_no_mistake(tmp_path):
    end = process("bash", "-c", "harness sweep --help | head -n 1; echo ${PIPESTATUS[0]}", cwd=tmp_path)
    assert end.stdout.splitlines()[0].startswith("harness sweep")
    assert end.stderr == ""


@pytest.fixture
def hostile(tmp_path):
    """A folder with its own models and conf, neither of which is ours."""
    for name in ("models/__init__.py", "conf/__init__.py", "conf.py", "models.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise RuntimeError('not the one')\n")
    (tmp_path / "conf" / "config.yaml").write_text("not: ours\n")
    return tmp_path


PROGRAMS = [["harness"], [sys.executable, "-m", "harness"]]


@pytest.mark.parametrize("program", PROGRAMS, ids=["script", "module"])
def test_the_working_directory_does_not_change_the_configuration(program, hostile, capsys):
    assert main(["sweep", "--cfg", "job"]) == 0
    end = process(*program, "sweep", "--cfg", "job", cwd=hostile)
    assert (end.returncode, end.stderr) == (0, "")
    assert end.stdout == capsys.readouterr().out


def test_the_module_puts_the_working_directory_last(hostile):
    code = (
        "import runpy, sys\nsys.argv = ['harness', '--version']\n"
        "try:\n    runpy.run_module('harness', run_name='__main__')\nexcept SystemExit:\n    import models\n"
        "    print(models.__file__)"
    )
    end = process(sys.executable, "-c", code, cwd=hostile)
    assert end.stderr == ""
    assert str(hostile) not in end.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("harness s", "sweep"),
        ("harness sweep model=sha", "model=shallow_nn"),
        ("harness doctor form", "format="),
    ],
)
def test_bash_completes_with_the_installed_function(typed, offered, tmp_path):
    words = " ".join(typed.split())
    script = (
        'eval "$(harness -sc install=bash)"\n'
        f'COMP_LINE="{typed}" COMP_POINT={len(typed)} COMP_CWORD={len(typed.split()) - 1}\n'
        f"COMP_WORDS=({words})\nhydra_bash_completion\n"
        'echo "${COMPREPLY[*]}"'
    )
    end = process("bash", "-c", script, cwd=tmp_path)
    assert (end.stdout.strip(), end.stderr) == (offered, "")
