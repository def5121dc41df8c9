"""What the default sweep found, from its records: the verdicts on the chart and its curves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness import cli, sweep
from harness.config import parse
from harness.course.finding import NotHere
from harness.curves import Curve
from harness.verdicts import Verdict


@dataclass(frozen=True)
class DefaultSweep:
    """The curves and verdicts of one sweep; `digest` is that of the cells they are derived from."""

    data: str
    curves: tuple[Curve, ...]
    verdicts: tuple[Verdict, ...]
    digest: str


def default_sweep(root: Path, uri: str | None) -> DefaultSweep:
    """The default sweep in these records.

    Raises:
        NotHere: where a cell of it is not recorded, or failed.
    """
    (job,) = cli.compose("config", [])
    config = replace(parse(job.tree, job.source), root=root, uri=uri)
    read = sweep.found(config)
    if read is None:
        raise NotHere(f"the default sweep is not complete in the records below {root}", "harness sweep")
    findings, digest = read
    return DefaultSweep(config.data.name, findings.curves, findings.verdicts, digest)
