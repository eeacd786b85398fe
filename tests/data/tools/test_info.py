from collections import Counter
from pathlib import Path

from protonet.data.tools.info import Info, info_of, lines, spread
from protonet.data.tools.open import open_images
from protonet.data.tools.records import encoded_datum, raw_datum
from tests.data.builders import png, random_images, write_lmdb


def database(folder: Path) -> str:
    pixels = random_images(4, 3, 4, 5)
    records = [raw_datum(pixels[0], 0), raw_datum(pixels[1], 9)]
    records += [encoded_datum(png(image), 9) for image in pixels[2:]]
    return str(write_lmdb(folder / "db", records))


def test_a_database_is_told_as_it_is(tmp_path: Path) -> None:
    info = info_of(open_images(database(tmp_path)), sample=1)

    assert info.forms == {"raw": 2, "PNG": 2}
    assert (info.shapes, info.decoded) == ({(3, 4, 5): 3}, 1)
    assert (info.images, info.labels) == (4, {0: 1, 9: 3})
    assert info.size


def test_the_text_is_for_people(tmp_path: Path) -> None:
    info = info_of(open_images(database(tmp_path)), sample=0)

    text = list(lines(info))
    assert text[0] == "LMDB, 4 images"
    assert text[2:] == [
        "stored    raw: 2, PNG: 2",
        "shapes    (3, 4, 5): 4 (of 2 that were decoded)",
        "first     00000000, 00000001, 00000002",
        "labels    2, from 0 to 9",
        "        0         1 #############",
        "        9         3 ########################################",
    ]


def test_many_labels_and_shapes_are_cut() -> None:
    shapes = Counter({(1, at, 1): 1 for at in range(5)})
    labels = Counter({label: 1 + label for label in range(50)})

    text = list(lines(Info("list", ["a"], Counter({"raw": 5}), shapes, None, labels, 3 * 2**31)))

    assert text[1] == "on disk   6 GiB"
    assert text[3].endswith("(1, 2, 1): 1, and 2 others")
    assert (len(text), text[-1]) == (47, "... and 10 labels with 41 to 50 images each")


def test_what_ships_with_the_package_has_no_size() -> None:
    info = info_of(open_images("builtin:digits-0-4/test"))

    assert (info.size, info.decoded, [*lines(info)][1][:6]) == (None, None, "stored")


def test_items_are_spread_evenly() -> None:
    assert spread(range(10), 4) == [0, 3, 6, 9]
    assert spread([5, 7], 4) == [5, 7]
