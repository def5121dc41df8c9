"""A linear probe on each layer: how well the classes can be told by logistic regression on its activations.

A network learns from a draw of rows. The activations of its input and of each hidden layer on other rows,
which the network has not seen, are given to logistic regression (our own, standardised, with its usual
settings), which is judged on the test rows. Layer 0 is the input. The same probes on the network at its
start, with random weights, tell what learning adds.

Rule. For each data set and layer, over repeats (draws and starts): the probe's test error on the layer below
less that on the layer, in points, with its t interval. "Each layer" is supported where every one of these
gains lies above 0 (at 95 %: all must, so no correction is due); contradicted where some layer's gain lies
below half a point and is not surely above 0 (at 95 %, divided among all layers and data sets), so that it is
no more useful than the one below. Else undetermined. The effect is the gain of the layers after the first,
the mean over them and over data sets.

Changed after a first run: the probes then learned from the rows that the network had learned from, a small
sure gain counted as none, and the limits were not corrected for their number.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.base import clone

from harness.course.finding import Array, Finding, Lines, Row
from harness.course.intervals import band, mean_interval
from harness.course.rows import draw
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import LogisticRegression, NeuralNetworkClassifier
from models.activations import relu

NO_MORE = 0.5  # points of error
WEIGHTS = ("learned", "random")
TESTED = 4000  # test rows


def run(
    *, rows: int, layers: int, units: int, steps: int, repeats: int, seed: int, data: Mapping[str, Task]
) -> Finding:
    """Train, and probe every layer before and after."""
    errors = {name: {when: np.zeros((repeats, layers + 1)) for when in WEIGHTS} for name in data}
    for name, task in data.items():
        for repeat in range(repeats):
            drawn = draw(task, rows, rows, seed=seed, repeat=repeat, data=name)
            start = seed_for("start", seed=seed, repeat=repeat)
            network = NeuralNetworkClassifier((units,) * layers, steps=steps, random_state=start)
            X_test, y_test = task.X_test[:TESTED], task.y_test[:TESTED]
            for when in WEIGHTS:
                ready = trained(network, drawn.X, drawn.y, when == "learned")
                pairs = zip(activations(ready, drawn.X_held), activations(ready, X_test), strict=True)
                for layer, (own, tested) in enumerate(pairs):
                    probe = LogisticRegression(random_state=start).fit(own, drawn.y_held)
                    errors[name][when][repeat, layer] = 100 * np.mean(probe.predict(tested) != y_test)
    return _judged(errors)


def trained(
    network: NeuralNetworkClassifier, X: Array, y: Array, is_learned: bool
) -> NeuralNetworkClassifier:
    """The network after its training, or after a first step so small that it changes nothing."""
    ready: NeuralNetworkClassifier = clone(network)
    if not is_learned:
        ready.set_params(steps=1, learning_rate=1e-12)
    return ready.fit(X, y)


def activations(network: NeuralNetworkClassifier, X: Array) -> list[Array]:
    """The standardised input and each hidden layer's activations, (rows, units)."""
    values = [np.nan_to_num((X - network.mean_) / network.scale_).astype(np.float32)]
    for weight, bias in zip(network.coefs_[:-1], network.intercepts_[:-1], strict=True):
        z = values[-1] @ weight + bias
        relu(z, np.empty_like(z))
        values.append(z)
    return values


def _judged(errors: Mapping[str, Mapping[str, Array]]) -> Finding:
    gains = {name: -np.diff(of["learned"], axis=1) for name, of in errors.items()}
    verdict, better, none = answer(gains)
    later = np.mean([gain[:, 1:].mean(axis=1) for gain in gains.values()], axis=0)
    told = "; ".join(
        f"{name} {', '.join(f'{error:.1f}' for error in of['learned'].mean(axis=0))}"
        for name, of in errors.items()
    )
    return Finding(
        verdict,
        *mean_interval(later),
        unit="points of probe error less with each layer after the first (mean of layers and data sets)",
        sentence=(
            f"Test error in % of logistic regression on the input and on each layer in turn: {told}. "
            f"{_words(better, none, sum(gain.shape[1] for gain in gains.values()))}"
        ),
        rows=tuple(_rows(errors)),
        panels=tuple(_panel(name, of) for name, of in errors.items()),
        conditions=_conditions(errors),
    )


def answer(gains: Mapping[str, Array]) -> tuple[Answer, list[str], list[str]]:
    """The verdict; the layers surely more useful than the one below; those that are no more useful."""
    each = {f"layer {k + 1} on {name}": gain for name, of in gains.items() for k, gain in enumerate(of.T)}
    better = [name for name, gain in each.items() if mean_interval(gain)[1] > 0]
    held = {name: mean_interval(gain, 1 - 0.05 / len(each)) for name, gain in each.items()}
    none = [name for name, (_, low, high) in held.items() if low <= 0 and high < NO_MORE]
    verdict = Answer.UNDETERMINED
    if len(better) == len(each):
        verdict = Answer.SUPPORTED
    elif none:
        verdict = Answer.CONTRADICTED
    return verdict, better, none


def _conditions(errors: Mapping[str, Mapping[str, Array]]) -> str:
    best = (f"layer {of['learned'].mean(axis=0).argmin()} on {name}" for name, of in errors.items())
    worse = all((np.diff(of["random"].mean(axis=0))[1:] > 0).all() for of in errors.values())
    learned = (
        "What the later layers keep is learned: with random weights each layer after the first is worse than "
        "the one below. "
    )
    return f"{learned * worse}The best layer is {', '.join(best)}."


def _words(better: list[str], none: list[str], steps: int) -> str:
    said = f"Of {steps} steps from a layer to the next, {len(better)} surely lower it"
    return f"{said}; no more useful than the one below: {', '.join(none)}." if none else f"{said}."


def _rows(errors: Mapping[str, Mapping[str, Array]]) -> list[Row]:
    return [
        {"data": name, "weights": when, "repeat": repeat, "layer": layer, "probe_error": float(error)}
        for name, of in errors.items()
        for when, found in of.items()
        for (repeat, layer), error in np.ndenumerate(found)
    ]


def _panel(name: str, of: Mapping[str, Array]) -> Lines:
    curves = {f"{when} weights": band(range(found.shape[1]), found.T) for when, found in of.items()}
    return Lines(name, "Layer (0 is the input)", "Test error of the probe, %", curves)
