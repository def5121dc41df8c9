"""The command line: compose a configuration with Hydra, check it, hand it to the command that does the work.

Hydra only composes (composing.py), so a command begins after Hydra has ended and every tree was checked:
nothing is begun for a mistake, also not in a multirun. This room is the only importer of Hydra and OmegaConf,
and imports both lazily.
"""

from __future__ import annotations

import os
import sys
import traceback

from harness import secrets
from harness.checks import nearest
from harness.cli.composing import compose
from harness.cli.trees import tree_of
from harness.commands import COMMANDS, HELP, Command
from harness.errors import ConfigError, HarnessError
from harness.explain import one_line
from harness.interrupt import EXIT_STATUS as INTERRUPTED
from harness.jobs import named

__all__ = ["compose", "main", "tree_of"]


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
        return _tell(error)
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
        try:
            statuses.append(command.run(config))
        except HarnessError as error:  # the mistake of one job is not that of the next
            statuses.append(_tell(error))
    return max(statuses, default=0)


def _tell(error: HarnessError) -> int:
    """Say what a person can mend; the exit status of a mistake."""
    if _wants_traceback():
        traceback.print_exception(error)
    else:
        print(f"harness: {one_line(secrets.hide(str(error)))}", file=sys.stderr)
    return 2


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


def _wants_traceback() -> bool:
    return os.environ.get("HYDRA_FULL_ERROR") == "1"
