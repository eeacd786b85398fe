import math

import pytest

from protonet.report.curve import columns, curve


def drawn(values: list[float], *, height: int = 3, geometric: bool = False) -> list[str]:
    return list(curve(values, last=99, height=height, geometric=geometric))


def test_line_from_top_to_bottom() -> None:
    values = [1 - at / 23 for at in range(columns(12))]

    assert drawn(values) == [
        "1 ┤⠉⠓⠦⣄⡀",
        "  │⠀⠀⠀⠀⠉⠓⠦⣄⡀",
        "0 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠉⠓⠦⣄",
        "  └────────────",
        "   0         99",
    ]


def test_steps_are_joined() -> None:
    assert drawn([4.0] * 6 + [1.0] * 6) == [
        "4 ┤⠉⠉⠉⡇",
        "  │⠀⠀⠀⡇",
        "0 ┤⠀⠀⠀⠉⠉⠉",
        "  └──────",
        "   0   99",
    ]


def test_factors_are_equal_steps_on_a_logarithmic_axis() -> None:
    values = [1.0] * 8 + [0.1] * 8 + [0.01] * 8

    assert drawn(values, geometric=True) == [
        "   1 ┤⠉⠉⠉⠉⡇",
        "     │⠀⠀⠀⠀⠓⠒⠒⠒⡆",
        "0.01 ┤⠀⠀⠀⠀⠀⠀⠀⠀⣇⣀⣀⣀",
        "     └────────────",
        "      0logarithmic99",
    ]


def test_small_factors_need_no_logarithm() -> None:
    assert drawn([1.0, 0.5], geometric=True)[2].startswith("0 ┤")


@pytest.mark.parametrize("value", [0.5, 0.0])
def test_constant(value: float) -> None:
    lines = drawn([value] * 6)

    assert lines[0] == f"{value:g} ┤⠉⠉⠉" if value else lines[0]
    assert len(lines) == 5


def test_what_is_no_number_is_left_out() -> None:
    assert drawn([1.0, 1.0, math.nan, math.inf, 0.0, 0.0])[:3] == ["1 ┤⠉", "  │", "0 ┤⠀⠀⣀"]


def test_without_any_number_there_is_no_curve() -> None:
    assert drawn([math.nan, math.nan])[:3] == ["0 ┤", "  │", "0 ┤"]
