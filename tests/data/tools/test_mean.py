from pathlib import Path

import numpy as np
import pytest

from protonet.data.tools.mean import Mean, mean_of
from protonet.data.tools.open import open_images
from protonet.data.tools.picture import Picturing
from protonet.data.tools.records import float_datum, raw_datum
from protonet.diagnostics import DiagnosticError
from protonet.weights.binaryproto import write_blob
from tests.data.builders import random_images, write_lmdb

CAFFE = Path(__file__).parent / "caffe"


@pytest.mark.parametrize("kind", ["color", "gray"])
def test_the_file_is_byte_for_byte_what_compute_image_mean_writes(
    tmp_path: Path, kind: str
) -> None:
    images = open_images(str(CAFFE / f"{kind}.txt"), picturing=Picturing(gray=kind == "gray"))

    write_blob(tmp_path / "mean.binaryproto", mean_of(images).image[None])

    expected = (CAFFE / f"mean_{kind}.binaryproto").read_bytes()
    assert (tmp_path / "mean.binaryproto").read_bytes() == expected


def test_the_values_are_those_of_the_channels(tmp_path: Path) -> None:
    pixels = random_images(4, 2, 3, 5)
    path = write_lmdb(tmp_path / "db", [raw_datum(image, 0) for image in pixels])
    told: list[int] = []

    mean = mean_of(open_images(str(path)), progress=told.append)

    assert (mean.images, sum(told)) == (4, 4)
    np.testing.assert_allclose(mean.values, pixels.mean((0, 2, 3)), rtol=1e-6)


def test_sums_are_of_32_bit_floats_as_in_caffe() -> None:
    """A sum of 2^24 does not grow by 1."""
    image = np.array([[[2.0**24, 1, 1, 1]]], np.float32)

    assert Mean(image, 1).values == (2.0**22,)


def test_floats_have_a_mean_too(tmp_path: Path) -> None:
    values = np.array([[[1.5]], [[-2.0]]], np.float32)
    path = write_lmdb(tmp_path / "db", [float_datum(values), float_datum(3 * values)])

    assert mean_of(open_images(str(path))).image.tolist() == [[[3.0]], [[-4.0]]]


def test_images_of_another_size_have_none(tmp_path: Path) -> None:
    records = [raw_datum(random_images(1, *shape)[0], 0) for shape in ((3, 4, 5), (3, 5, 4))]

    with pytest.raises(DiagnosticError, match=r"image 1 of `.*` is \(3, 5, 4\), but the first is"):
        mean_of(open_images(str(write_lmdb(tmp_path / "db", records))))
