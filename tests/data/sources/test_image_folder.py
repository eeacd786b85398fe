"""Folders with a folder for each class."""

from pathlib import Path

import pytest

from protonet.data.sources.image_folder import read_folder
from protonet.data.sources.image_list import Entry
from protonet.diagnostics import DiagnosticError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_folders_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "dog/b.JPG", "dog/a.png", "cat/x.bmp", "top.png", "readme.txt")

    found = read_folder(tmp_path)

    assert found.classes == ("cat", "dog")
    assert found.entries == [
        Entry(f"{tmp_path}/cat/x.bmp", 0),
        Entry(f"{tmp_path}/dog/a.png", 1),
        Entry(f"{tmp_path}/dog/b.JPG", 1),
    ]


def test_deeper_folders_belong_to_their_class(tmp_path: Path) -> None:
    touch(tmp_path, "a/z.png", "a/deep/er/y.png", "a/deep-/x.png")

    paths = [entry.path.removeprefix(f"{tmp_path}/") for entry in read_folder(tmp_path).entries]

    assert paths == ["a/deep/er/y.png", "a/deep-/x.png", "a/z.png"]


def test_hidden_and_foreign_files_and_empty_folders_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, ".git/a.png", "a/.hidden.png", "a/.dir/b.png", "a/c.png", "b/notes.txt")

    assert read_folder(tmp_path).classes == ("a",)
    assert [entry.path for entry in read_folder(tmp_path).entries] == [f"{tmp_path}/a/c.png"]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")

    with pytest.raises(DiagnosticError, match=r"PN505.*has no folder with images in it"):
        read_folder(tmp_path)
