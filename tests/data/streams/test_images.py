from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data.feed import Feed
from protonet.data.shapes import source_shapes
from protonet.data.streams.base import DataLayer
from protonet.diagnostics import DiagnosticError
from protonet.layers.base import Layer
from protonet.layers.data import Data, DataParameter
from protonet.layers.image_data import ImageData, ImageDataParameter
from protonet.message.augmentation import OnBadImage
from protonet.message.common import Phase, TransformationParameter
from protonet.weights.binaryproto import write_blob
from tests.data.builders import (
    data_layer,
    encode_datum,
    png,
    random_images,
    raw_datum,
    values,
    write_images,
    write_lmdb,
)

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


def test_each_further_top_takes_one_more_number_of_a_line(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(4))
    (tmp_path / "list.txt").write_text("".join(f"{at}.png {at} {at}.5\n" for at in range(4)))
    param = ImageDataParameter(source="list.txt", batch_size=4)
    layer = data_layer(ImageData(image_data_param=param), "data", "label", "weight")

    with Feed([layer], base=tmp_path, seed=1701) as images:
        batch = images.next()

    assert values(batch["label"]) == [0, 1, 2, 3]
    assert values(batch["weight"]) == [0.5, 1.5, 2.5, 3.5]
    assert source_shapes(layer_of(layer), layer.tops, tmp_path) == ((4, 3, 4, 6), (4,), (4,))


def layer_of(data: DataLayer) -> Layer:
    assert isinstance(data.layer, Layer)
    return data.layer


def test_a_folder_of_classes_is_a_source(tmp_path: Path) -> None:
    for name, images in (("cat", IMAGES[:1]), ("dog", IMAGES[1:])):
        (tmp_path / "pets" / name).mkdir(parents=True)
        write_images(tmp_path / "pets" / name, images, range(len(images)))
    param = ImageDataParameter(source="pets", batch_size=4)

    with Feed([data_layer(ImageData(image_data_param=param))], base=tmp_path) as images:
        batch = images.next()

    np.testing.assert_array_equal(batch["data"].numpy(), IMAGES)
    assert values(batch["label"]) == [0, 1, 1, 1]


def test_a_bad_image_in_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_text("no image")
    layer = ImageData(image_data_param=ImageDataParameter(source=str(tmp_path)))

    with (
        Feed([data_layer(layer)]) as images,
        pytest.raises(DiagnosticError, match=r"PN506\]: cannot read the image `.*/cat/a.png`"),
    ):
        images.next()


def test_a_folder_needs_no_root(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").touch()
    param = ImageDataParameter(source=str(tmp_path), root_folder="x")

    with pytest.raises(DiagnosticError, match=r"PN512.*`root_folder` is set, but"):
        Feed([data_layer(ImageData(image_data_param=param))])


def test_missing_files_are_found_before_the_first_batch(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(4))
    (tmp_path / "2.png").unlink()
    layer = ImageData(image_data_param=ImageDataParameter(source="list.txt"))

    with pytest.raises(DiagnosticError, match=r"PN515.*1 of the 4 files.*: line 3 `2.png`"):
        Feed([data_layer(layer)], base=tmp_path)


def test_missing_and_bad_images_may_be_skipped(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(4))
    (tmp_path / "0.png").unlink()
    (tmp_path / "2.png").write_bytes((tmp_path / "2.png").read_bytes()[:50])
    param = ImageDataParameter(source="list.txt", batch_size=4, on_bad_image=OnBadImage.SKIP)
    layer = data_layer(ImageData(image_data_param=param))

    with Feed([layer], base=tmp_path, seed=1701) as images:
        labels = [values(images.next()["label"]) for _ in range(2)]
        (told,) = images.told()

    assert labels == [[1, 1, 3, 3]] * 2
    assert source_shapes(layer_of(layer), layer.tops, tmp_path) == ((4, 3, 4, 6), (4,))
    assert told.message == (
        f"2 of the 4 images of `{tmp_path}/list.txt` could not be read and were skipped:"
        " `0.png`, `2.png`"
    )


@pytest.mark.parametrize("raw", [True, False])
def test_bad_records_may_be_skipped(tmp_path: Path, raw: bool) -> None:
    def record(at: int) -> bytes:
        image = IMAGES[at]
        return raw_datum(image, at) if raw else encode_datum(png(image), label=at, encoded=True)

    write_lmdb(tmp_path / "db", [record(0), encode_datum(b"x", (1, 2, 3)), record(2)])
    param = {"source": "db", "backend": 1, "batch_size": 3, "on_bad_image": 1}
    layer = Data(data_param=DataParameter.model_validate(param))

    with Feed([data_layer(layer)], base=tmp_path, seed=1701) as images:
        assert values(images.next()["label"]) == [0, 2, 2]
        (told,) = images.told()

    assert "1 of the 3 images" in told.message
    assert "`00000001`" in told.message


def test_where_all_records_are_good_raw_ones_are_held(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", map(raw_datum, IMAGES))
    param = {"source": "db", "backend": 1, "batch_size": 3, "on_bad_image": 1}
    layer = Data(data_param=DataParameter.model_validate(param))

    with Feed([data_layer(layer)], base=tmp_path) as images:
        images.next()

        assert images.told() == ()


def test_red_first_has_the_mean_red_first(tmp_path: Path) -> None:
    mean = random_images(1, 3, 4, 6, seed=1)[0].astype(np.float32)
    write_blob(tmp_path / "mean.binaryproto", mean)

    with feed(tmp_path, transform={"mean_file": "mean.binaryproto", "channel_order": 1}) as images:
        found = images.next()["data"].numpy()[0]

    np.testing.assert_array_equal(found, (IMAGES[0].astype(np.float32) - mean)[::-1])


def test_raw_images_in_memory_are_augmented_in_threads(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", map(raw_datum, IMAGES))
    fields = {"source": "db", "backend": 1, "batch_size": 4}

    def batches(prefetch: int) -> list[NDArray[np.float32]]:
        layer = Data(
            data_param=DataParameter.model_validate({**fields, "prefetch": prefetch}),
            transform_param=TransformationParameter.model_validate({"rotate": 40}),
        )
        with Feed([data_layer(layer)], base=tmp_path, seed=1701) as images:
            return [images.next()["data"].numpy() for _ in range(3)]

    for ahead, inline in zip(batches(4), batches(0), strict=True):
        np.testing.assert_array_equal(ahead, inline)
        assert not np.array_equal(ahead, IMAGES)


def test_ten_crops_make_a_batch_of_ten_times_the_size(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(4))
    layer = ImageData(
        image_data_param=ImageDataParameter(source="list.txt", batch_size=2),
        transform_param=TransformationParameter(crop_size=3, oversample=True),
    )

    with Feed([data_layer(layer, phase=Phase.TEST)], base=tmp_path) as images:
        batch = images.next()

    assert values(batch["label"]) == [0] * 10 + [1] * 10
    shapes = source_shapes(layer, ["data", "label"], tmp_path, Phase.TEST)
    assert shapes == (tuple(batch["data"].shape), (20,))
    assert source_shapes(layer, ["data", "label"], tmp_path) == ((2, 3, 3, 3), (2,))


def test_a_random_box_may_be_of_a_smaller_image_than_the_crop(tmp_path: Path) -> None:
    with feed(tmp_path, Phase.TRAIN, transform={"crop_size": 9, "random_crop": {}}) as images:
        assert images.next()["data"].shape == (1, 3, 9, 9)
