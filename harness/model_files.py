"""A fitted pipeline as bytes and back, without pickle: skops, with a trusted list of our own.

skops takes a second to import, most of it for test tools of scikit-learn, so only who needs it waits.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Any

from harness.errors import StoreError

TRUSTED = ("models.", "numpy.", "sklearn.", "scipy.")


def dump(learner: Any) -> bytes:
    """A fitted learner in skops form: a zip of arrays and a schema.

    >>> from sklearn.dummy import DummyClassifier
    >>> learner = DummyClassifier(strategy="constant", constant=1).fit([[0.0], [1.0]], [0, 1])
    >>> load(dump(learner)).predict([[5.0]]).tolist()
    [1]
    """
    import skops.io

    return bytes(skops.io.dumps(learner))


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
    """The learner that `dump` wrote; only types below trusted modules are made.

    Raises:
        StoreError: where the file holds a type of another module.
    """
    import skops.io

    allowed = (*TRUSTED, *(f"{module}." for module in trusted_modules))
    found = skops.io.get_untrusted_types(data=data)
    strange = [name for name in found if not name.startswith(allowed)]
    if strange:
        raise StoreError(
            f"the model file holds {strange[0]}, outside {', '.join(allowed)}; "
            "if you trust it, pass its module in trusted_modules"
        )
    return skops.io.loads(data, trusted=found)
