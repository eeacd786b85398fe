from pathlib import Path

from protonet.data.tools.convert import Bad, Converted
from protonet.report.data import converted_lines


def test_a_conversion_tells_where_it_is() -> None:
    assert list(converted_lines(Converted(5, 0, [], Path("db")))) == ["db: 5 images"]


def test_what_was_left_out_is_counted_and_named() -> None:
    bad = [Bad("caf\udce9.png", "no such file"), *(Bad(f"{at}.png", "empty") for at in range(30))]

    lines = list(converted_lines(Converted(1200, 700, bad, Path("db"))))

    assert lines[:3] == [
        "db: 1,200 images, 700 of them before it was stopped",
        "left out: 31 images that cannot be read",
        "  caf\ufffd.png: no such file",
    ]
    assert (len(lines), lines[-1]) == (23, "  and 11 more")
