from pathlib import Path

import cv2
import numpy as np

from protonet.data.tools.open import open_images
from protonet.data.tools.records import float_datum
from protonet.data.tools.sheet import COLUMNS, TILE, write_sheet
from tests.data.builders import random_images, write_images, write_lmdb


def test_a_sheet_has_a_row_for_each_class(tmp_path: Path) -> None:
    path = write_images(tmp_path, random_images(14, 3, 40, 20), [0, 3] * 5 + [0] * 4)

    write_sheet(open_images(str(path)), tmp_path / "sheet.png")

    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape == (200, 864, 3)
    right = 64 + 5 * 100  # the second class has five images, the first more than are shown
    assert (sheet[100:, right:] == 255).all()
    assert sheet[:TILE, 64 : 64 + TILE // 2].std() > 20
    assert COLUMNS == 8


def test_floats_and_gray_images_are_drawn_too(tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 2 * 128 * 128, dtype=np.float32).reshape(2, 128, 128)
    path = write_lmdb(tmp_path / "db", [float_datum(values), float_datum(0 * values)])

    write_sheet(open_images(str(path)), tmp_path / "sheet.png")

    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert (sheet[:TILE, 64:160].min(), sheet[:TILE, 164:260].max()) == (0, 0)
