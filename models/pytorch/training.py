"""Training by skorch, on one thread and with random numbers of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def trainer(settings: Any, network: Any, steps: int) -> Any:
    """The loop of skorch around a network, silent, with nothing held out."""
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import LRScheduler

    one_cycle = LRScheduler(
        torch.optim.lr_scheduler.OneCycleLR,
        max_lr=settings.learning_rate,
        total_steps=steps,
        step_every="batch",
    )
    return NeuralNetClassifier(
        network,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=settings.weight_decay,
        lr=settings.learning_rate,
        max_epochs=settings.epochs,
        batch_size=settings.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[("one_cycle", one_cycle)],
        callbacks__print_log=None,
        callbacks__valid_acc=None,
        verbose=0,
        device="cpu",
    )


@contextmanager
def alone(seed: int) -> Iterator[None]:
    """One thread, and random numbers of its own; both are put back."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
