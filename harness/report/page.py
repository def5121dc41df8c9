"""The page: one HTML file without network or script, from a template and a style sheet beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.report import advice, pictures, provenance, sections, words
from harness.report.findings import Findings
from harness.report.limits import limits
from harness.report.typed import coded
from harness.search import IMPORTANCE

if TYPE_CHECKING:
    from harness.config import SweepConfig

HERE = Path(__file__).parent


def render(config: SweepConfig, findings: Findings, digest: str) -> str:
    """The page as text; the same findings give the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"probability": words.probability, "capital": words.capital}
    environment.filters["coded"] = coded
    family_columns = sections.family_columns(findings.shown)
    ranked = advice.levers(findings, config.search, config.claims)
    page: str = environment.get_template("page.html").render(
        css=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        name=config.name,
        evaluator=IMPORTANCE,
        claims=config.claims,
        task=findings.plan.task,
        findings=findings,
        shown=findings.shown,
        answer=advice.answer(findings, ranked),
        levers=ranked,
        verdicts=[sections.judged(of, findings.plan.labels, findings.shown) for of in findings.verdicts],
        limits=limits(findings, config.search),
        settings=settings(config.source),
        protocol=provenance.protocol(config, findings),
        data_facts=provenance.data_facts(findings),
        made_with=provenance.made_with(findings, digest),
        cells=(provenance.cell_columns(findings), provenance.cells(findings)),
        families=(family_columns, sections.families(findings, deciding=True)),
        every_size=(family_columns, sections.families(findings, deciding=False)),
        forecasts=(sections.forecast_columns(findings.shown), sections.forecasts(findings)),
        reaches=(sections.REACH_COLUMNS, sections.reaches(findings)),
        forecast_notes=list(sections.notes(findings)),
        picture=_pictures(config, findings),
    )
    return page


def _pictures(config: SweepConfig, findings: Findings) -> dict[str, pictures.Picture | None]:
    return {
        "chart": pictures.chart(findings),
        "differences": pictures.differences(findings, config.claims.margin),
        "forecasts": pictures.forecasts(findings),
        "searches": pictures.searches(findings),
        "importances": pictures.importances(findings),
        "costs": pictures.costs(findings),
    }


def settings(source: str) -> str:
    r"""The configuration that numbers depend on: without where records are and who does the work.

    >>> settings("name: a\ntracking: {root: mlruns}\nlaunch: {workers: 2}\nseed: 0\n")
    'name: a\nseed: 0\n'
    """
    tree = yaml.safe_load(source)
    if not isinstance(tree, dict):
        return source
    kept = {key: value for key, value in tree.items() if key not in ("tracking", "launch", "format")}
    return str(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True))
