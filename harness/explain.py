"""What Hydra, OmegaConf and YAML say over many lines, in one: what was found, what is allowed, the remedy.

Their errors are known here by the attributes they carry, so that nothing of theirs is imported.
"""

from __future__ import annotations

import re
import traceback
from typing import Any

from harness.checks import nearest


def one_line(text: str) -> str:
    """The text without its line breaks and runs of blanks."""
    return " ".join(text.split())


def explain(error: Exception, choices: dict[str, list[str]]) -> str:
    """One line for what Hydra, OmegaConf or YAML found wrong: what, what is allowed, how to mend it.

    Args:
        error: what they raised.
        choices: the groups of configuration and their choices.
    """
    cause: Any = error.__cause__ or error
    if getattr(error, "missing_cfg_file", None):
        return _missing_file(error, choices)
    if hasattr(error, "override"):
        said = str(error.__cause__ or error.__context__ or error)
        return f"cannot read {error.override!r} ({said}); write key=value, and a list in quotes: 'key=[1,2]'"
    if isinstance(cause, UnicodeDecodeError):
        return f"{_being_read(cause)} is not UTF-8 ({cause.reason}); save it as UTF-8"
    if hasattr(cause, "problem_mark"):
        mark = cause.problem_mark
        return f"{mark.name}, line {mark.line + 1}: {cause.problem}; mend the YAML" if mark else str(cause)
    if several := re.match(r"Ambiguous value for argument '(.*)'", str(error)):
        return f"{several[1]!r} is several values; write key=[1,2] for a list, or add -m to run each of them"
    if present := re.match(r"Could not append to config. An item is already at '(.*)'", str(error)):
        return f"{present[1]} is a key already; write it without the +"
    unknown = re.match(r"Could not override '([^']*)'", str(error))
    if unknown or type(cause).__name__ in ("ConfigKeyError", "ConfigAttributeError"):
        return _unknown_key(cause, unknown[1] if unknown else str(cause.full_key), list(choices))
    if type(cause).__name__ == "MissingMandatoryValue":
        return f"{cause.full_key} has no value; add {cause.full_key}=..."
    return _folded(cause)


def _being_read(error: Exception) -> str:
    """The file that was read, which a decoding error does not name, from the calls it came through."""
    frames = [frame.f_locals for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(next((seen["full_path"] for seen in frames if "full_path" in seen), "a configuration"))


def _folded(cause: Any) -> str:
    """The lines of any other error in one, behind the key it is about."""
    noise = ("full_key:", "object_type=", "reference_type=", "See ")
    lines = [line.strip() for line in str(cause).splitlines()]
    said = "; ".join(line for line in lines if line and not line.startswith(noise)) or type(cause).__name__
    said = re.sub(r'^\w+ raised while resolving interpolation: "?(.*?)"?$', r"\1", said)
    return f"{cause.full_key}: {said}" if getattr(cause, "full_key", None) else said


def _missing_file(error: Any, choices: dict[str, list[str]]) -> str:
    group, _, choice = error.missing_cfg_file.rpartition("/")
    if not group:
        known = ["config", "course", "data", "ui", "doctor", "reproduce"]
        return f"there is no configuration {choice!r}; {nearest(choice, known)}"
    return f"{group} has no choice {choice!r}; {nearest(choice, error.options or choices.get(group, []))}"


def _unknown_key(cause: Any, key: str, groups: list[str]) -> str:
    full_key, wrong = (str(getattr(cause, name, None) or key) for name in ("full_key", "key"))
    if wrong == full_key and wrong in groups and key.startswith(f"{wrong}."):
        return f"{key} is given and no {wrong} is chosen; add {wrong}=..., or see harness COMMAND --help"
    if wrong == full_key and wrong in groups:
        return f"this command takes no key {wrong}; harness COMMAND --help lists its keys"
    parent = getattr(cause, "parent_node", None)
    siblings = [str(name) for name in parent if name != "hydra"] if parent is not None else []
    known = [*siblings, *(group for group in groups if group not in siblings and "." not in full_key)]
    return f"unknown key {full_key}; {nearest(wrong, known)}"
