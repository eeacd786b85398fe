from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data.seeds import Purpose, Seed
from protonet.data.sources.window import Cut, Window, WindowList, parse_windows
from protonet.diagnostics import DiagnosticError
from protonet.layers.window_data import WindowDataParameter
from tests.data.builders import png, random_images

(IMAGE,) = random_images(1, 3, 12, 14)
TEXT = """# 0
a.png
3 12 14
3
2 0.9 2 3 6 7
5 0.5 0 0 1 1
7 0.1 8 1 12 5
"""


def write(folder: Path, text: str = TEXT) -> Path:
    (folder / "a.png").write_bytes(png(IMAGE))
    (folder / "list.txt").write_text(text)
    return folder / "list.txt"


def windows(
    path: Path, crop_size: int = 5, *, mirror: bool = False, **fields: object
) -> WindowList:
    param = WindowDataParameter.model_validate({"batch_size": 4, **fields})
    return WindowList(path, param, crop_size=crop_size, mirror=mirror, find=Path)


def cuts(drawn: WindowList, place: int = 0) -> list[Cut]:
    return list(drawn.draw(Seed.of(1701, 0).at(Purpose.WINDOWS, place)))


def rows(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image.transpose(1, 2, 0)


def test_windows_are_of_the_background_or_the_foreground_by_overlap(tmp_path: Path) -> None:
    param = WindowDataParameter(fg_threshold=0.6, bg_threshold=0.5)

    background, foreground = parse_windows(write(tmp_path), param)

    assert background == (Window("a.png", 0, 8, 1, 12, 5),)
    assert foreground == (Window("a.png", 2, 2, 3, 6, 7),)


def test_a_batch_begins_with_the_background(tmp_path: Path) -> None:
    drawn = windows(write(tmp_path), fg_fraction=0.5, fg_threshold=0.6)

    first, second, third, fourth = cuts(drawn)

    assert [first.label, second.label, third.label, fourth.label] == [0, 0, 2, 2]
    np.testing.assert_array_equal(first.pixels, rows(IMAGE)[1:6, 8:13])
    np.testing.assert_array_equal(third.pixels, rows(IMAGE)[3:8, 2:7])


def test_windows_are_warped_to_the_crop_size(tmp_path: Path) -> None:
    drawn = windows(write(tmp_path), 8, fg_fraction=1.0, fg_threshold=0.6, cache_images=True)

    cut = cuts(drawn)[0]

    np.testing.assert_array_equal(cut.pixels, cv2.resize(rows(IMAGE)[3:8, 2:7], (8, 8)))
    assert (cut.top, cut.left) == (0, 0)


def test_half_of_the_windows_are_mirrored(tmp_path: Path) -> None:
    drawn = windows(write(tmp_path), mirror=True, fg_fraction=0.0, batch_size=40)
    plain = rows(IMAGE)[1:6, 8:13]

    mirrored = [not np.array_equal(cut.pixels, plain) for cut in cuts(drawn)]

    assert 5 < sum(mirrored) < 35
    np.testing.assert_array_equal(cuts(drawn)[mirrored.index(True)].pixels, plain[:, ::-1])


def test_context_is_taken_from_around_the_window(tmp_path: Path) -> None:
    drawn = windows(write(tmp_path), 7, context_pad=1, fg_fraction=1.0, fg_threshold=0.6)

    cut = cuts(drawn)[0]

    # 5 pixels become 7 with one of context on each side; C++ rounds 1 to 8 out of 4.5 +- 3.5,
    # so that eight pixels are shrunk.
    np.testing.assert_array_equal(cut.pixels, cv2.resize(rows(IMAGE)[2:10, 1:9], (7, 7)))


@pytest.mark.parametrize("mirror", [False, True])
def test_what_lies_outside_the_image_is_left_out(tmp_path: Path, mirror: bool) -> None:
    text = "# 0 a.png 3 12 14 1 5 0.9 0 0 3 3"
    drawn = windows(write(tmp_path, text), 8, mirror=mirror, context_pad=2, fg_fraction=1.0)

    seen = {(cut.top, cut.left, cut.pixels.shape) for cut in cuts(drawn)}

    # Twice the window, -2 to 6, is nine pixels; seven of them are in the image.
    assert seen == {(2, 2, (6, 6, 3)), (2, 0, (6, 6, 3))} if mirror else {(2, 2, (6, 6, 3))}


def test_a_square_is_as_long_as_the_longer_side(tmp_path: Path) -> None:
    text = "# 0 a.png 3 12 14 1 5 0.9 4 4 5 7"
    drawn = windows(write(tmp_path, text), 5, crop_mode="square", fg_fraction=1.0)

    np.testing.assert_array_equal(cuts(drawn)[0].pixels, rows(IMAGE)[4:9, 3:8])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# 0 a.png 3 12 14 1 5 0.9 0 0 3", "PN514.*is no list of windows: "),
        ("# 0 a.png 3 12", "PN514.*is no list of windows: "),
        ("# 0 a.png 3 12 14 x", "PN514.*is no list of windows: "),
        ("# 0 a.png 1 12 14 0", "PN514.*`a.png` has 1 channels, not 3"),
        ("# 0 a.png 3 12 14 1 5 0.9 0 0 3 3", "PN514.*has no background window"),
        ("# 0 a.png 3 12 14 1 5 0.1 0 0 3 3", "PN514.*has no foreground window"),
    ],
)
def test_a_list_at_fault_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DiagnosticError, match=message):
        windows(write(tmp_path, text), fg_fraction=0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# 0 a.png 3 12 14 1 5 0.9 0 0 14 3", "PN514.*lies outside the image, 12 x 14"),
        ("# 0 gone.png 3 12 14 1 5 0.9 0 0 3 3", "PN506.*`gone.png`: no such file"),
        ("# 0 list.txt 3 12 14 1 5 0.9 0 0 3 3", "PN506.*`list.txt`: OpenCV cannot"),
    ],
)
def test_a_window_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DiagnosticError, match=message):
        cuts(windows(write(tmp_path, text), fg_fraction=1.0))


def test_context_must_leave_room_for_the_window(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match=r"PN512.*`context_pad: 3`.*fills `crop_size: 6`"):
        windows(write(tmp_path), 6, context_pad=3)
