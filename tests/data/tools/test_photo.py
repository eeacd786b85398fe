from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data.tools.photo import check_files, preparing, read_labels, read_mean
from protonet.diagnostics import DiagnosticError
from protonet.weights.binaryproto import write_blob
from tests.data.builders import png, random_images

IMAGE = random_images(1, 3, 6, 8)[0]


def code(error: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return error.value.diagnostics[0].code


def test_an_image_is_resized_less_the_mean_and_scaled() -> None:
    prepares = preparing((3, 4, 4), mean=(1, 2, 3), scale=0.5)

    resized = np.array(cv2.resize(IMAGE.transpose(1, 2, 0), (4, 4)), np.float32).transpose(2, 0, 1)
    expected = (resized - np.arange(1, 4, dtype=np.float32)[:, None, None]) / 2
    np.testing.assert_array_equal(prepares.prepare(png(IMAGE))[0], expected)


def test_the_crop_is_in_the_centre() -> None:
    prepares = preparing((3, 2, 4), resize=(6, 8))

    np.testing.assert_array_equal(prepares.prepare(png(IMAGE)), IMAGE[None, :, 2:4, 2:6])


def test_ten_crops_are_the_centre_and_the_corners_and_their_mirrors() -> None:
    prepares = preparing((3, 4, 4), resize=(6, 8), oversample=True)

    crops = prepares.prepare(png(IMAGE))

    corners = [(1, 2), (0, 0), (0, 4), (2, 0), (2, 4)]
    plain = np.stack([IMAGE[:, y : y + 4, x : x + 4] for y, x in corners])
    assert prepares.crops == 10
    np.testing.assert_array_equal(crops, np.concatenate((plain, plain[..., ::-1])))


@pytest.mark.parametrize(
    ("input_size", "oversample", "resize"),
    [(224, True, (256, 256)), (227, True, (260, 260)), (224, False, (224, 224))],
)
def test_without_a_size_it_is_the_nets_or_somewhat_more_for_ten_crops(
    input_size: int, oversample: bool, resize: tuple[int, int]
) -> None:
    prepares = preparing((3, input_size, input_size), oversample=oversample)

    assert prepares.resize == resize


def test_what_is_smaller_than_the_crop_is_refused() -> None:
    with pytest.raises(DiagnosticError) as error:
        preparing((3, 4, 4), resize=(4, 3))

    assert code(error) == "PN556"


@pytest.mark.parametrize(("stored", "channels"), [(1, 3), (3, 1), (4, 1), (4, 3), (1, 1)])
def test_colours_become_those_of_the_net(stored: int, channels: int) -> None:
    pixels = random_images(1, stored, 4, 4)[0]

    (prepared,) = preparing((channels, 4, 4)).prepare(png(pixels))

    blue, green, red = (pixels.astype(float)[at % stored] for at in range(3))
    gray = 0.114 * blue + 0.587 * green + 0.299 * red
    expected: NDArray[np.float64] = gray[None] if channels == 1 else np.stack([blue, green, red])
    np.testing.assert_allclose(prepared, expected, atol=0.51)


def test_a_file_that_is_no_image_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cannot decode"):
        preparing((3, 4, 4)).prepare(b"<html>")


def test_a_mean_is_of_numbers() -> None:
    assert read_mean("104,117.5,123", 3) == (104, 117.5, 123)
    assert read_mean("33", 3) == (33, 33, 33)


def test_a_mean_image_gives_the_mean_of_each_channel(tmp_path: Path) -> None:
    image = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2)
    write_blob(tmp_path / "mean.binaryproto", image)
    np.save(tmp_path / "mean.npy", image[0])
    np.save(tmp_path / "values.npy", np.array([1, 2, 3], np.float32))

    names = ("mean.binaryproto", "mean.npy", "values.npy")
    found = [read_mean(str(tmp_path / name), 3) for name in names]
    assert found == [(1.5, 5.5, 9.5), (1.5, 5.5, 9.5), (1, 2, 3)]


def test_a_mean_that_does_not_fit_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "flat.npy", np.zeros((2, 2)))
    (tmp_path / "text.npy").write_text("text")

    for text in ("1,2", "flat.npy", "text.npy", "gone.npy"):
        name = text if "," in text else str(tmp_path / text)
        with pytest.raises(DiagnosticError) as error:
            read_mean(name, 3)
        assert code(error) == "PN553"


def test_labels_are_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("n01 tench, Tinca\nn02 goldfish\n\n")

    assert read_labels(path, 2) == ["n01 tench, Tinca", "n02 goldfish"]
    for classes in (1, 3):
        with pytest.raises(DiagnosticError, match="names 2 classes, but the net has"):
            read_labels(path, classes)
    with pytest.raises(DiagnosticError) as error:
        read_labels(tmp_path / "gone.txt", 2)
    assert code(error) == "PN551"


def test_all_files_that_are_missing_are_told(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as error:
        check_files([str(tmp_path / "a.png"), __file__, str(tmp_path / "b.png")])

    assert [problem.code for problem in error.value.diagnostics] == ["PN506", "PN506"]
