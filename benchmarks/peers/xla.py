"""JAX: a whole epoch is one jitted `lax.scan` over mini-batches, Adam included."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers.problem import BETAS, EPSILON, LEARNING_RATE, Problem, Train


def start(problem: Problem, shuffle: bool) -> Train:
    """Compiled at the first call."""
    rng, rows, batch = np.random.default_rng(0), len(problem.X), problem.batch
    X, y = jnp.asarray(problem.X), jnp.asarray(problem.y)
    parameters = [(jnp.array(W), jnp.array(b)) for W, b in zip(problem.weights, problem.biases, strict=True)]
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.zeros((), jnp.int32))

    def epoch() -> float:
        nonlocal state
        order = rng.permutation(rows) if shuffle else np.arange(rows)
        state, loss = _compiled_epoch(state, X, y, order.astype(np.int32).reshape(-1, batch))
        return float(loss)

    return lambda epochs: [epoch() for _ in range(epochs)]


def _loss(parameters: Any, x: Any, y: Any) -> Any:
    for W, b in parameters[:-1]:
        x = jax.nn.relu(x @ W + b)
    logits = jax.nn.log_softmax(x @ parameters[-1][0] + parameters[-1][1])
    return -jnp.take_along_axis(logits, y[:, None], axis=1).mean()


def _epoch(state: Any, X: Any, y: Any, order: Any) -> tuple[Any, Any]:
    beta, gamma = BETAS

    def step(state: Any, chosen: Any) -> tuple[Any, Any]:
        parameters, first, second, t = state
        loss, slopes = jax.value_and_grad(_loss)(parameters, X[chosen], y[chosen])
        t = t + 1
        first = jax.tree.map(lambda m, g: beta * m + (1 - beta) * g, first, slopes)
        second = jax.tree.map(lambda v, g: gamma * v + (1 - gamma) * g * g, second, slopes)
        rate, spread = LEARNING_RATE / (1 - beta**t), 1 - gamma**t
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v / spread) + EPSILON), parameters, first, second
        )
        return (parameters, first, second, t), loss

    state, losses = jax.lax.scan(step, state, order)
    return state, losses.mean()


_compiled_epoch = jax.jit(_epoch, donate_argnums=0)


def forget_what_is_compiled() -> None:
    """The next first call compiles again."""
    jax.clear_caches()
