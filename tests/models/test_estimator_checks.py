"""Every estimator passes scikit-learn's own checks, with no exemption."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from models import LogisticRegression, NeuralNetworkClassifier, NeuralNetworkRegressor
from models.nystroem import NystroemSVC
from models.svm import KernelSVC, KernelSVR

ESTIMATORS = [
    LogisticRegression(),
    NeuralNetworkClassifier(),
    NeuralNetworkRegressor(),
    NeuralNetworkClassifier(hidden=(), standardize=False, dtype="float64"),
    NeuralNetworkRegressor(early_stopping=True),
    NeuralNetworkClassifier(batch_norm=True),
    NeuralNetworkRegressor(batch_norm=True),
    KernelSVC(),
    KernelSVR(),
    NystroemSVC(),
    NystroemSVC(n_components=8),
]


@parametrize_with_checks(ESTIMATORS)
def test_estimator_honours_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)
