"""Verdicts: each of the chart's three claims is supported, contradicted or undetermined, and why.

What is tested, against which margin and at which sizes is fixed before the run (`ClaimSettings`, the plan);
`judge` turns per-example errors into verdicts. Pure.
"""

from harness.verdicts.comparisons import Comparison, compare, comparison
from harness.verdicts.crossing import Crossing, crossing
from harness.verdicts.judging import judge
from harness.verdicts.questions import BIGGER_IS_BETTER, NETWORK_BEATS_SVM, SMALL_DATA, ask
from harness.verdicts.verdict import Answer, Verdict, as_json

__all__ = [
    "BIGGER_IS_BETTER",
    "NETWORK_BEATS_SVM",
    "SMALL_DATA",
    "Answer",
    "Comparison",
    "Crossing",
    "Verdict",
    "as_json",
    "ask",
    "compare",
    "comparison",
    "crossing",
    "judge",
]
