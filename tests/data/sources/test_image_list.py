from pathlib import Path

import numpy as np
import pytest

from protonet.data.sources.image_list import Entry, ImageList, parse_list
from protonet.data.sources.images import Colour
from protonet.diagnostics import DiagnosticError
from tests.data.builders import png, random_images, write_images

IMAGES = random_images(3, 3, 4, 5)


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("a.png 3", Entry("a.png", 3)),
        ("a b.png 12", Entry("a b.png", 12)),
        ("a.png -1", Entry("a.png", -1)),
        ("a.png 3\r", Entry("a.png", 3)),
        ("a.png 3 ", Entry("a.png 3", 0)),
        ("a.png\t3", Entry("a.png", 3)),
        ("a b.png\t3\r", Entry("a b.png", 3)),
        ("a.png\tb 3", Entry("a.png\tb", 3)),
        ("a.png\t-.5e1", Entry("a.png", -5)),
        ('"a b.png" 3', Entry("a b.png", 3)),
        ('"a\t3 b.png"\t3', Entry("a\t3 b.png", 3)),
        ('"a b.png" x', Entry('"a b.png"', 0)),
        ('"a b.png', Entry('"a', 0)),
        ("a.png", Entry("a.png", 0)),
        ("7.png", Entry("7.png", 7)),
        ("a.png 3x", Entry("a.png", 3)),
        ("a.png x", Entry("a.png", 0)),
        (" 5", Entry("", 5)),
        ("a.png " + "9" * 5000, Entry("a.png", 10**18 - 1)),
        ("a.png\t" + "9" * 50, Entry("a.png", 1e50)),
        ("a.png \u0663", Entry("a.png", 0)),  # a 3 to Python
    ],
)
def test_a_line_is_read_as_caffe_does(line: str, entry: Entry) -> None:
    assert parse_list(line) == [entry]


def test_a_blank_line_is_an_entry_but_the_end_of_the_file_is_not() -> None:
    assert parse_list("a 1\n\nb 2\n") == [Entry("a", 1), Entry("", 0), Entry("b", 2)]
    assert parse_list("") == []


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("a b.png 3 0.5", Entry("a b.png", 3, (0.5,))),
        ("a.png  -1   2e-3 ", Entry("a.png", -1, (0.002,))),
        ("a.png\t3\t4", Entry("a.png", 3, (4,))),
        ('"a b.png" 3 4', Entry("a b.png", 3, (4,))),
        ("a.png 3", Entry("a.png", 3)),
        ("a.png x 3", Entry("a.png x 3", 0)),
        ("a.png", Entry("a.png", 0)),
        (" ", Entry(" ", 0)),
    ],
)
def test_a_line_may_have_more_labels(line: str, entry: Entry) -> None:
    assert parse_list(line, 2) == [entry]


def test_further_labels_come_with_the_image(tmp_path: Path) -> None:
    path = write_images(tmp_path, IMAGES, [4, 5, 6])
    path.write_text("0.png 1 0.25\n1.png 2 0.5\n")

    images = list(ImageList(path, labels=2).read([1, 0]))

    assert [(image.label, image.more) for image in images] == [(2, (0.5,)), (1, (0.25,))]


def test_lines_with_too_few_or_too_many_labels_are_named(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("0.png 1 2\n1.png 1\n" + "2.png\t3\t4\t5\n" * 5)

    with pytest.raises(DiagnosticError) as raised:
        ImageList(tmp_path / "list.txt", labels=2)

    assert raised.value.diagnostics[0].message == (
        f"6 of the 7 lines of `{tmp_path}/list.txt` do not have the 2 labels that the layer has"
        " tops for: line 2, 3, 4, 5, 6, ..."
    )


def test_files_that_are_missing_are_counted_and_named(tmp_path: Path) -> None:
    path = write_images(tmp_path, IMAGES, [4, 5, 6])
    path.write_text(path.read_text() + "".join(f"gone{at}.png {at}\n" for at in range(7)))
    images = ImageList(path)

    with pytest.raises(DiagnosticError) as raised:
        images.check()

    assert images.missing() == list(range(3, 10))
    lines = ", ".join(f"line {at + 4} `gone{at}.png`" for at in range(5))
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "PN515",
        f"7 of the 10 files that `{path}` names are not there: {lines}, ...",
        "`root_folder` is put before each name; `on_bad_image: SKIP` goes on without them",
    )


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("0.PNG 1", "line 1: did you mean `{folder}/0.png`? case matters in names"),
        ("0.png 1 ", "line 1 ends with a blank, so that its label is taken for a part of the path"),
        ("0.png 1 \r", "line 1 ends with a blank"),
        ("0.png 1\n", "line 2 is empty"),
        ("1 0.png", "line 1 has the path last; it comes first, and then a blank and the label"),
        ("0.png,1", "line 1 has a `,` where a blank parts path and label"),
        ("0.png; 1", "line 1 has a `;` where a blank parts path and label"),
        ("0.png 1 2.5 3", "line 1 has several numbers: give the layer a top for each, or keep one"),
        ("x" * 300, "`root_folder` is put before each name"),
    ],
)
def test_a_likely_reason_is_told(tmp_path: Path, line: str, hint: str) -> None:
    path = write_images(tmp_path, IMAGES[:1], [0])
    path.write_text(f"{line}\n")

    with pytest.raises(DiagnosticError) as raised:
        ImageList(path).check()

    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "PN515"
    assert diagnostic.help.startswith(hint.format(folder=tmp_path))


def test_a_first_image_that_is_missing_is_told_with_all_others(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("gone.png 1\n" * 3)

    with pytest.raises(DiagnosticError, match=r"PN515.* 3 of the 3 files"):
        ImageList(tmp_path / "list.txt").shape()


def test_nothing_is_said_of_files_that_are_there(tmp_path: Path) -> None:
    images = ImageList(write_images(tmp_path, IMAGES, [4, 5, 6]))

    images.check()

    assert images.missing() == []


def test_a_first_image_that_is_none_is_told_by_itself(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("list.txt 1\n")

    with pytest.raises(DiagnosticError, match=r"PN506.*OpenCV cannot decode it as an image"):
        ImageList(tmp_path / "list.txt").shape()


def test_images_are_found_beside_the_list(tmp_path: Path) -> None:
    images = ImageList(write_images(tmp_path, IMAGES, [4, 5, 6]))

    assert (len(images), images.shape()) == (3, (3, 4, 5))
    for image, pixels, label in zip(images.read([2, 0]), IMAGES[[2, 0]], [6, 4], strict=True):
        np.testing.assert_array_equal(image.pixels, pixels)
        assert image.label == label


def test_the_root_folder_stands_before_the_path_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pre0.png").write_bytes(png(IMAGES[0]))
    (tmp_path / "list.txt").write_text("0.png 1\n")

    images = ImageList(tmp_path / "list.txt", root_folder=f"{tmp_path}/pre", colour=Colour.GRAY)

    assert images.shape() == (1, 4, 5)


def test_names_may_be_of_any_bytes(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"\xff.png 1\n")
    (tmp_path / "\udcff.png").write_bytes(png(IMAGES[0]))

    assert ImageList(tmp_path / "list.txt").shape() == (3, 4, 5)


@pytest.mark.parametrize(
    ("line", "why", "hint"),
    [
        ("gone.png 1", "`gone.png`: no such file or directory", ""),
        (
            "0.png 1 ",
            "`0.png 1`: no such file or directory",
            "the line ends with a blank, so that its label is taken for a part of the path",
        ),
        ("list.txt 1", "`list.txt`: OpenCV cannot decode it as an image", ""),
        (b"\xff 1".decode(errors="surrogateescape"), "`\ufffd`: no such file or directory", ""),
    ],
)
def test_an_image_that_cannot_be_read_is_named(
    tmp_path: Path, line: str, why: str, hint: str
) -> None:
    path = write_images(tmp_path, IMAGES[:1], [0])
    path.write_bytes(path.read_bytes() + line.encode(errors="surrogateescape"))

    with pytest.raises(DiagnosticError) as raised:
        list(ImageList(path).read([1]))

    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "PN506",
        f"line 2 of `{path}`: cannot read the image {why}",
        hint,
    )


def test_a_mark_of_byte_order_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = write_images(tmp_path, IMAGES[:1], [0])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert ImageList(path).missing() == []


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("0.png 1\n".encode("utf-16"), "is UTF-16 text, so it is no list"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is an image, so it is no list"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "is an image, so it is no list"),
        (b"\0\0\0\0", "is not text, so it is no list"),
    ],
)
def test_what_is_no_text_is_no_list(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(data)

    with pytest.raises(DiagnosticError) as raised:
        ImageList(path)

    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("PN505", f"`{path}` {what}")


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.txt").touch()

    with pytest.raises(DiagnosticError, match=r"PN505.*is empty"):
        ImageList(tmp_path / "list.txt")


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match=r"PN505.*: is a directory"):
        ImageList(tmp_path)
