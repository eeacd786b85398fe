from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data.sources.image_list import ImageList
from protonet.data.tools import textures
from protonet.data.tools.open import open_images
from protonet.data.tools.textures import FAMILY, LIMIT, Textures, make
from protonet.diagnostics import DiagnosticError

SMALL = {"classes": 8, "per_class": 4, "size": 32}


def descriptors(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Energies of brightness and of colour, each at six orientations, at each pixel: (12, H, W)."""
    channels = image.astype(float)
    found: list[NDArray[np.float64]] = []
    for plane in (channels.sum(2) / 3, channels[..., 0] - channels[..., 2]):
        spectrum = np.fft.fft2(plane)
        axes = [np.fft.fftfreq(extent) for extent in plane.shape]
        rows, columns = np.meshgrid(*axes, indexing="ij")
        for angle in np.arange(6) * np.pi / 6:
            row, column = np.sin(angle) / 6, np.cos(angle) / 6
            band = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 0.04**2))
            found.append(np.abs(np.fft.ifft2(spectrum * band)))
    return np.stack(found)


def test_every_channel_of_every_image_has_the_same_values() -> None:
    made = Textures(8, 32)

    histograms = {
        np.sort(made.image(label, number)[..., channel], None).tobytes()
        for label in range(8)
        for number in range(3)
        for channel in range(3)
    }

    assert len(histograms) == 1
    values = np.frombuffer(histograms.pop(), np.uint8)
    assert (round(float(values.mean()), 3), round(float(values.std()))) == (127.5, 48)


def test_classes_of_a_family_have_the_same_stripes_paired_in_another_way() -> None:
    pairings = Textures(20).pairings

    assert len(set(pairings)) == 20
    for first in range(0, 20, FAMILY):
        family = pairings[first : first + FAMILY]
        assert len({pairing.bright for pairing in family}) == 1
        assert len({tuple(sorted(pairing.colour)) for pairing in family}) == 1


def test_what_occurs_together_tells_a_family_apart_and_averages_do_not() -> None:
    """The nearest class mean of 20 images a class; a family has four classes."""
    made = Textures(FAMILY, 64)
    maps = [[descriptors(made.image(label, n)) for n in range(30)] for label in range(FAMILY)]

    def score(pooled: NDArray[np.float64]) -> float:
        means = pooled[:, :20].mean(1)
        distances = ((pooled[:, 20:, None] - means) ** 2).sum(-1)
        return float((distances.argmin(-1) == np.arange(FAMILY)[:, None]).mean())

    averages = np.array([[m.mean((1, 2)) for m in of] for of in maps])
    products = np.array([[np.corrcoef(m.reshape(12, -1)).ravel() for m in of] for of in maps])

    assert score(averages) < 0.5
    assert score(products) > 0.9


def test_an_image_depends_on_seed_class_and_number_alone() -> None:
    one = Textures(8, 32).image(3, 5)

    assert np.array_equal(Textures(8, 32).image(3, 5), one)
    for other in (Textures(8, 32).image(3, 6), Textures(8, 32, seed=2).image(3, 5)):
        assert not np.array_equal(other, one)


def test_images_are_listed_with_all_classes_in_turn(tmp_path: Path) -> None:
    told: list[int] = []

    made = make(tmp_path / "t", classes=8, per_class=4, size=32, progress=told.append)

    assert (made.train, made.test) == (tmp_path / "t" / "train.txt", tmp_path / "t" / "test.txt")
    lines = made.train.read_text().splitlines()
    assert lines[:2] == ["images/000/0000.png 0", "images/001/0000.png 1"]
    assert (len(lines), len(made.test.read_text().splitlines()), sum(told)) == (24, 8, 32)
    assert ImageList(made.test).shape() == (3, 32, 32)
    image = cv2.imread(str(tmp_path / "t" / "images" / "002" / "0001.png"))
    assert image is not None
    np.testing.assert_array_equal(image, Textures(8, 32).image(2, 1))


def test_databases_hold_the_same_images(tmp_path: Path) -> None:
    made = make(tmp_path / "t", classes=8, per_class=4, size=32, lmdb=True)

    images = open_images(str(made.train))
    assert (len(images), images.names(2)) == (24, ["00000000_000/0000", "00000001_001/0000"])
    (image,) = images.read([9])
    np.testing.assert_array_equal(image.pixels, Textures(8, 32).image(1, 1).transpose(2, 0, 1))
    assert image.label == 1


@pytest.mark.parametrize(
    "wrong",
    [{"classes": 1}, {"classes": LIMIT + 1}, {"size": 15}, {"split": 1.0}, {"per_class": 1}],
    ids=str,
)
def test_what_cannot_be_made_is_told(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(DiagnosticError) as error:
        make(tmp_path / "t", **{**SMALL, **wrong})  # pyright: ignore[reportArgumentType] # all are numbers

    assert error.value.diagnostics[0].code == "PN546"
    assert list(tmp_path.iterdir()) == []


def test_there_are_as_many_classes_as_is_said() -> None:
    assert len(set(Textures(LIMIT, textures.LEAST_SIZE).pairings)) == LIMIT
