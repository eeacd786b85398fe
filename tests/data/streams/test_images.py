from pathlib import Path

import numpy as np
import pytest

from protonet.data.feed import Feed
from protonet.diagnostics import DiagnosticError
from protonet.layers.image_data import ImageData, ImageDataParameter
from protonet.message.common import Phase, TransformationParameter
from protonet.weights.binaryproto import write_blob
from tests.data.builders import data_layer, random_images, values, write_images

IMAGES = random_images(4, 3, 4, 6)


def feed(
    folder: Path, phase: Phase = Phase.TEST, *, transform: object = None, **fields: object
) -> Feed:
    write_images(folder, IMAGES, range(4))
    layer = ImageData(
        image_data_param=ImageDataParameter.model_validate({"source": "list.txt", **fields}),
        transform_param=TransformationParameter.model_validate(transform or {}),
    )
    return Feed([data_layer(layer, phase=phase)], base=folder, seed=1701)


@pytest.mark.parametrize("shape", [(1, 3, 4, 6), (3, 4, 6)])
def test_a_mean_file_is_subtracted(tmp_path: Path, shape: tuple[int, ...]) -> None:
    mean = random_images(1, 3, 4, 6, seed=1)[0].astype(np.float32)
    write_blob(tmp_path / "mean.binaryproto", mean.reshape(shape))

    with feed(tmp_path, transform={"mean_file": "mean.binaryproto", "crop_size": 2}) as images:
        batch = images.next()

    np.testing.assert_array_equal(
        batch["data"].numpy()[0], (IMAGES[0].astype(np.float32) - mean)[:, 1:3, 2:4]
    )


@pytest.mark.parametrize("shape", [(12, 6), (2, 3, 4, 3)])
def test_a_mean_that_is_no_image_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    write_blob(tmp_path / "mean.binaryproto", np.zeros(shape, np.float32))

    with pytest.raises(DiagnosticError, match=r"PN509.*the mean in .* is of shape \("):
        feed(tmp_path, transform={"mean_file": "mean.binaryproto"})


def test_shuffled_epochs_hold_every_image_once(tmp_path: Path) -> None:
    with feed(tmp_path, shuffle=True, batch_size=4) as images:
        labels = [values(images.next()["label"]) for _ in range(5)]

    assert [sorted(epoch) for epoch in labels] == [[0, 1, 2, 3]] * 5
    assert len({tuple(epoch) for epoch in labels}) > 1


def test_less_than_rand_skip_images_are_skipped_at_the_start(tmp_path: Path) -> None:
    with feed(tmp_path, rand_skip=4) as images:
        skipped = images.state()["positions"]["input"]

        assert 0 < skipped < 4
        assert values(images.next()["label"]) == [skipped]


def test_more_cannot_be_skipped_than_there_are(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match=r"PN512.*`rand_skip: 4000000` skips .* has 4"):
        feed(tmp_path, rand_skip=4_000_000)
