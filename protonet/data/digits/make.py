"""Makes ``digits.npz`` from the copy in scikit-learn: ``python -m protonet.data.digits.make``.

The test set takes the same share of every class. Both sets are shuffled, since `Data` reads in
order.
"""

from gzip import decompress
from importlib.resources import files
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from protonet.data.digits import TEST, TRAIN

SEED = 1701


def arrange(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the order of the images in the file: the training set, then the test set."""
    random = np.random.RandomState(SEED)  # its streams never change between versions of numpy
    shuffled = random.permutation(len(labels))
    # Sorted by the place within the class, as a share of it, each class is spread evenly.
    share = np.empty(len(labels))
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        share[members] = (np.arange(len(members)) + 0.5) / len(members)
    order = np.argsort(share, kind="stable")
    test, train = order[:TEST], order[TEST:]
    assert len(train) == TRAIN
    return np.concatenate([random.permutation(train), random.permutation(test)])


def main(path: Path) -> None:
    """Write ``digits.npz``."""
    stored = files("sklearn.datasets.data").joinpath("digits.csv.gz").read_bytes()
    table = np.loadtxt(StringIO(decompress(stored).decode()), np.uint8, delimiter=",")
    images, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1]
    order = arrange(labels)
    np.savez_compressed(path, images=images[order], labels=labels[order])


if __name__ == "__main__":  # pragma: no cover # runs the line above
    main(Path(__file__).with_name("digits.npz"))
