"""What a sweep varies."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.train.sweep.space import Choices, Range, axes, kind_of, varied


def problems(*settings: str) -> list[tuple[str, str]]:
    with pytest.raises(DiagnosticError) as caught:
        axes(settings)
    return [(problem.code, problem.message) for problem in caught.value.diagnostics]


def test_lists_and_ranges() -> None:
    assert axes(
        (
            "base_lr=0.1, 0.01,0.1",
            "stepvalue=[1,2],[3,4]",
            'snapshot_prefix="a,b"',
            "momentum=lin:0..0.9",
            "weight_decay=log:1e-6..1e-2:5",
            "iter_size=int:1..4",
        )
    ) == (
        Choices("base_lr", ("0.1", "0.01")),
        Choices("stepvalue", ("[1,2]", "[3,4]")),
        Choices("snapshot_prefix", ('"a,b"',)),
        Range("momentum", 0, 0.9, "lin"),
        Range("weight_decay", 1e-6, 1e-2, "log", 5),
        Range("iter_size", 1, 4, "int"),
    )


def test_one_value_does_not_vary() -> None:
    first, *others = axes(("display=1", "base_lr=1,2", "iter_size=int:1..4"))

    assert varied((first, *others)) == tuple(others)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("a=1,,2", "a value between commas is missing"),
        ("a=lin:0.1", "it is not a range"),
        ("a=log:a..b", "it is not a range"),
        ("a=lin:2..1", "2 is not less than 1"),
        ("a=log:0..1", "a logarithmic range is above 0"),
        ("a=int:0.5..2", "its ends are not whole numbers"),
    ],
)
def test_what_has_none_of_the_forms(given: str, reason: str) -> None:
    assert problems(given) == [("PN693", f"`{given}`: {reason}")]


def test_a_field_is_set_once() -> None:
    assert problems("a=1,2", "a=3") == [("PN693", "`a` is set twice")]


def test_a_grid_goes_from_end_to_end() -> None:
    assert Range("a", 1e-4, 1, "log", 3).grid() == ("0.0001", "0.01", "1")
    assert Range("a", 0, 1, "lin", 3).grid() == ("0", "0.5", "1")
    assert Range("a", 1, 3, "int").grid() == ("1", "2", "3")
    assert Range("a", 1, 3, "int", 9).grid() == ("1", "2", "3")
    assert Range("a", 2, 3, "lin", 1).grid() == ("2",)


def test_shares_of_a_range_and_of_a_list() -> None:
    assert [Range("a", 1, 4, "int").at(s) for s in (0, 0.25, 0.999)] == ["1", "2", "4"]
    assert Range("a", 1e-4, 1, "log").at(0.5) == "0.01"
    assert [Choices("a", ("x", "y")).at(s) for s in (0, 0.49, 0.5)] == ["x", "x", "y"]


@pytest.mark.parametrize("axis", [Range("a", 0, 1, "lin"), Range("a", 0, 5000, "int")])
def test_a_grid_has_an_end(axis: Range) -> None:
    with pytest.raises(DiagnosticError, match="PN694"):
        axis.grid()


def test_how_to_search_if_nobody_says() -> None:
    assert kind_of(axes(("a=1,2", "b=log:1..2:3")), None) == "grid"
    assert kind_of(axes(("a=1,2", "b=log:1..2")), None) == "random"
    assert kind_of(axes(("a=1,2",)), "tpe") == "tpe"
    with pytest.raises(DiagnosticError, match="nothing varies"):
        kind_of(axes(("a=1",)), None)
