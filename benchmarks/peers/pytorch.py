"""PyTorch on the CPU: eager, and compiled, with its fused Adam."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.peers.problem import BETAS, EPSILON, LEARNING_RATE, Problem, Train

torch.set_num_threads(1)


def start(problem: Problem, shuffle: bool) -> Train:
    """Eager."""
    return _trainer(problem, shuffle, lambda step: step)


def start_compiled(problem: Problem, shuffle: bool) -> Train:
    """`torch.compile` of forward pass and loss, and so of their gradient; the first call compiles."""
    return _trainer(problem, shuffle, torch.compile)


def _network(problem: Problem) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for weight, bias in zip(problem.weights, problem.biases, strict=True):
        linear = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.T))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _trainer(problem: Problem, shuffle: bool, compiled: Any) -> Train:
    network, rng, rows = _network(problem), np.random.default_rng(0), len(problem.X)
    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
    adam = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS, eps=EPSILON, fused=True)
    loss_of = compiled(lambda x, target: torch.nn.functional.cross_entropy(network(x), target))

    def epoch() -> float:
        order = torch.from_numpy(rng.permutation(rows)) if shuffle else torch.arange(rows)
        total = torch.zeros(())
        for chosen in order.split(problem.batch):
            loss = loss_of(X[chosen], y[chosen])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.detach()
        return float(total) * problem.batch / rows

    return lambda epochs: [epoch() for _ in range(epochs)]
