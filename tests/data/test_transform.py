from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from protonet.data.seeds import Seed
from protonet.data.sources.base import Image, Pixels
from protonet.data.transform import Batch, Transformer
from protonet.diagnostics import DiagnosticError
from protonet.message.common import Phase, TransformationParameter
from tests.data.builders import random_images

IMAGES = random_images(6, 3, 7, 9)
LABELS = np.arange(6, dtype=np.float32)
MEAN = random_images(1, 3, 7, 9, seed=1)[0].astype(np.float32) / 3
CPU = torch.device("cpu")


def transformer(
    phase: Phase = Phase.TRAIN, mean: NDArray[np.float32] | None = None, **fields: object
) -> Transformer:
    both = None if mean is None else torch.from_numpy(np.stack([mean, mean[..., ::-1]]))
    param = TransformationParameter.model_validate(fields)
    return Transformer(param, phase, Seed.of(1701, 0), "some", CPU, both)


def gathered(t: Transformer, position: int = 0) -> Batch:
    return t.gather(Pixels("some", IMAGES, LABELS), np.arange(6), position)


def collected(t: Transformer, position: int = 0) -> Batch:
    images = (Image(image, int(label)) for image, label in zip(IMAGES, LABELS, strict=True))
    return t.collect(images, 6, position)


def collected_from_files(t: Transformer, position: int = 0) -> Batch:
    """As of decoded images, whose channels lie side by side."""
    rows = np.ascontiguousarray(IMAGES.transpose(0, 2, 3, 1))
    images = (Image(r.transpose(2, 0, 1), int(n)) for r, n in zip(rows, LABELS, strict=True))
    return t.collect(images, 6, position)


Way = Callable[[Transformer, int], Batch]
WAYS: list[Way] = [gathered, collected, collected_from_files]


def reference(t: Transformer, batch: Batch, mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """The transformation of `data_transformer.cpp`, pixel by pixel."""
    n, c, h, w = batch.pixels.shape
    out = np.empty((n, c, h, w), np.float32)
    scale = np.float32(t.param.scale)
    for i, channel, y, x in np.ndindex(n, c, h, w):
        row, column = batch.corners[i]
        value = np.float32(IMAGES[i, channel, row + y, column + x])
        value = (value - mean[channel, row + y, column + x]) * scale
        out[i, channel, y, w - 1 - x if batch.mirrored[i] else x] = value
    return out


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("crop_size", [0, 4, 7])
@pytest.mark.parametrize("phase", list(Phase))
def test_a_mean_image_is_subtracted_where_the_crop_was(
    way: Way, crop_size: int, phase: Phase
) -> None:
    t = transformer(phase, MEAN, crop_size=crop_size, mirror=True, scale=0.3)

    batch = way(t, 0)
    images, labels = t.finish(batch)

    np.testing.assert_array_equal(images.numpy(), reference(t, batch, MEAN))
    np.testing.assert_array_equal(labels.numpy(), LABELS)
    assert 0 < batch.mirrored.sum() < 6


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("values", [(), (100.5,), (104.0, 117.0, 123.0)])
def test_a_mean_value_is_one_for_all_channels_or_one_each(
    way: Way, values: tuple[float, ...]
) -> None:
    t = transformer(mean_value=values, crop_size=5, scale=0.00390625, mirror=True)
    mean = np.zeros((3, 7, 9), np.float32) + np.array(values or [0], np.float32).reshape(-1, 1, 1)

    batch = way(t, 0)

    np.testing.assert_array_equal(t.finish(batch)[0].numpy(), reference(t, batch, mean))


def test_all_ways_give_the_same_batch() -> None:
    t = transformer(crop_size=5, mirror=True)

    batches = [t.finish(way(t, 64))[0] for way in WAYS]

    assert torch.equal(batches[0], batches[1])
    assert torch.equal(batches[0], batches[2])
    assert batches[2].is_contiguous(memory_format=torch.channels_last)


def test_nothing_asked_for_nothing_done() -> None:
    images, _ = transformer().finish(gathered(transformer()))

    np.testing.assert_array_equal(images.numpy(), IMAGES.astype(np.float32))


def test_floats_are_transformed_as_bytes_are() -> None:
    t = transformer(scale=2, mean_value=(0.5,))
    image = np.array([[[0.25, -3]]], np.float32)

    images, _ = t.finish(t.collect([Image(image, 0)], 1, 0))

    assert images.tolist() == [[[[-0.5, -7]]]]
    assert image.tolist() == [[[0.25, -3]]]


def test_crops_are_random_in_train_and_central_in_test() -> None:
    train, test = transformer(crop_size=5), transformer(Phase.TEST, crop_size=5)

    corners = np.concatenate([gathered(train, position).corners for position in range(50)])

    assert sorted({(y, x) for y, x in corners.tolist()}) == [
        (y, x) for y in range(3) for x in range(5)
    ]
    assert gathered(test).corners.tolist() == [[1, 2]] * 6
    assert collected(test).corners.tolist() == [[1, 2]] * 6


@pytest.mark.parametrize("phase", list(Phase))
def test_half_of_the_images_are_mirrored_in_test_too(phase: Phase) -> None:
    t = transformer(phase, mirror=True)

    mirrored = np.concatenate([gathered(t, position).mirrored for position in range(100)])

    assert mirrored.mean() == pytest.approx(0.5, abs=0.06)


def test_a_batch_depends_on_its_position_only() -> None:
    t = transformer(crop_size=4, mirror=True)

    assert torch.equal(gathered(t, 12).pixels, gathered(t, 12).pixels)
    assert not torch.equal(gathered(t, 12).pixels, gathered(t, 18).pixels)


def test_sizes_may_differ_where_they_are_cropped() -> None:
    t = transformer(Phase.TEST, crop_size=4)
    images = [Image(IMAGES[0], 0), Image(IMAGES[1][:, 1:, 2:], 1)]

    batch = t.collect(images, 2, 0)

    np.testing.assert_array_equal(batch.pixels.numpy()[0], IMAGES[0, :, 1:5, 2:6])
    np.testing.assert_array_equal(batch.pixels.numpy()[1], IMAGES[1, :, 2:6, 3:7])


@pytest.mark.parametrize(
    ("t", "message"),
    [
        (transformer(), "PN507.*a batch of `some` holds images of \\(3, 7, 9\\) and \\(3, 6, 9\\)"),
        (transformer(crop_size=7), "PN508.*is larger than an image of `some`, 6 x 9"),
        (
            transformer(mean=MEAN, mean_file="m"),
            "PN509.*the mean in `m` is \\(3, 7, 9\\), but an image of `some` is \\(3, 6, 9\\)",
        ),
    ],
)
def test_images_that_do_not_fit_are_refused(t: Transformer, message: str) -> None:
    with pytest.raises(DiagnosticError, match=message):
        t.collect([Image(IMAGES[0], 0), Image(IMAGES[1][:, 1:], 1)], 2, 0)
