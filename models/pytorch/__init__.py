"""A convolutional and a recurrent network behind scikit-learn's interface, by PyTorch and skorch.

Both come with the optional extra `torch`, and are imported when an estimator is made: where they are not
installed, that raises ImportError with the command that brings them.

A row of X is laid out before it is read: as an image, row by row, or as a sequence. `layout` "auto" takes an
image where the number of columns is a square of at least 4, else a sequence. Values are scaled by the mean
and the standard deviation of all columns together, so that neighbours stay alike; columns of several units
want `preprocess: standardize` in the family's file.

Training is skorch's: AdamW with one cycle of the learning rate over all steps, on shuffled batches, for
`epochs` epochs; `dropout` is the share of values dropped before the last layer. The same random_state gives
the same bits, for a fit and a prediction have one thread. After fit, numbers and arrays only, so that a
model is kept without pickle: classes_, n_features_in_, mean_, scale_, weights_ (name -> array),
n_parameters_.
"""

from models.pytorch.extra import COMMAND, require
from models.pytorch.networks import ConvolutionalClassifier, RecurrentClassifier

__all__ = ["COMMAND", "ConvolutionalClassifier", "RecurrentClassifier", "require"]
