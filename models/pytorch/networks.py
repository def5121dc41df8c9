"""The two estimators; what they share is explained in `models.pytorch`."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from models.activations import Array
from models.pytorch.extra import require
from models.pytorch.layout import laid_out
from models.pytorch.training import alone, trainer
from models.settings import check_settings
from models.training import Diverged

MOST_STEPS = 64  # of a sequence: a longer one is read several numbers at a time
BLOCK = 1024  # rows predicted together


class _Classifier(ClassifierMixin, BaseEstimator):
    """What both do; a child stores its settings, and builds its network from the fitted numbers."""

    learning_rate: float
    weight_decay: float
    dropout: float
    batch_size: int
    epochs: int
    layout: str
    random_state: Any

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (n, d) and class labels y (n,).

        Raises:
            ValueError: for unsuitable settings or data.
            Diverged: where a weight is not finite in the end.
        """
        check_settings(self.get_params(deep=False))
        if isinstance(self.batch_size, str) or self.batch_size is None:  # which the other networks allow
            raise ValueError(f"batch_size must be a whole number of at least 1; got {self.batch_size!r}")
        data, labels = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least 2 classes, got 1 class ({self.classes_.tolist()[0]!r})")
        self.mean_, self.scale_ = float(data.mean(dtype=float)), float(data.std(dtype=float)) or 1.0
        steps = self.epochs * -(-len(data) // self.batch_size)
        with alone(check_random_state(self.random_state).randint(2**31 - 1)):
            net = trainer(self, self._network(), steps).fit(self._scaled(data), codes.astype(np.int64))
            weights = {name: value.numpy().copy() for name, value in net.module_.state_dict().items()}
        if not all(np.isfinite(value).all() for value in weights.values()):
            raise Diverged(steps)
        self.weights_, self.n_parameters_ = weights, sum(value.size for value in weights.values())
        return self

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities (n, classes), ordered as `classes_`; each row sums to 1."""
        check_is_fitted(self, "weights_")
        data = validate_data(self, X, dtype=np.float32, reset=False)
        require()
        import torch

        with alone(0), torch.no_grad():
            network = self._network()
            network.load_state_dict({name: torch.from_numpy(value) for name, value in self.weights_.items()})
            network.eval()
            parts = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
            logits = [network(torch.from_numpy(self._scaled(part))).double() for part in parts]
            return np.concatenate([part.softmax(dim=1).numpy() for part in logits])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each row, (n,)."""
        chosen = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[chosen]
        return labels

    def _scaled(self, X: Array) -> Array:
        scaled: Array = (X - np.float32(self.mean_)) / np.float32(self.scale_)
        return scaled

    def _network(self) -> Any:
        """A new torch module from rows (n, d) to logits (n, classes)."""
        raise NotImplementedError


class ConvolutionalClassifier(_Classifier):
    """Two layers of convolution, each with ReLU and a maximum over 2 (by 2), and a linear layer.

    The first has `channels` filters of 5 (by 5), the second twice as many of 3 (by 3). The rest is explained
    in `models.pytorch`.
    """

    def __init__(
        self,
        *,
        channels: int = 16,
        learning_rate: float = 0.01,
        weight_decay: float = 0.01,
        dropout: float = 0.0,
        batch_size: int = 64,
        epochs: int = 15,
        layout: str = "auto",
        random_state: Any = None,
    ) -> None:
        require()  # so that a sweep without it is refused before anything is run
        self.channels = channels
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.batch_size = batch_size
        self.epochs = epochs
        self.layout = layout
        self.random_state = random_state

    def _network(self) -> Any:
        from torch import nn

        shape = laid_out(self.n_features_in_, self.layout)
        convolve, pool = (nn.Conv2d, nn.MaxPool2d) if len(shape) == 2 else (nn.Conv1d, nn.MaxPool1d)
        left = [math.ceil(length / 4) for length in shape]  # halved twice, each time rounded up
        return nn.Sequential(
            nn.Unflatten(1, (1, *shape)),
            convolve(1, self.channels, 5, padding=2),
            nn.ReLU(),
            pool(2, ceil_mode=True),
            convolve(self.channels, 2 * self.channels, 3, padding=1),
            nn.ReLU(),
            pool(2, ceil_mode=True),
            nn.Flatten(),
            nn.Dropout(self.dropout),
            nn.Linear(2 * self.channels * math.prod(left), len(self.classes_)),
        )


class RecurrentClassifier(_Classifier):
    """A layer of `units` gated recurrent units (GRU), and a linear layer on its last state.

    A step reads a row of pixels of an image, and of a sequence the fewest numbers that make at most 64 steps.
    The rest is explained in `models.pytorch`.
    """

    def __init__(
        self,
        *,
        units: int = 64,
        learning_rate: float = 0.02,
        weight_decay: float = 0.01,
        dropout: float = 0.0,
        batch_size: int = 64,
        epochs: int = 15,
        layout: str = "auto",
        random_state: Any = None,
    ) -> None:
        require()  # so that a sweep without it is refused before anything is run
        self.units = units
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.batch_size = batch_size
        self.epochs = epochs
        self.layout = layout
        self.random_state = random_state

    def _network(self) -> Any:
        shape = laid_out(self.n_features_in_, self.layout)
        width = shape[1] if len(shape) == 2 else -(-shape[0] // MOST_STEPS)
        return _recurrent(width, self.units, self.dropout, len(self.classes_))


def _recurrent(width: int, units: int, dropout: float, classes: int) -> Any:
    from torch import nn

    class Recurrent(nn.Module):
        """Reads `width` numbers a step, zeros before the first where they do not divide the row."""

        def __init__(self) -> None:
            super().__init__()
            self.cells = nn.GRU(width, units, batch_first=True)
            self.last = nn.Sequential(nn.Dropout(dropout), nn.Linear(units, classes))

        def forward(self, x: Any) -> Any:
            padded = nn.functional.pad(x, (-x.shape[1] % width, 0))
            states, _ = self.cells(padded.unflatten(1, (-1, width)))
            return self.last(states[:, -1])

    return Recurrent()
