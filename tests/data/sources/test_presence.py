"""Which of many files are there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from protonet.data.sources.presence import FEW, TRIED, missing, spelled


def places(*folders: Path) -> Callable[[str], Path]:
    """The first place where a name is, else the last."""

    def where(name: str) -> Path:
        found = [folder / name for folder in folders]
        return next((path for path in found if path.exists()), found[-1])

    return where


@pytest.mark.parametrize("number", [3, FEW + 1])
def test_few_or_many_files_of_a_folder(tmp_path: Path, number: int) -> None:
    (tmp_path / "a").mkdir()
    names = [f"a/{at}" for at in range(number)] + ["top"]
    for name in names[1:]:
        (tmp_path / name).touch()

    assert missing([*names, "b/0", "a"], places(tmp_path)) == [0, number + 1]


@pytest.mark.parametrize("number", [3, FEW + 1])
def test_a_folder_may_be_in_two_places(tmp_path: Path, number: int) -> None:
    for side in ("left", "right"):
        (tmp_path / side / "a").mkdir(parents=True)
    names = [f"a/{at}" for at in range(number)]
    for at, name in enumerate(names):
        (tmp_path / ("left", "right")[at % 2] / name).touch()

    assert missing([*names, "a/gone"], places(tmp_path / "left", tmp_path / "right")) == [number]


def test_of_a_folder_that_is_nowhere_no_file_is_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []

    def where(name: str) -> Path:
        asked.append(name)
        return tmp_path / name

    names = [f"gone/{at}" for at in range(100)]

    assert missing(names, where) == list(range(100))
    assert asked == ["gone"]


def test_after_many_misses_the_rest_is_not_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []

    def where(name: str) -> Path:
        asked.append(name)
        return tmp_path / name

    names = [str(at) for at in range(10 * TRIED)]

    assert missing(names, where) == list(range(10 * TRIED))
    assert len(asked) == 1 + TRIED


def test_a_folder_that_may_not_be_listed_may_hold_known_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(FEW + 1):
        (tmp_path / str(at)).touch()

    def refuse(_: Path) -> list[str]:
        raise PermissionError

    monkeypatch.setattr(os, "listdir", refuse)

    assert missing([*map(str, range(FEW + 1)), "gone"], places(tmp_path)) == [FEW + 1]


def test_a_name_that_no_file_can_have_is_missing(tmp_path: Path) -> None:
    names = ["a\0b"] * 2 + [f"c\0/{at}" for at in range(FEW + 1)]

    assert missing(names, places(tmp_path)) == list(range(FEW + 3))


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_an_empty_name_is_missing_whatever_else_is_there(tmp_path: Path, number: int) -> None:
    for at in range(number):
        (tmp_path / str(at)).touch()

    assert missing(["", *map(str, range(number)), ""], places(tmp_path)) == [0, number + 1]


def test_case_is_looked_past_in_every_part(tmp_path: Path) -> None:
    (tmp_path / "Images" / "dog").mkdir(parents=True)
    (tmp_path / "Images" / "dog" / "A.JPG").touch()

    assert spelled(tmp_path / "images" / "Dog" / "a.jpg") == tmp_path / "Images" / "dog" / "A.JPG"
    assert spelled(tmp_path / "images" / "cat" / "a.jpg") is None


def test_relative_names_are_spelled_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "A.JPG").touch()
    monkeypatch.chdir(tmp_path)

    assert spelled(Path("a.jpg")) == Path("A.JPG")
