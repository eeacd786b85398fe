from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from protonet.data import digits
from protonet.data.digits.make import arrange, main

LABELS = np.array([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_the_bytes_are_those_that_every_result_was_measured_with() -> None:
    images, labels = digits.load()

    assert sha256(images.tobytes() + labels.tobytes()).hexdigest() == (
        "b62d5479c2d389f881f51d7232c6f392ecf1bf4f2c05139dc8a793cedaec88a5"
    )
    assert images.shape == (digits.TRAIN + digits.TEST, *digits.SHAPE)
    assert np.bincount(labels).tolist() == LABELS.tolist()


def test_both_sets_hold_a_fair_share_of_every_class_in_mixed_order() -> None:
    _, labels = digits.load()
    train, test = np.split(labels, [digits.TRAIN])

    shares = np.bincount(test) / LABELS
    assert shares.min() > 0.27
    assert shares.max() < 0.29
    for batch in np.split(train[:1280], 20):
        assert np.bincount(batch, minlength=10).min() >= 1


def test_ink_is_white_and_the_border_is_black() -> None:
    images, _ = digits.load()

    assert images.max() == 255
    assert images[:, :, [0, 1, 2, 3, -4, -3, -2, -1]].max() == 0


def test_enlarged_pixels_lie_between_their_neighbours() -> None:
    image = np.array([[[0, 16], [0, 16]]], np.uint8)

    enlarged = digits.enlarge(image, 4)

    row = [0, 64, 191, 255]
    np.testing.assert_array_equal(enlarged, [[row] * 4])


def test_the_order_is_a_permutation_made_of_labels_alone() -> None:
    _, labels = digits.load()

    order = arrange(labels)

    np.testing.assert_array_equal(np.sort(order), np.arange(len(labels)))
    np.testing.assert_array_equal(order, arrange(labels))


def test_scikit_learns_copy_gives_the_file_again(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")

    main(tmp_path / "digits.npz")

    with (
        np.load(tmp_path / "digits.npz") as made,
        digits.FILE.open("rb") as file,
        np.load(file) as kept,
    ):
        np.testing.assert_array_equal(made["images"], kept["images"])
        np.testing.assert_array_equal(made["labels"], kept["labels"])
