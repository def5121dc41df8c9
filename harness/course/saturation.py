"""Networks whose first weights are a multiple of Xavier's: where they saturate, and steps to a target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.course.rows import Rows
from harness.course.scaled import hidden_values, started, watched_from
from models.initializers import xavier
from models.network import Parameters
from models.training import Plan

STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}
FLAT = 0.05  # of the steepest slope
LOOK = 5  # steps between two looks
Case = tuple[str, int, float]  # activation, hidden layers, scale


@dataclass(frozen=True)
class Setting:
    """What every training has in common."""

    units: int
    outputs: int
    batch: int
    steps: int
    target: float

    def start(self, case: Case, rows: Rows, start: int) -> Parameters:
        """Parameters at their start."""
        _, depth, scale = case
        sizes = (rows.X.shape[1], *(self.units,) * depth, self.outputs)
        return started(sizes, lambda into, out, rng: scale * xavier(into, out, rng), xavier, start)

    def steps_to_target(self, case: Case, rate: float, rows: Rows, start: int) -> tuple[float, float]:
        """Steps to the target, infinite where it is not reached; and the least loss."""
        plan = Plan(self.batch, self.steps, "gradient_descent", "constant", rate)
        looks = range(LOOK, self.steps + 1, LOOK)
        seen = watched_from(self.start(case, rows, start), case[0], rows, plan, looks, start)
        return seen.steps_to(self.target), float(seen.loss.min())

    def saturated(self, case: Case, rows: Rows, start: int) -> float:
        """The share of (row, hidden unit) whose slope is below 5 % of the steepest."""
        slopes = hidden_values(self.start(case, rows, start), case[0], rows.X)[1]
        return float(np.mean([np.mean(each < FLAT * STEEPEST[case[0]]) for each in slopes]))
