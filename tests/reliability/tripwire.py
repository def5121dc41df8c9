"""A tripwire counts the writes of its process, and at one of them ends it as `kill -9` does."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLIENT = (
    *("create_experiment", "create_run", "log_batch", "log_inputs", "log_artifact", "log_artifacts"),
    *("set_terminated", "delete_run", "set_tag", "update_run", "restore_experiment", "log_param"),
)
WHOLE = ("new_run", "end_run", "end_again")  # of harness.tracking.writing
READING = "no call that writes"


class Tripwire:
    """Counts the writes of this process; at the n-th it ends it, or (n None) it keeps their names."""

    def __init__(self, root: Path, names: Path, at: int | None) -> None:
        self._root, self._names, self._at = str(root), names, at
        self._count, self._inside = 0, ""
        self._runs: dict[str, str] = {}

    def reach(self, name: str) -> None:
        if self._at is None:
            with open(self._names, "a") as file:
                file.write(f"{name}\n")
        elif self._count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._count += 1

    def install(self) -> None:
        from mlflow import MlflowClient
        from sqlalchemy.engine.default import DefaultDialect

        from harness.tracking import writing

        for owner, names in ((MlflowClient, CLIENT), (writing, WHOLE)):
            for name in names:
                setattr(owner, name, self._watched(getattr(owner, name)))
        DefaultDialect.do_commit = self._committed(DefaultDialect.do_commit)
        self.listen()

    def listen(self) -> None:
        """Hear of files alone; a process cannot take it back."""
        sys.addaudithook(self._heard)

    def _watched(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(client: Any, *args: Any, **kwargs: Any) -> Any:
            outer, about = self._inside, self._about(method.__name__, args, kwargs)
            self._inside = f"{method.__name__} of {about}"
            answer = method(client, *args, **kwargs)
            if not outer:
                if method.__name__ in ("create_run", "new_run"):
                    self._runs[answer if isinstance(answer, str) else answer.info.run_id] = about
                self.reach(f"after {self._inside}")
            self._inside = outer
            return answer

        return call

    def _about(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        if method == "new_run":
            return str(args[1])
        first = str(args[0]) if args else ""
        return str(kwargs.get("run_name") or self._runs.get(first, first))

    def _committed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(dialect: Any, connection: Any) -> None:
            method(dialect, connection)
            self.reach(f"after a commit in {self._inside or READING}")

        return call

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and (not isinstance(args[2], int) or not args[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        if event not in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"):
            return
        path = os.fspath(args[0]) if isinstance(args[0], (str, os.PathLike)) else ""
        if isinstance(path, str) and f"{path}/".startswith(f"{self._root}/"):
            self.reach(f"before {event.removeprefix('os.')} of {path.removeprefix(self._root)}")
