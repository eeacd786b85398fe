"""``protonet data``."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from protonet.data.tools.open import open_images
from tests.cli.files import protonet
from tests.data.builders import random_images, write_images
from tests.test_architecture import imported_by, run_command


@pytest.fixture(autouse=True)
def images(folder: Path) -> None:
    write_images(folder, random_images(6, 3, 4, 6), [0, 1] * 3)


def test_a_list_becomes_a_database() -> None:
    options = ("--resize", "2x3", "--gray", "--shuffle", "--seed", "3", "--check-size")

    done = protonet("data", "convert", "list.txt", "db", *options, "--threads", "1")

    assert (done.exit_code, done.stdout) == (0, "db: 6 images\n")
    found = open_images("db")
    assert {image.pixels.shape for image in found.read(range(6))} == {(1, 2, 3)}
    assert sorted(name[9:] for name in found.names(6)) == [f"{at}.png" for at in range(6)]
    assert found.names(6) != sorted(found.names(6), key=lambda name: name[9:])


@pytest.mark.parametrize(
    ("options", "form"),
    [(("--encoded",), "PNG"), (("--encode-type", "jpg"), "JPEG"), ((), "raw")],
)
def test_files_may_be_stored(options: tuple[str, ...], form: str) -> None:
    protonet("data", "convert", "list.txt", "db", *options)

    assert {seen.form for seen in open_images("db").survey()} == {form}


def test_images_that_are_left_out_are_told() -> None:
    Path("3.png").unlink()

    skipped = protonet("data", "convert", "list.txt", "db")
    raised = protonet("data", "convert", "list.txt", "other", "--on-bad-image", "raise")

    assert "left out: 1 images that cannot be read\n  3.png: no such" in skipped.stdout
    assert (skipped.exit_code, raised.exit_code) == (0, 1)


@pytest.mark.parametrize("size", ["2by3", "2x", "0", "1x2x3"])
def test_what_is_no_size_is_a_usage_error(size: str) -> None:
    assert protonet("data", "convert", "list.txt", "db", "--resize", size).exit_code == 2


def test_the_shorter_side_is_a_size() -> None:
    protonet("data", "convert", "list.txt", "db", "--resize", "2")

    assert next(open_images("db").read([0])).pixels.shape == (3, 2, 3)


def test_the_mean_is_printed_and_written() -> None:
    done = protonet("data", "mean", "list.txt", "mean.binaryproto")

    values = random_images(6, 3, 4, 6).mean((0, 2, 3))
    printed = [line.split() for line in done.stdout.splitlines()]
    assert [line[:3] for line in printed] == [
        ["mean_value", "channel", f"[{n}]:"] for n in range(3)
    ]
    np.testing.assert_allclose([float(line[3]) for line in printed], values, rtol=1e-5)
    assert Path("mean.binaryproto").stat().st_size > 4 * 72


def test_stored_images_are_taken_as_they_are() -> None:
    done = protonet("data", "mean", "builtin:digits/test", "--gray")

    assert (done.exit_code, "are for lists and folders" in done.stderr) == (2, True)


def test_the_mean_may_only_be_printed() -> None:
    before = sorted(Path().iterdir())

    assert protonet("data", "mean", "list.txt", "--gray", "--resize", "2x2").exit_code == 0
    assert sorted(Path().iterdir()) == before


def test_a_source_is_told_and_drawn() -> None:
    done = protonet("data", "info", "list.txt", "--sheet", "sheet.png", "--sample", "2")

    assert done.stdout.splitlines()[0] == "list of images, 6 images"
    assert cv2.imread("sheet.png") is not None


def test_a_source_may_only_be_told() -> None:
    assert protonet("data", "info", "builtin:digits/test").exit_code == 0


def test_a_list_is_split_beside_itself() -> None:
    done = protonet("data", "split", "list.txt", "--fractions", "0.7,0.3")

    assert done.stdout == "train.txt: 4 images\ntest.txt: 2 images\n"
    lines = [
        *Path("train.txt").read_text().splitlines(),
        *Path("test.txt").read_text().splitlines(),
    ]
    assert sorted(lines) == Path("list.txt").read_text().splitlines()


def test_a_folder_is_split_where_it_is_told_to() -> None:
    for at in range(4):
        Path(f"pictures/{at % 2}").mkdir(parents=True, exist_ok=True)
        Path(f"{at}.png").rename(f"pictures/{at % 2}/{at}.png")

    done = protonet(
        *("data", "split", "pictures", "--fractions", "0.5,0.5"),
        *("--out", "lists", "--names", "one,two"),
    )

    assert done.stdout.splitlines() == [
        "lists/one.txt: 2 images",
        "lists/two.txt: 2 images",
        'in a net, say `root_folder: "pictures/"`',
    ]
    assert protonet("data", "split", "pictures", "--fractions", "0.5,0.5").exit_code == 0
    assert Path("pictures/train.txt").exists()


@pytest.mark.parametrize(
    "options",
    [("half",), ("0.5,0.5", "--names", "one"), ("0.25,0.25,0.25,0.25",)],
    ids=["no number", "one name", "four parts without names"],
)
def test_a_split_that_is_not_said_whole_is_a_usage_error(options: tuple[str, ...]) -> None:
    assert protonet("data", "split", "list.txt", "--fractions", *options).exit_code == 2


def test_textures_are_made() -> None:
    small = ("--classes", "2", "--per-class", "2", "--size", "16", "--split", "0.5")

    done = protonet("data", "make", "textures", "textures", *small)

    assert done.stdout == "train: textures/train.txt\ntest: textures/test.txt\n"
    assert protonet("data", "make", "textures", "other", "--lmdb", *small).exit_code == 0
    assert len(open_images("other/test_lmdb")) == 2


def test_no_tool_for_data_imports_torch(folder: Path) -> None:
    modules = imported_by(run_command("data", "info", str(folder / "list.txt")))

    assert modules.isdisjoint({"torch", "rich", "lmdb", "h5py"})
