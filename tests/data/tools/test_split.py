from collections import Counter
from pathlib import Path

import pytest

from protonet.data.tools.listed import Entry
from protonet.data.tools.split import split, write_lists
from protonet.diagnostics import DiagnosticError

ENTRIES = [Entry(f"{label}/{at}.png", label) for label in range(4) for at in range(10 * label + 10)]


def test_each_part_has_its_share_of_every_class() -> None:
    parts = split(ENTRIES, (0.7, 0.2, 0.1), seed=1)

    assert [len(part) for part in parts] == [70, 20, 10]
    assert [Counter(entry.label for entry in part) for part in parts] == [
        {0: 7, 1: 14, 2: 21, 3: 28},
        {0: 2, 1: 4, 2: 6, 3: 8},
        {0: 1, 1: 2, 2: 3, 3: 4},
    ]
    assert sorted(entry for part in parts for entry in part) == sorted(ENTRIES)


def test_a_seed_decides_which_images_go_where() -> None:
    assert split(ENTRIES, (0.5, 0.5), 1) == split(ENTRIES, (0.5, 0.5), 1)
    assert split(ENTRIES, (0.5, 0.5), 1) != split(ENTRIES, (0.5, 0.5), 2)


def test_classes_are_mixed_in_each_part() -> None:
    train, _ = split(ENTRIES, (0.5, 0.5), 1)

    assert len({entry.label for entry in train[:10]}) > 1


def test_an_image_that_is_listed_twice_stays_so() -> None:
    parts = split([Entry("a", 0), Entry("a", 0)], (0.5, 0.5), 1)

    assert parts == [[Entry("a", 0)], [Entry("a", 0)]]


@pytest.mark.parametrize(
    ("fractions", "why"),
    [
        ((0.5, 0.4), "in total"),
        ((1.5, -0.5), "in total"),
        ((0.999, 0.001), "of 100 images a part would have none"),
    ],
)
def test_fractions_that_make_no_parts_are_told(fractions: tuple[float, ...], why: str) -> None:
    with pytest.raises(DiagnosticError, match=why):
        split(ENTRIES, fractions, 1)


def test_lists_are_written_beside_each_other(tmp_path: Path) -> None:
    paths = write_lists({"a": ENTRIES[:2], "b": ENTRIES[-1:]}, tmp_path / "lists")

    assert paths["a"].read_text() == "0/0.png 0\n0/1.png 0\n"
    assert paths["b"] == tmp_path / "lists" / "b.txt"


def test_a_list_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("old")

    with pytest.raises(DiagnosticError, match="already exists"):
        write_lists({"a": ENTRIES, "b": ENTRIES}, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DiagnosticError) as error:
        write_lists({"a": ENTRIES}, tmp_path / "file" / "deep")

    assert error.value.diagnostics[0].code == "PN408"
