"""Slurm jobs of one worker each, submitted through dask-jobqueue; the scheduler runs in this process."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import Client, Security

from harness.errors import LaunchError
from harness.launch import worker
from harness.launch.clusters import LOOPBACK, ONE_THREAD, Cluster

if TYPE_CHECKING:
    from harness.launch_config import LaunchSettings


@contextlib.contextmanager
def jobs(settings: LaunchSettings) -> Iterator[Cluster]:
    """One Slurm job per worker; the scheduler runs in this process."""
    count = settings.workers or 1
    settings.folder.mkdir(parents=True, exist_ok=True)
    with private(settings.folder) as folder:
        cluster = cluster_of(settings, certificates(folder))
        try:
            cluster.scale(jobs=count)
            print(f"asked Slurm for {count} jobs; cells begin as they start", file=sys.stderr)
            at, client = cluster.scheduler_address, Client(cluster)
            yield Cluster(client, at, count, settings.memory, lambda jobs: cluster.scale(jobs=jobs))
        finally:
            with contextlib.suppress(TimeoutError):
                cluster.close()


@contextlib.contextmanager
def private(folder: Path) -> Iterator[Path]:
    """A folder for certificates, holding a file that is locked while this process lives.

    What a process leaves that is killed is known by it, and removed by `harness doctor fix=true`.
    """
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".tls-") as made,
        Path(made, "lock").open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(made).resolve()


def certificates(folder: Path) -> Security:
    """Certificates for this sweep, as files that the jobs can read and nobody else."""
    made = Security.temporary().get_tls_config_for_role("worker")
    for name, text in made.items():
        if name in ("ca_file", "cert", "key"):
            (folder / name).write_text(str(text))
    roles = {
        f"tls_{role}_{part}": str(folder / part)
        for role in ("scheduler", "worker", "client")
        for part in ("cert", "key")
    }
    return Security(require_encryption=True, tls_ca_file=str(folder / "ca_file"), **roles)


def cluster_of(settings: LaunchSettings, security: Security) -> Any:
    """The cluster that submits jobs, none of which is submitted yet; `job_script()` shows what one would be.

    Raises:
        LaunchError: dask-jobqueue is not installed.
    """
    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError as error:
        raise LaunchError(
            "launch=slurm needs dask-jobqueue, which is absent; "
            ".venv/bin/uv pip install -p .venv dask-jobqueue"
        ) from error
    fractions = ("TARGET", "SPILL", "PAUSE", "TERMINATE")  # a paused worker would wait for ever
    memory = [f"export DASK_DISTRIBUTED__WORKER__MEMORY__{name}=False" for name in fractions]
    exports = [f"export {name}={value}" for name, value in ONE_THREAD.items()]
    return SLURMCluster(
        cores=1,
        processes=1,
        memory=f"{settings.memory}B",
        walltime=settings.walltime,
        queue=settings.queue,
        account=settings.account,
        job_name="harness",
        log_directory=str(settings.folder),
        security=security,
        worker_extra_args=["--preload", worker.__name__, "--no-dashboard"],
        job_script_prologue=[*exports, *memory],
        scheduler_options={"dashboard_address": LOOPBACK},
        silence_logs=logging.CRITICAL + 1,
    )
