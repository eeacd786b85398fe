import numpy as np

from protonet.data.seeds import Seed
from protonet.data.sources.base import Order, Pixels
from tests.data.builders import random_images


def test_records_come_in_order_and_begin_anew_in_mid_batch() -> None:
    order = Order(5)

    assert order.indices(0, 3).tolist() == [0, 1, 2]
    assert order.indices(3, 3).tolist() == [3, 4, 0]
    assert order.indices(4, 12).tolist() == [4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0]


def test_shuffled_epochs_hold_every_record_once_in_another_order() -> None:
    order = Order(50, Seed.of(1701, 0))

    epochs = np.stack([order.indices(50 * epoch, 50) for epoch in range(3)])

    assert np.sort(epochs).tolist() == [list(range(50))] * 3
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 3


def test_a_shuffled_batch_does_not_depend_on_those_before() -> None:
    def order() -> Order:
        return Order(7, Seed.of(1701, 0))

    whole = order().indices(0, 35)

    assert order().indices(12, 20).tolist() == whole[12:32].tolist()


def test_pixels_are_a_reader() -> None:
    pixels = Pixels("some", random_images(4, 1, 2, 3), np.arange(4, dtype=np.float32))

    (image,) = pixels.read([2])

    assert (len(pixels), pixels.shape(), image.label) == (4, (1, 2, 3), 2)
    np.testing.assert_array_equal(image.pixels, pixels.pixels[2])
