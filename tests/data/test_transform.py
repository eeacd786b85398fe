from collections.abc import Callable
from typing import Any

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


def test_bytes_and_floats_are_not_mixed() -> None:
    images = [Image(IMAGES[0], 0), Image(IMAGES[1].astype(np.float32), 1)]

    with pytest.raises(DiagnosticError, match=r"PN507.*holds images of uint8 and float32"):
        transformer().collect(images, 2, 0)


def test_mirroring_may_be_for_train_only() -> None:
    train = transformer(train_mirror=True)
    test = transformer(Phase.TEST, train_mirror=True)

    assert np.array_equal(gathered(train).mirrored, gathered(transformer(mirror=True)).mirrored)
    assert not gathered(test).mirrored.any()


def finished(t: Transformer) -> NDArray[np.float32]:
    return t.finish(collected(t))[0].numpy()


@pytest.mark.parametrize("way", [collected, collected_from_files])
def test_red_may_come_first_with_its_mean_and_deviation(way: Way) -> None:
    t = transformer(channel_order=1, mean_value=(1, 2, 3), std_value=(10, 20, 40), scale=2)

    images = t.finish(way(t, 0))[0].numpy()

    expected = IMAGES[:, ::-1].astype(np.float32)
    for channel, (mean, std) in enumerate(((1, 10), (2, 20), (3, 40))):
        expected[:, channel] = (expected[:, channel] - mean) * 2 / std
    np.testing.assert_allclose(images, expected, rtol=1e-6)


def test_one_deviation_is_for_all_channels() -> None:
    np.testing.assert_array_equal(finished(transformer(std_value=(4,))), IMAGES / np.float32(4))


def test_each_channel_of_a_crop_may_lose_its_own_mean() -> None:
    t = transformer(image_mean=True, crop_size=5)

    images = finished(t)

    np.testing.assert_allclose(images.mean((2, 3)), 0, atol=1e-4)
    pixels = collected(t).pixels.numpy().astype(np.float32)
    np.testing.assert_allclose(images, pixels - pixels.mean((2, 3), keepdims=True), atol=1e-4)


def test_values_may_be_brought_to_0_to_1_before_the_rest() -> None:
    t = transformer(min_max=True, mean_value=(0.5,), scale=2)

    images = finished(t)

    assert (images.min((1, 2, 3)).tolist(), images.max((1, 2, 3)).tolist()) == ([-1] * 6, [1] * 6)
    flat = t.finish(t.collect([Image(np.full((1, 2, 2), 7, np.uint8), 0)], 1, 0))[0]
    assert flat.tolist() == [[[[-1, -1], [-1, -1]]]]


def test_ten_crops_are_those_of_pycaffe() -> None:
    t = transformer(Phase.TEST, oversample=True, crop_size=4, mirror=True)

    batch = collected(t)

    crops = [(0, 0), (0, 5), (3, 0), (3, 5), (1, 2)]
    for index, image in enumerate(IMAGES):
        expected = np.array([image[:, y : y + 4, x : x + 4] for y, x in crops])
        found = batch.pixels.numpy()[index * 10 : index * 10 + 10]
        np.testing.assert_array_equal(found[:5], expected)
        np.testing.assert_array_equal(found[5:], expected[..., ::-1])
    assert batch.labels.tolist() == [[label for label in range(6) for _ in range(10)]]


def test_ten_crops_lose_the_mean_where_they_were() -> None:
    t = transformer(Phase.TEST, MEAN, oversample=True, crop_size=4)

    batch = collected(t)

    full = IMAGES[0] - MEAN
    np.testing.assert_array_equal(t.finish(batch)[0].numpy()[6], full[:, :4, 5:9][..., ::-1])


def test_in_train_one_crop_is_given() -> None:
    assert len(collected(transformer(oversample=True, crop_size=4)).pixels) == 6


def test_an_image_may_have_several_labels() -> None:
    t = transformer()
    images = [Image(image, at, (at + 0.5, -at)) for at, image in enumerate(IMAGES)]

    _, *labels = t.finish(t.collect(images, 6, 0))

    assert [each.tolist() for each in labels] == [
        [0, 1, 2, 3, 4, 5],
        [0.5, 1.5, 2.5, 3.5, 4.5, 5.5],
        [0, -1, -2, -3, -4, -5],
    ]
    assert all(each.is_contiguous() for each in labels)


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        ({"crop_size": 4, "mirror": True, "std_value": (2,), "min_max": True}, True),
        ({"shorter_side": 4}, False),
        ({"channel_order": 1}, False),
        ({"oversample": True, "crop_size": 4}, False),
        ({"rotate": 4}, True),
    ],
)
def test_only_what_caffe_does_to_pixels_is_done_at_once(
    fields: dict[str, Any], plain: bool
) -> None:
    assert transformer(Phase.TEST, **fields).is_plain == plain


def test_images_are_augmented_before_the_crop() -> None:
    t = transformer(Phase.TEST, shorter_side=14, crop_size=14)

    batch = collected(t)

    assert batch.pixels.shape == (6, 3, 14, 14)
    assert batch.corners.tolist() == [[0, 2]] * 6


def test_augmentation_depends_on_the_position_only() -> None:
    t = transformer(rotate=30, random_crop={}, crop_size=4, color_jitter={"contrast": 0.5})

    first, again, other = (collected(t, position).pixels for position in (12, 12, 18))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mean_value": (1, 2)}, "`mean_value` has 2 values"),
        ({"std_value": (1, 2)}, "`std_value` has 2 values"),
    ],
)
def test_there_is_one_value_or_one_for_each_channel(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DiagnosticError, match=f"PN509.*{message}"):
        collected(transformer(**fields))
