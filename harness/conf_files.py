"""Where the files of configuration lie: ours, and those that a user puts beside them with `--config-dir`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.errors import ConfigError


def folder() -> Path:
    """Our folder of configurations: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next((at for at in (package / "conf", package.parent / "conf") if at.is_dir()), package / "conf")


def choices() -> dict[str, list[str]]:
    """The groups of our folder, without Hydra's own, and the choices of each.

    >>> choices()["launch"]
    ['dask', 'inline', 'local', 'slurm']
    """
    groups = sorted(at for at in folder().glob("*/") if at.name not in ("hydra", "__pycache__"))
    return {group.name: sorted(file.stem for file in group.glob("*.yaml")) for group in groups}


def of_the_course() -> tuple[str, ...]:
    """The files of `experiment/` that are experiments of the course; the others are presets of a sweep.

    >>> "quick" in of_the_course(), "zero_init" in of_the_course()
    (False, True)
    """
    files = sorted(folder().glob("experiment/*.yaml"))
    return tuple(
        file.stem for file in files if file.read_text(encoding="utf-8").startswith("# @package course.")
    )


def refuse_shadowed(first: Path, others: Iterable[Path]) -> None:
    """Refuse a user's choice that has the name of one of ours: Hydra would read ours, silently.

    Raises:
        ConfigError: naming the file.
    """
    for other in others:
        for group in choices():
            for file in sorted((other / group).glob("*.yaml")):
                if (first / group / file.name).is_file():
                    choice = f"{group}={file.stem}"
                    raise ConfigError(f"{file} would not be read: {choice} is one of ours; rename it")
