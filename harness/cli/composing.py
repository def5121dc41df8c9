"""Hydra composes configurations here, and does nothing else: the task it is given only collects trees."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from harness import conf_files, secrets
from harness.cli.trees import noting_environment, plain
from harness.errors import ConfigError, HarnessError
from harness.explain import explain
from harness.jobs import Job, refuse_folders_of_hydra
from harness.yaml_guard import check_yaml


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
        composed.append((plain(tree), raw, tuple(about.overrides.task)))

    conf = str(conf_files.folder())
    program = hydra_main(version_base="1.3", config_path=conf, config_name=primary)(collect)
    _run(program, primary, arguments)
    for resolved, _, _ in composed:
        secrets.settle(resolved)
    return [
        Job(resolved, OmegaConf.to_yaml(OmegaConf.create(secrets.hidden(raw))), words)
        for resolved, raw, words in composed
    ]


def _run(program: Callable[[], object], primary: str, arguments: list[str]) -> None:
    """Run Hydra's program, which reads the command line; what it complains of ends it, or is passed on."""
    complaints = StringIO()
    try:
        with (
            redirect_stderr(complaints),
            _hydra_at_peace(arguments),
            _own_experiments(primary),
            noting_environment(),
        ):
            program()
    except SystemExit as end:
        if end.code:
            raise ConfigError(_last_complaint(complaints)) from end
    except Exception as error:
        if isinstance(error, (HarnessError, BrokenPipeError)):
            raise
        raise ConfigError(explain(error, conf_files.choices())) from error
    print(complaints.getvalue(), end="", file=sys.stderr)


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


@contextmanager
def _own_experiments(primary: str) -> Iterator[None]:
    """Help, completion and errors name presets to a sweep, and to the course its experiments."""
    from hydra._internal.config_repository import ConfigRepository

    listed, of_the_course = ConfigRepository.get_group_options, conf_files.of_the_course()

    def own(self: ConfigRepository, group_name: str, *filters: Any, **named: Any) -> list[str]:
        names = listed(self, group_name, *filters, **named)
        if group_name.rstrip("/") != "experiment":
            return names
        return [each for each in names if (each in of_the_course) == (primary == "course")]

    ConfigRepository.get_group_options = own  # type: ignore[method-assign]
    try:
        yield
    finally:
        ConfigRepository.get_group_options = listed  # type: ignore[method-assign]


def _refuse_callback(*_: object, **__: object) -> None:
    raise ConfigError("hydra.callbacks would run code from a configuration; take them out")


def _last_complaint(complaints: StringIO) -> str:
    lines = complaints.getvalue().strip().splitlines() or ["Hydra ended without a word"]
    said = lines[-1].removeprefix("harness: error: ")
    split = said.startswith("unrecognized arguments") and "=" in said
    remedy = "put every key=value on one side of the flags" if split else "harness COMMAND --help lists them"
    return f"{said}; {remedy}"
