"""NumPy learners as scikit-learn estimators: the networks of a first deep-learning course."""

from models.estimators import LogisticRegression, NeuralNetworkClassifier, NeuralNetworkRegressor
from models.network import count_parameters
from models.training import Diverged, Progress, default_budget

__all__ = [
    "Diverged",
    "LogisticRegression",
    "NeuralNetworkClassifier",
    "NeuralNetworkRegressor",
    "Progress",
    "count_parameters",
    "default_budget",
]
