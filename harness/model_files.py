"""A fitted pipeline as bytes and back, without pickle: skops, with a boundary of our own.

A file of skops names the types it is made of, and skops would import any name that it is told to trust. Here
a name is trusted only if it is an estimator class by the rule of `harness.families`, or one of the parts
below that fitted estimators of scikit-learn hold. So no function is ever reached: nothing that a file names
is called but the constructors of such types. (A forged tree may still crash the process when it predicts.)

skops takes a second to import, most of it for test tools of scikit-learn, so only who needs it waits.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Any

from harness.errors import ConfigError, StoreError
from harness.families import resolve
from harness.targets import is_below

_KERNELS = "sklearn.gaussian_process.kernels."
_NEIGHBORS = "sklearn.neighbors."
PARTS = {
    "collections.OrderedDict",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    *(_NEIGHBORS + name for name in ("_ball_tree.BallTree", "_kd_tree.KDTree")),
    *(_KERNELS + name for name in ("ConstantKernel", "DotProduct", "Exponentiation", "ExpSineSquared")),
    *(_KERNELS + name for name in ("Matern", "Product", "RBF", "RationalQuadratic", "Sum", "WhiteKernel")),
}

BOOSTERS = {"lightgbm.basic.Booster", "xgboost.core.Booster"}  # parts too, where their package is trusted


def prepare() -> None:
    """Import skops, which takes a second, before anybody's time is measured."""
    import skops.io  # noqa: F401


def dump(learner: Any) -> bytes:
    """A fitted learner in skops form: a packed zip of arrays and a schema (a forest's an eighth of its size).

    >>> from sklearn.dummy import DummyClassifier
    >>> learner = DummyClassifier(strategy="constant", constant=1).fit([[0.0], [1.0]], [0, 1])
    >>> load(dump(learner)).predict([[5.0]]).tolist()
    [1]
    """
    import skops.io

    return bytes(skops.io.dumps(learner, compression=zipfile.ZIP_DEFLATED, compresslevel=1))


def holds(data: bytes, secrets: Iterable[str]) -> bool:
    """True where a model file holds one of the texts, as an argument of an estimator may be one.

    >>> from sklearn.dummy import DummyClassifier
    >>> learner = DummyClassifier(strategy="constant", constant="hunter2").fit([[0.0]], ["hunter2"])
    >>> holds(dump(learner), ["hunter2"]), holds(dump(learner), ["hunter3"])
    (True, False)
    """
    sought = [secret.encode() for secret in secrets]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        contents = [archive.read(member) for member in archive.namelist()]
    return any(secret in content for secret in sought for content in contents)


def load(data: bytes, trusted_modules: tuple[str, ...] = ()) -> Any:
    """The learner that `dump` wrote; only estimators below trusted modules, and their parts, are made.

    Raises:
        StoreError: where the file names anything else, or is no such file.
    """
    import skops.io

    try:
        named = skops.io.get_untrusted_types(data=data)
        strange = [
            name
            for name in named
            if not (_is_part(name, trusted_modules) or _is_estimator(name, trusted_modules))
        ]
        if not strange:
            return skops.io.loads(data, trusted=named)
    except Exception as error:  # forged or garbled bytes may raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise StoreError(
            f"the model file is damaged or was not written by the harness ({reason}); "
            "remove its run, and the sweep makes it again"
        ) from error
    raise StoreError(
        f"the model file holds {strange[0]}, which is no estimator of a trusted module; "
        "if it is yours, pass its module in trusted_modules"
    )


def _is_part(name: str, trusted_modules: tuple[str, ...]) -> bool:
    return name in PARTS or (name in BOOSTERS and is_below(name, trusted_modules))


def _is_estimator(name: str, trusted_modules: tuple[str, ...]) -> bool:
    """True for a class that `harness.families` would build; only trusted modules are imported to see."""
    try:
        found = resolve(name, trusted_modules)
    except ConfigError:
        return False
    return f"{found.__module__}.{found.__qualname__}" == name
