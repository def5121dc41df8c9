"""The wheel carries everything the command needs, and works where nothing of the checkout is seen."""

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what belongs to the project, so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("harness", "models", "conf"):
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel, and the libraries of this one but not its checkout."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # A path in a .pth file is added without reading the .pth files in it, of which one names the checkout.
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()))
    return environment / "bin" / "python"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A working directory with modules of the names that the project uses, none of which may be imported."""
    for name in ("models/__init__.py", "conf/__init__.py", "conf.py", "cli.py", "records.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"raise SystemExit('{name} of the working directory was imported')")
    return tmp_path


STARTS = {
    "harness": [
        "-P",  # a script's own folder is on the path, the working directory is not
        "-c",
        "import sys; from importlib.metadata import entry_points;"
        "(command,) = entry_points(group='console_scripts', name='harness');"
        "sys.argv[0] = 'harness'; sys.exit(command.load()())",
    ],
    "python -m harness": ["-m", "harness"],
}


def run(python: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run([python, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_wheel_holds_both_packages_and_the_configuration_inside_harness(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for package in ("harness", "models"):
        files = (REPOSITORY / package).rglob("*.py")
        assert {file.relative_to(REPOSITORY).as_posix() for file in files} <= names
    assert {"harness/report/page.html", "harness/report/page.css"} <= names
    choices = (REPOSITORY / "conf").rglob("*.yaml")
    assert {f"harness/{file.relative_to(REPOSITORY).as_posix()}" for file in choices} <= names
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"harness", "models"}


def test_the_environment_does_not_see_the_checkout(installed, elsewhere):
    program = (
        "import harness, models; print(harness.__file__, models.NeuralNetworkClassifier, models.__file__)"
    )
    done = run(installed, "-P", "-c", program, folder=elsewhere)
    assert done.stdout.count(str(installed.parents[1])) == 2


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("arguments", ["--help", "sweep --help", "sweep --cfg job"])
def test_the_installed_command_works_beside_modules_of_the_same_names(installed, elsewhere, start, arguments):
    done = run(installed, *STARTS[start], *arguments.split(), folder=elsewhere)
    assert done.stderr == ""
    assert done.returncode == 0
    assert ("name: flights" if "--cfg" in arguments else "harness sweep") in done.stdout
