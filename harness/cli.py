"""The command line: compose a configuration with Hydra, check it, hand it to the command that does the work.

The only importer of Hydra and OmegaConf, and both lazily. Hydra only composes: the task it is given collects
trees, and a command begins after Hydra has ended and every tree was checked, so that nothing is begun for a
mistake, also not in a multirun.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from harness import conf_files
from harness.checks import nearest
from harness.config import parse, parse_doctor, parse_ui
from harness.errors import ConfigError, HarnessError
from harness.explain import explain, one_line
from harness.jobs import Job, named, refuse_folders_of_hydra
from harness.yaml_guard import check_yaml

INTERRUPTED = 130  # exit status
MAX_VALUES = 10_000  # of a configuration; aliases and interpolations can make a short file explode


@dataclass(frozen=True)
class Command:
    """What a word on the command line stands for; `target` is imported only when it runs."""

    summary: str
    primary: str
    check: Callable[[dict[str, Any], str], Any]
    target: str

    def run(self, config: Any) -> int:
        """The exit status of the work."""
        module, _, function = self.target.partition(":")
        status: int = getattr(importlib.import_module(module), function)(config)
        return status


COMMANDS = {
    "sweep": Command(
        "run the cells that are not recorded yet, write the report", "config", parse, "harness.sweep:run"
    ),
    "plan": Command(
        "show the cells: done, missing, estimated cost; run nothing", "config", parse, "harness.plan:show"
    ),
    "report": Command("write the report again from what is recorded", "config", parse, "harness.sweep:again"),
    "curves": Command("draw the curves alone from what is recorded", "config", parse, "harness.sweep:redraw"),
    "ui": Command("open MLflow's pages on the records", "ui", parse_ui, "harness.ui:serve"),
    "doctor": Command("say what is amiss on this machine", "doctor", parse_doctor, "harness.doctor:run"),
}

HELP = """\
harness: would more data help, or a bigger model, or better tuning?

It tunes families of models at growing training-set sizes, records every trial in MLflow, and draws
test error against size with honest intervals. The first thing to try (digits, about half a minute):

  harness sweep experiment=quick

Commands:
{commands}

harness COMMAND --help    what it does, its keys and choices
harness --version         this program's version
eval "$(harness -sc install=bash)"    completion of commands, keys and choices

Everything is key=value, lists in quotes: harness sweep 'model=[svm,small_nn]' 'data.sizes=[500,5000]'
More: README.md and docs/ of the project.
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 complete, 1 a cell failed, 2 a mistake (one line on stderr), 130 interrupted. In a multirun the largest
    of the jobs' statuses. HYDRA_FULL_ERROR=1 in the environment lets the traceback of a mistake through.

    Args:
        argv: the words after the program's name; None takes them from the command line.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("harness: interrupted", file=sys.stderr)
        return INTERRUPTED
    except HarnessError as error:
        if _wants_traceback():
            raise
        print(f"harness: {one_line(str(error))}", file=sys.stderr)
        return 2


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        width = max(map(len, COMMANDS))
        lines = [f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items()]
        print(HELP.format(commands="\n".join(lines)), end="")
        return 0
    if "--version" in arguments:
        from harness import __version__

        print(f"harness {__version__}")
        return 0
    if {"-sc", "--shell-completion"} & set(arguments):
        return _complete(arguments)
    return _run(_command(arguments[0]), arguments[1:])


def _command(word: str) -> Command:
    if word in COMMANDS:
        return COMMANDS[word]
    if word.startswith("-") or "=" in word:
        raise ConfigError(f"the command comes first, got {word!r}; e.g. harness sweep {word}")
    raise ConfigError(f"unknown command {word!r}; {nearest(word, COMMANDS)}")


def _run(command: Command, arguments: list[str]) -> int:
    jobs = compose(command.primary, arguments)
    trees = named([job.tree for job in jobs], [job.overrides for job in jobs])
    configs = [command.check(tree, job.source) for tree, job in zip(trees, jobs, strict=True)]
    statuses = []
    for number, config in enumerate(configs, start=1):
        if len(configs) > 1:
            words = " ".join(jobs[number - 1].overrides)
            print(f"job {number} of {len(configs)}: {words}", file=sys.stderr)
        statuses.append(command.run(config))
        if statuses[-1] == INTERRUPTED:
            break
    return max(statuses, default=0)


def _complete(arguments: list[str]) -> int:
    """Answer the shell, which asks for `harness -sc query=bash` with the typed line in COMP_LINE.

    The line's second word is our command, which Hydra does not know: it picks the primary configuration and
    is taken out. A line that cannot be completed gets silence, never an error between the user's keystrokes.
    """
    words = arguments[1:] if arguments[0] in COMMANDS else arguments
    if not any(word.startswith("query=") for word in words):
        compose("config", words)  # install or uninstall
        return 0
    program, _, line = os.environ.get("COMP_LINE", "").lstrip().partition(" ")
    command, ended, line = line.lstrip().partition(" ")
    if not ended:
        print(" ".join(name for name in COMMANDS if name.startswith(command)))
    elif command in COMMANDS:
        os.environ["COMP_LINE"] = f"{program} {line}"
        try:
            compose(COMMANDS[command].primary, words)
        except ConfigError:
            if _wants_traceback():
                raise
    return 0


def compose(primary: str, arguments: list[str]) -> list[Job]:
    """What Hydra composes from a primary configuration and the words after the command.

    None where a flag asked Hydra to print something instead (`--help`, `--cfg`, `--info`, completion).

    Raises:
        ConfigError: for every mistake in the words or the files.
    """
    if "HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE" in os.environ:
        raise ConfigError(
            "HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE is set, which lets a configuration run any code; unset it"
        )
    refuse_folders_of_hydra(arguments)
    from hydra import main as hydra_main
    from omegaconf import DictConfig, OmegaConf

    jobs: list[Job] = []

    def collect(tree: DictConfig) -> None:
        from hydra.core.hydra_config import HydraConfig

        about = HydraConfig.get()
        first, *others = (Path(at.path) for at in about.runtime.config_sources if at.schema == "file")
        conf_files.refuse_shadowed(first, others)
        jobs.append(Job(_plain(tree), OmegaConf.to_yaml(tree), tuple(about.overrides.task)))

    conf = str(conf_files.folder())
    program = hydra_main(version_base="1.3", config_path=conf, config_name=primary)(collect)
    complaints = StringIO()
    try:
        with redirect_stderr(complaints), _hydra_at_peace(arguments):
            program()
    except SystemExit as end:
        if end.code:
            raise ConfigError(_last_complaint(complaints)) from end
    except Exception as error:
        if isinstance(error, (HarnessError, BrokenPipeError)) or _wants_traceback():
            raise
        raise ConfigError(explain(error, conf_files.choices())) from error
    print(complaints.getvalue(), end="", file=sys.stderr)
    return jobs


@contextmanager
def _hydra_at_peace(arguments: list[str]) -> Iterator[None]:
    """What Hydra needs while it composes, put back when it ends.

    It reads its words from `sys.argv`, ends the process with a traceback of its own unless HYDRA_FULL_ERROR
    is set, wants a folder to write into (`conf/hydra/output/nowhere.yaml`), unfolds YAML aliases without
    limit, and calls whatever `hydra.callbacks` names.
    """
    import hydra.core.plugins
    import hydra.utils
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    argv, wanted = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    load, instantiate, store = OmegaConf.load, hydra.utils.instantiate, ConfigStore.instance()

    def measured(file: Any) -> Any:
        name = getattr(file, "name", "a configuration")
        check_yaml(file.read(), name)
        file.seek(0)
        try:
            return load(file)
        except RecursionError as error:
            raise ConfigError(f"{name} is nested too deeply; flatten it") from error

    with tempfile.TemporaryDirectory(prefix="harness-") as scratch:
        OmegaConf.register_new_resolver("scratch", lambda: scratch, replace=True)
        sys.argv, os.environ["HYDRA_FULL_ERROR"] = ["harness", *arguments], "1"
        OmegaConf.load, hydra.utils.instantiate = measured, _refuse_callback  # type: ignore[method-assign,assignment]
        # Hydra copies this singleton some 80 times for one --help, which takes 0.2 s.
        store.__deepcopy__ = lambda _: store  # type: ignore[attr-defined]
        try:
            yield
        finally:
            del store.__deepcopy__  # type: ignore[attr-defined]
            OmegaConf.load, hydra.utils.instantiate = load, instantiate  # type: ignore[method-assign]
            OmegaConf.clear_resolver("scratch")
            sys.argv = argv
            if wanted is None:
                del os.environ["HYDRA_FULL_ERROR"]
            else:
                os.environ["HYDRA_FULL_ERROR"] = wanted


def _refuse_callback(*_: object, **__: object) -> None:
    raise ConfigError("hydra.callbacks would run code from a configuration; take them out")


def _plain(tree: Any) -> dict[str, Any]:
    """The tree with every interpolation resolved, as mappings and lists of plain values."""
    from omegaconf import DictConfig, ListConfig

    left = MAX_VALUES

    def unfold(node: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ConfigError(
                f"the configuration unfolds to more than {MAX_VALUES:,} values; "
                "look for an interpolation that holds itself, or many of one another"
            )
        if isinstance(node, DictConfig):
            return {key: unfold(node[key]) for key in node}
        if isinstance(node, ListConfig):
            return [unfold(node[index]) for index in range(len(node))]
        return node

    plain: dict[str, Any] = unfold(tree)
    return plain


def _last_complaint(complaints: StringIO) -> str:
    lines = complaints.getvalue().strip().splitlines() or ["Hydra ended without a word"]
    said = lines[-1].removeprefix("harness: error: ")
    split = said.startswith("unrecognized arguments") and "=" in said
    remedy = "put every key=value on one side of the flags" if split else "harness COMMAND --help lists them"
    return f"{said}; {remedy}"


def _wants_traceback() -> bool:
    return os.environ.get("HYDRA_FULL_ERROR") == "1"
