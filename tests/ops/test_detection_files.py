"""Files of detections."""

import json
from pathlib import Path

import pytest
import torch

from protonet.diagnostics import DiagnosticError
from protonet.ops.detection_files import (
    DetectionFiles,
    Format,
    Image,
    Resize,
    ResizeMode,
    in_pixels,
)

LABELS = (
    'item { name: "none" label: 0 } item { name: "cat" label: 1 display_name: "Cat" } '
    'item { name: "17" label: 2 }'
)
BOXES = torch.tensor([[0.1, 0.2, 0.5, 0.6], [-0.5, 0.25, 2, 0.75], [0.111, 0.0, 0.222, 0.5]])


def writer(
    folder: Path, form: Format, *, images: int | None = None, sizes: str = "12 100 200 dog 50 60"
) -> DetectionFiles:
    (folder / "labels").write_text(LABELS)
    (folder / "sizes").write_text(sizes, encoding="utf-8", errors="surrogateescape")
    return DetectionFiles(
        str(folder / "out"),
        "det_",
        form,
        label_map=str(folder / "labels"),
        name_size=str(folder / "sizes"),
        images=images,
        resize=None,
        background=0,
    )


def add(files: DetectionFiles, images: int = 2) -> None:
    """Two boxes in the first image, one in the second."""
    labels, scores = torch.tensor([1, 2, 1]), torch.tensor([0.9, 0.25, 0.123456789])
    files.add(images, torch.tensor([0, 0, 1]), labels, scores, BOXES)


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "out").iterdir()}


def test_voc_has_a_file_for_each_class_but_the_background(tmp_path: Path) -> None:
    add(writer(tmp_path, Format.VOC))

    assert written(tmp_path) == {
        "det_cat.txt": "12 0.9 20 20 100 60\ndog 0.123457 6 0 12 25\n",
        "det_17.txt": "12 0.25 0 25 200 75\n",
    }


def test_ilsvrc_has_one_file_with_labels(tmp_path: Path) -> None:
    add(writer(tmp_path, Format.ILSVRC))

    assert written(tmp_path) == {
        "det_.txt": "12 1 0.9 20 20 100 60\n12 2 0.25 0 25 200 75\ndog 1 0.123457 6 0 12 25\n"
    }


def test_an_image_may_have_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    add(writer(tmp_path, Format.ILSVRC, sizes="a 1 1 caf\udce9 50 60"))

    lines = (tmp_path / "out" / "det_.txt").read_bytes().splitlines()
    assert lines[-1] == b"caf\xe9 1 0.123457 6 0 12 25"


def test_coco_has_one_file_of_json_in_which_numbers_are_numbers(tmp_path: Path) -> None:
    add(writer(tmp_path, Format.COCO))

    (name, text), *_ = written(tmp_path).items()
    assert name == "det_.json"
    assert json.loads(text) == [
        {"image_id": 12, "category_id": "cat", "bbox": [20, 20, 80, 40], "score": 0.9},
        {"image_id": 12, "category_id": 17, "bbox": [0, 25, 200, 50], "score": 0.25},
        {"image_id": "dog", "category_id": "cat", "bbox": [6.66, 0, 6.66, 25], "score": 0.1234568},
    ]


def test_files_are_written_when_the_data_set_is_complete_and_then_anew(tmp_path: Path) -> None:
    files = writer(tmp_path, Format.ILSVRC, images=2, sizes="a 10 10 b 10 10 c 10 10")
    none = torch.zeros(0, dtype=torch.long)

    files.add(1, none, none, torch.zeros(0), torch.zeros(0, 4))
    assert not (tmp_path / "out").exists()
    one = torch.zeros(1, dtype=torch.long)
    files.add(1, one, one + 1, torch.ones(1), torch.tensor([[0.0, 0, 1, 1]]))
    assert written(tmp_path) == {"det_.txt": "b 1 1 0 0 10 10\n"}
    files.add(2, none, none, torch.zeros(0), torch.zeros(0, 4))

    assert written(tmp_path) == {"det_.txt": ""}


@pytest.mark.parametrize(
    ("resize", "expected"),
    [
        (None, [20, 20, 100, 60]),
        (Resize(ResizeMode.WARP, (300, 300), (0, 0)), [20, 20, 100, 60]),
        (Resize(ResizeMode.FIT_SMALL_SIZE, (300, 300), (0, 0)), [20, 20, 100, 60]),
        (Resize(ResizeMode.FIT_SMALL_SIZE, (300, 300), (150, 600)), [60, 30, 200, 90]),
        # The image, twice as wide as high, was in the middle half of a square.
        (Resize(ResizeMode.FIT_LARGE_SIZE_AND_PAD, (300, 300), (0, 0)), [20, 0, 100, 70]),
        # ... and here in the middle half of what is four times as wide as high.
        (Resize(ResizeMode.FIT_LARGE_SIZE_AND_PAD, (100, 400), (0, 0)), [0, 20, 100, 60]),
    ],
)
def test_boxes_are_brought_back_to_the_image_before_it_was_resized(
    resize: Resize | None, expected: list[float]
) -> None:
    pixels = in_pixels(BOXES[:1], Image("x", 100, 200), resize)

    torch.testing.assert_close(pixels, torch.tensor([expected], dtype=torch.float32))


def test_a_box_in_the_padding_alone_stays_where_it_is() -> None:
    resize = Resize(ResizeMode.FIT_LARGE_SIZE_AND_PAD, (300, 300), (0, 0))
    box = torch.tensor([[0.0, 0.0, 0.5, 0.2]])

    pixels = in_pixels(box, Image("x", 100, 200), resize)

    torch.testing.assert_close(pixels, torch.tensor([[0.0, 0, 100, 20]]))


def test_a_label_without_a_name_is_refused(tmp_path: Path) -> None:
    files = writer(tmp_path, Format.VOC)
    one = torch.zeros(1, dtype=torch.long)

    with pytest.raises(ValueError, match=r"label 9 has no name in `.*labels`"):
        files.add(1, one, one + 9, torch.ones(1), BOXES[:1])


@pytest.mark.parametrize("images", [3, 0])
def test_more_images_than_are_named_are_refused(tmp_path: Path, images: int) -> None:
    match = rf"`.*sizes` names 2 images, but {images} are to be tested"
    with pytest.raises(ValueError, match=match):
        add(writer(tmp_path, Format.VOC, images=images))


def test_a_file_that_is_not_there_is_a_diagnostic(tmp_path: Path) -> None:
    files = writer(tmp_path, Format.VOC)
    (tmp_path / "labels").unlink()

    with pytest.raises(DiagnosticError, match="PN021"):
        add(files)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(ValueError, match=r"`.*out` cannot be written: File exists"):
        add(writer(tmp_path, Format.VOC))
