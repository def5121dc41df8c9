"""A report's folder belongs to one configuration; another one is refused, so that nobody's is overwritten."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import metrics
from harness.errors import ConfigError
from harness.plan import definition
from harness.records import ClaimSettings, Task
from harness.report.tables import FILES, replace_text

if TYPE_CHECKING:
    from harness.config import SweepConfig

IDENTITY = "sweep.json"


def folder(config: SweepConfig) -> Path:
    """Where a sweep's files go."""
    return config.root / "reports" / config.name


def names(root: Path) -> list[str]:
    """The names of the sweeps that have a report below that root."""
    return sorted(here.parent.name for here in (root / "reports").glob(f"*/{IDENTITY}"))


def identity(config: SweepConfig, task: Task) -> dict[str, Any]:
    """What must not change under one name; sizes, repeats and further families may be added."""
    families = {
        family.name: hashlib.sha256(
            json.dumps(definition(family), sort_keys=True, default=str).encode()
        ).hexdigest()[:16]
        for family in config.families
    }
    return {
        "data": config.data.name,
        "digest": task.digest,
        "seed": config.seed,
        "metric": config.metric or metrics.default(task),
        **{f"search.{key}": _typed(value) for key, value in asdict(config.search).items()},
        **_claims_identity(config.claims),
        **{f"model.{name}": digest for name, digest in families.items()},
    }


def _typed(value: Any) -> Any:
    """A setting as a person types it: studies as 3x8."""
    return "x".join(map(str, value)) if isinstance(value, tuple) else value


def _claims_identity(claims: ClaimSettings) -> dict[str, Any]:
    """As a person gave them: the margin in points, lists as JSON gives them back."""
    stated = {**asdict(claims), "margin": round(100 * claims.margin, 6)}
    return {
        f"claims.{key}": list(value) if isinstance(value, tuple) else value for key, value in stated.items()
    }


def check_folder(config: SweepConfig, task: Task) -> None:
    """Refuse a folder that another configuration made.

    Raises:
        ConfigError: naming what differs, both values, and the key that gives this sweep its own folder.
    """
    held = _held(folder(config))
    own_name = f"give it a name of its own: name={config.name}-2"
    for key, value in identity(config, task).items():
        if key in held.get("identity", {}) and held["identity"][key] != value:
            if key == "digest":
                raise ConfigError(
                    f"{folder(config)} was made of other rows than {task.name} has now; {own_name}"
                )
            raise ConfigError(
                f"{folder(config)} was made with {key}={held['identity'][key]}, "
                f"this sweep has {key}={value}; {own_name}"
            )
    gone = [name for name in held.get("families", ()) if name not in {f.name for f in config.families}]
    if gone:
        raise ConfigError(
            f"{folder(config)} also shows {', '.join(gone)}, this sweep does not; add to model, or {own_name}"
        )


def is_current(config: SweepConfig, digest: str) -> bool:
    """True where every file is there and was made from exactly these cells."""
    here = folder(config)
    return _held(here).get("digest") == digest and all((here / name).exists() for name in FILES)


def claim_folder(config: SweepConfig, task: Task, digest: str | None) -> None:
    """Note whose folder it is, and from which cells every file in it was made (None: not every file was)."""
    held = {
        "identity": identity(config, task),
        "families": [family.name for family in config.families],
        "digest": digest,
    }
    replace_text(folder(config) / IDENTITY, json.dumps(held, indent=1))


def _held(here: Path) -> dict[str, Any]:
    try:
        held = json.loads((here / IDENTITY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
