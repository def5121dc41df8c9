"""The rules of the layout: each a function from the source to what breaks it, tried on a planted fault.

Imports are read from the syntax, also those inside functions, below TYPE_CHECKING and by
`import_module("...")`; nothing is imported.
"""

import ast
import graphlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("harness", "models")
TOP_LEVEL = {
    *("conf", "harness", "models", "tests", "mlruns", "benchmarks", "docs"),
    *("pyproject.toml", "requirements.lock", "Makefile", "README.md", "LICENSE", ".ci", ".gitignore"),
}
DOORS = {
    "dask": "harness.launch",
    "dask_jobqueue": "harness.launch",
    "distributed": "harness.launch",
    "hydra": "harness.cli",
    "jinja2": "harness.report",
    "matplotlib": "harness.plots",
    "mlflow": "harness.tracking",
    "omegaconf": "harness.cli",
    "optuna": "harness.search",
    "pyarrow": "harness.data",
    "skops": "harness.model_files",
    "skorch": "models.pytorch",
    "torch": "models.pytorch",
}
NAMED_OTHERWISE = {"hydra": "hydra-core", "sklearn": "scikit-learn", "yaml": "pyyaml"}  # on the package index
LONGEST_FILE, LONGEST_FUNCTION = 300, 60


@dataclass(frozen=True)
class Import:
    """One imported name, in full; `eager` where importing the importer alone executes it."""

    importer: str
    imported: str
    eager: bool


def sources(root: Path) -> dict[str, Path]:
    """Module name -> file, of both packages."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    named = {".".join(file.relative_to(root).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in named.items()}


def all_imports(root: Path) -> list[Import]:
    found = []
    for name, file in sources(root).items():
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(file.read_text(encoding="utf-8"))
        lazy = {id(node) for node in lazy_nodes(tree)}
        for node in ast.walk(tree):
            eager = id(node) not in lazy
            found += [Import(name, imported, eager) for imported in names_imported(node, package)]
    return found


def lazy_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """What is inside a function, or below `if TYPE_CHECKING`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from ast.walk(node)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.body:
                yield from ast.walk(child)


def names_imported(node: ast.AST, package: str) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            parts = package.split(".")[: len(package.split(".")) - level + 1] if level else []
            base = ".".join([*parts, *([module] if module else [])])
            return [f"{base}.{alias.name}" for alias in names]
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
            called = ast.unparse(func).rpartition(".")[2]
            return [name] if called in ("import_module", "__import__") else []
    return []


def is_within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def models_that_know_the_harness(root: Path) -> list[str]:
    return [
        f"{each.importer} imports {each.imported}"
        for each in all_imports(root)
        if is_within(each.importer, "models") and is_within(each.imported, "harness")
    ]


def second_doors(root: Path) -> list[str]:
    return [
        f"{each.importer} imports {each.imported}, which only {door} may"
        for each in all_imports(root)
        for tool, door in DOORS.items()
        if is_within(each.imported, tool) and not is_within(each.importer, door)
    ]


def cycle(root: Path) -> list[str]:
    """The modules of one circle of eager imports, first and last the same; empty where there is none."""
    modules = sources(root)
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for each in all_imports(root):
        # `from harness.data import flights` names a module, `from harness.data import load` what is in one
        target = each.imported if each.imported in modules else each.imported.rpartition(".")[0]
        if each.eager and target in modules:
            graph[each.importer].add(target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def too_long(root: Path) -> list[str]:
    found = []
    for name, file in sources(root).items():
        text = file.read_text(encoding="utf-8")
        if (lines := len(text.splitlines())) > LONGEST_FILE:
            found.append(f"{name} has {lines} lines, more than {LONGEST_FILE}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    found.append(f"{name}.{node.name} has {lines} lines, more than {LONGEST_FUNCTION}")
    return found


def undeclared(root: Path, requirements: Iterable[str]) -> list[str]:
    """The third-party packages that are imported, eagerly or not, and come only with those asked for."""
    from packaging.requirements import Requirement

    asked = {Requirement(text).name.lower() for text in requirements}
    ours = {*PACKAGES, *sys.stdlib_module_names}
    found = {
        f"{each.importer} imports {top}, which pyproject.toml does not ask for"
        for each in all_imports(root)
        if (top := each.imported.partition(".")[0]) not in ours
        and NAMED_OTHERWISE.get(top, top.replace("_", "-")) not in asked
    }
    return sorted(found)


def strangers(names: Iterable[str]) -> set[str]:
    return {name.partition("/")[0] for name in names} - TOP_LEVEL


def unlocked(requirements: Iterable[str], lock: str) -> list[str]:
    """The libraries asked for that the lock does not pin in their range."""
    from packaging.requirements import Requirement

    pinned: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, flags=re.MULTILINE):
        pinned.setdefault(name, []).append(version)
    wanted = [Requirement(text) for text in requirements]
    return [
        str(each)
        for each in wanted
        if not any(each.specifier.contains(version) for version in pinned.get(each.name.lower(), []))
    ]


# The rules hold here


@pytest.mark.parametrize("rule", [models_that_know_the_harness, second_doors, cycle, too_long])
def test_the_source_keeps_the_rule(rule):
    assert rule(REPOSITORY) == []


def test_nothing_else_lies_at_the_top():
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the project cannot be told from what is made in it")
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    assert strangers(listed.stdout.splitlines()) == set()


def project_table() -> dict:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def test_what_is_imported_is_asked_for():
    project = project_table()
    optional = {extra: asked for extra, asked in project["optional-dependencies"].items() if extra != "dev"}
    asked = [*project["dependencies"], *(each for extra in optional.values() for each in extra)]
    assert undeclared(REPOSITORY, asked) == []


def test_the_lock_pins_what_the_project_asks_for_and_names_no_address():
    project = project_table()
    lock = (REPOSITORY / "requirements.lock").read_text()
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert unlocked(asked, lock) == []
    assert "://" not in lock


# Each rule finds its fault


@pytest.fixture
def tree(tmp_path):
    """A small source tree that keeps every rule."""
    files = {
        "harness/__init__.py": "",
        "harness/cli.py": "import hydra.core\nfrom omegaconf import OmegaConf\nfrom harness import plan\n",
        "harness/plan.py": "from .data import load\n",
        "harness/data/__init__.py": "from . import flights\nfrom .flights import x\nload = x\n",
        "harness/data/flights.py": "from ..errors import DataError\nx = 1\n",
        "harness/errors.py": "def f():\n    from harness import plan\n",
        "harness/tracking/store.py": "from mlflow import MlflowClient\n",
        "models/__init__.py": "from models.network import fit\nimport harnessing\n",
        "models/network.py": "import typing\nif typing.TYPE_CHECKING:\n    from models import fit\n",
    }
    for name, text in files.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize("rule", [models_that_know_the_harness, second_doors, cycle, too_long])
def test_a_tree_that_keeps_the_rule_is_passed(tree, rule):
    assert rule(tree) == []


@pytest.mark.parametrize(
    "line",
    [
        "import harness",
        "from harness.records import Task",
        "def f():\n    import harness.cli",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from harness import records",
        "import importlib\nimportlib.import_module('harness.records')",
    ],
)
def test_a_model_that_knows_the_harness_is_found(tree, line):
    write(tree, "models/bad.py", line)
    assert [text.split()[0] for text in models_that_know_the_harness(tree)] == ["models.bad"]


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("harness/plan2.py", "import hydra"),
        ("harness/plan2.py", "from omegaconf import DictConfig"),
        ("harness/cell.py", "def f():\n    import optuna.samplers as s"),
        ("harness/tracking2.py", "from mlflow.entities import Run"),
        ("harness/plan2.py", "class A:\n    def f(self):\n        from distributed import Client"),
        ("harness/plan2.py", "import dask"),
        ("models/plan2.py", "import matplotlib.pyplot as plt"),
        ("harness/tracking/x.py", "import skops.io"),
        ("harness/plan2.py", "__import__('mlflow')"),
    ],
)
def test_a_second_door_is_found(tree, module, line):
    write(tree, module, line)
    (found,) = second_doors(tree)
    assert found.startswith(module.removesuffix(".py").replace("/", "."))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("harness/errors.py", "import harness.plan"),
        ("harness/errors.py", "from harness import plan"),
        ("harness/errors.py", "from .plan import show"),
        ("harness/errors.py", "class A:\n    from harness.data import load"),
        ("harness/data/flights.py", "from . import load"),
        ("models/network.py", "try:\n    from models import fit\nexcept ImportError:\n    pass"),
    ],
)
def test_a_cycle_is_found(tree, module, line):
    write(tree, module, line)
    found = cycle(tree)
    assert len(found) > 1
    assert found[0] == found[-1]
    assert module.removesuffix(".py").replace("/", ".") in found


def test_a_long_file_and_a_long_function_are_found(tree):
    write(tree, "harness/long.py", "x = 1\n" * 301)
    write(tree, "models/long.py", "class A:\n    def f(self):\n" + "        x = 1\n" * 60)
    assert too_long(tree) == [
        "harness.long has 301 lines, more than 300",
        "models.long.f has 61 lines, more than 60",
    ]


def test_a_file_and_a_function_at_the_limit_are_passed(tree):
    write(tree, "harness/long.py", "x = 1\n" * 300)
    write(tree, "models/long.py", "def f():\n" + "    x = 1\n" * 59)
    assert too_long(tree) == []


def test_a_stranger_at_the_top_is_found():
    assert strangers(["harness/cli.py", "utils/x.py", "notes.md", ".ci/run"]) == {"utils", "notes.md"}


def test_an_unlocked_library_is_found():
    lock = "numpy==2.4.6 ; python_full_version < '3.15' \\\n    --hash=sha256:00\npyyaml==6.0.3 \\\n"
    asked = ["numpy>=2.1", "PyYAML>=6", "numpy<2", "scipy>=1.15"]
    assert unlocked(asked, lock) == ["numpy<2", "scipy>=1.15"]


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("import requests.adapters", "requests"),
        ("def f():\n    from sqlalchemy.exc import DBAPIError", "sqlalchemy"),
        ("import importlib\nimportlib.import_module('torch.nn')", "torch"),
    ],
)
def test_an_import_that_nothing_asks_for_is_found(tree, line, package):
    asked = ["hydra-core>=1.3", "omegaconf", "MLflow<4", "harnessing"]
    assert undeclared(tree, asked) == []
    write(tree, "harness/data/more.py", f"import os.path, yaml\nfrom . import flights\n{line}\n")
    wanted = f"harness.data.more imports {package}, which pyproject.toml does not ask for"
    assert undeclared(tree, [*asked, "PyYAML"]) == [wanted]
