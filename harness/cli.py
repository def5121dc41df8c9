"""The command line: compose a configuration with Hydra, check it, hand it to the command that does the work.

The only importer of Hydra and OmegaConf, and both lazily. Hydra only composes: the task it is given collects
trees, and a command begins after Hydra has ended and every tree was checked, so that nothing is begun for a
mistake, also not in a multirun.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from harness import conf_files, secrets
from harness.checks import nearest
from harness.commands import COMMANDS, HELP, Command
from harness.errors import ConfigError, HarnessError
from harness.explain import explain, one_line
from harness.interrupt import EXIT_STATUS as INTERRUPTED
from harness.jobs import Job, named, refuse_folders_of_hydra
from harness.yaml_guard import check_recorded, check_yaml

MAX_VALUES = 10_000  # of a configuration; aliases and interpolations can make a short file explode


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 complete, 1 a cell failed, 2 a mistake (one line on stderr), 130 interrupted. In a multirun the largest
    of the jobs' statuses. HYDRA_FULL_ERROR=1 in the environment asks for the traceback of a mistake. Nothing
    that is printed holds a secret.

    Args:
        argv: the words after the program's name; None takes them from the command line.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    out = sys.stdout
    try:
        with secrets.hiding(out, sys.stderr):
            status = _answer(arguments)
            out.flush()
        return status
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        return 141


def _answer(arguments: list[str]) -> int:
    try:
        return _dispatch(arguments)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        print("harness: interrupted", file=sys.stderr)
        return INTERRUPTED
    except HarnessError as error:
        if _wants_traceback():
            traceback.print_exception(error)
        else:
            print(f"harness: {one_line(secrets.hide(str(error)))}", file=sys.stderr)
        return 2
    except Exception as error:  # a fault of ours; told here, because Python would tell it with its secrets
        traceback.print_exception(error)
        return 1


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
    jobs = compose(command.primary, command.keyed(arguments))
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

    composed: list[tuple[dict[str, Any], Any, tuple[str, ...]]] = []

    def collect(tree: DictConfig) -> None:
        from hydra.core.hydra_config import HydraConfig

        about = HydraConfig.get()
        first, *others = (Path(at.path) for at in about.runtime.config_sources if at.schema == "file")
        conf_files.refuse_shadowed(first, others)
        raw = OmegaConf.to_container(tree, resolve=False)
        composed.append((_plain(tree), raw, tuple(about.overrides.task)))

    conf = str(conf_files.folder())
    program = hydra_main(version_base="1.3", config_path=conf, config_name=primary)(collect)
    complaints = StringIO()
    try:
        with redirect_stderr(complaints), _hydra_at_peace(arguments), _noting_environment():
            program()
    except SystemExit as end:
        if end.code:
            raise ConfigError(_last_complaint(complaints)) from end
    except Exception as error:
        if isinstance(error, (HarnessError, BrokenPipeError)):
            raise
        raise ConfigError(explain(error, conf_files.choices())) from error
    print(complaints.getvalue(), end="", file=sys.stderr)
    for plain, _, _ in composed:
        secrets.settle(plain)
    return [
        Job(plain, OmegaConf.to_yaml(OmegaConf.create(secrets.hidden(raw))), words)
        for plain, raw, words in composed
    ]


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


def tree_of(text: str, name: str) -> dict[str, Any]:
    """The resolved tree of a recorded configuration (unresolved YAML), which may have been tampered with.

    Raises:
        ConfigError: by that name, where it is no configuration, or calls anything but the environment.
    """
    from omegaconf import OmegaConf

    try:
        check_recorded(text, name)
        with _noting_environment():
            plain = _plain(OmegaConf.create(text))
    except Exception as error:
        if isinstance(error, HarnessError):
            raise
        raise ConfigError(f"{name}: {explain(error, conf_files.choices())}") from error
    secrets.settle(plain)
    return plain


@contextmanager
def _noting_environment() -> Iterator[None]:
    """What is resolved meanwhile notes which secrets it took from the environment."""
    from omegaconf import OmegaConf
    from omegaconf.resolvers import oc

    def noted(name: Any, *default: Any) -> str | None:
        secrets.take(str(name), os.environ.get(str(name)))
        return oc.env(name, *default)

    OmegaConf.register_new_resolver("oc.env", noted, replace=True)
    try:
        yield
    finally:
        OmegaConf.register_new_resolver("oc.env", oc.env, replace=True)


def _last_complaint(complaints: StringIO) -> str:
    lines = complaints.getvalue().strip().splitlines() or ["Hydra ended without a word"]
    said = lines[-1].removeprefix("harness: error: ")
    split = said.startswith("unrecognized arguments") and "=" in said
    remedy = "put every key=value on one side of the flags" if split else "harness COMMAND --help lists them"
    return f"{said}; {remedy}"


def _wants_traceback() -> bool:
    return os.environ.get("HYDRA_FULL_ERROR") == "1"
