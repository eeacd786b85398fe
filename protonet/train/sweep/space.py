"""What a sweep varies: ``--set`` with several values. Torch-free.

    base_lr=0.1,0.01                these values
    stepvalue=[100,200],[300,400]   these lists
    momentum=lin:0.8..0.99          any number between
    weight_decay=log:1e-6..1e-2     the same, evenly in the exponent
    iter_size=int:1..4              any whole number
    weight_decay=log:1e-6..1e-2:5   five of them, for a grid

A value is kept as text, which `spec/override` puts into a file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.spec.override import setting

MOST_WHOLE_NUMBERS = 1000
"""Of a range of whole numbers that a grid goes through."""

Scale: TypeAlias = Literal["lin", "log", "int"]

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(
    rf"(?P<scale>lin|log|int):(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})(?::(?P<points>\d+))?"
)
_PIECE = re.compile(r"\[[^\]]*\]|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|.", re.DOTALL)
_FORMS = "write `base_lr=0.1,0.01`, `lin:0.8..0.99`, `log:1e-6..1e-2`, or `int:1..4`"


@dataclass(frozen=True, slots=True)
class Choices:
    """A field with a list of values; one alone does not vary.

    Attributes:
        path: What is set, as in ``--set``.
        values: The text of each value.
    """

    path: str
    values: tuple[str, ...]

    def grid(self) -> tuple[str, ...]:
        """Return all values."""
        return self.values

    def at(self, share: float) -> str:
        """Return the value that lies at a share, from 0 to below 1, of the way through them."""
        return self.values[int(share * len(self.values))]


@dataclass(frozen=True, slots=True)
class Range:
    """A field with any number between two.

    Attributes:
        path: What is set, as in ``--set``.
        low: The least one.
        high: The largest one.
        scale: Evenly in the number, in its logarithm, or over whole numbers.
        points: How many a grid takes; 0 if that was not said.
    """

    path: str
    low: float
    high: float
    scale: Scale
    points: int = 0

    def grid(self) -> tuple[str, ...]:
        """Return as many as ``points``, both ends among them; without, all whole numbers.

        Raises:
            DiagnosticError: PN694, it has no end of numbers.
        """
        if self.points:
            shares = (at / max(1, self.points - 1) for at in range(self.points))
            return tuple(dict.fromkeys(map(self._between, shares)))
        if self.scale != "int" or self.high - self.low >= MOST_WHOLE_NUMBERS:
            raise DiagnosticError([_endless(self)])
        return tuple(map(str, range(int(self.low), int(self.high) + 1)))

    def at(self, share: float) -> str:
        """Return the number at a share, from 0 to below 1, of the way."""
        if self.scale == "int":
            return str(int(self.low) + int(share * (self.high - self.low + 1)))
        return self._between(share)

    def _between(self, share: float) -> str:
        if self.scale == "log":
            return text(self.low * (self.high / self.low) ** share)
        number = self.low + share * (self.high - self.low)
        return str(round(number)) if self.scale == "int" else text(number)


Axis: TypeAlias = Choices | Range


def text(number: float) -> str:
    """Return a number as it is set: six digits tell trials apart well enough."""
    return f"{number:.6g}"


def axes(settings: Sequence[str]) -> tuple[Axis, ...]:
    """Read the values of ``--set``; those with one value are among them.

    Raises:
        DiagnosticError: PN023, one is no override; PN693, its values are of none of the forms, or
            a field is set twice.
    """
    found: list[Axis] = []
    problems: list[Diagnostic] = []
    for one in settings:
        given = setting(one)
        try:
            found.append(_axis(given.path, given.value))
        except ValueError as error:
            problems.append(Diagnostic("PN693", f"`{one}`: {error}", help=_FORMS))
    paths = [axis.path for axis in found]
    for path in dict.fromkeys(path for path in paths if paths.count(path) > 1):
        help_ = f"write all values in one: `{path}=A,B`"
        problems.append(Diagnostic("PN693", f"`{path}` is set twice", help=help_))
    if problems:
        raise DiagnosticError(problems)
    return tuple(found)


def varied(of: Sequence[Axis]) -> tuple[Axis, ...]:
    """Return the axes that have more than one value."""
    return tuple(axis for axis in of if isinstance(axis, Range) or len(axis.values) > 1)


def kind_of(of: Sequence[Axis], asked: str | None) -> str:
    """Return how to search: as asked, else through all combinations, or at random without an end.

    Raises:
        DiagnosticError: PN694, nothing varies.
    """
    if not varied(of):
        message = "nothing varies: no `--set` has several values"
        raise DiagnosticError([Diagnostic("PN694", message, help=_FORMS)])
    ends = all(isinstance(axis, Choices) or axis.points for axis in of)
    return asked or ("grid" if ends else "random")


def _axis(path: str, value: str) -> Axis:
    if value.startswith(("lin:", "log:", "int:")):
        return _range(path, value)
    values = [one.strip() for one in _listed(value)]
    if "" in values:
        raise ValueError("a value between commas is missing")
    return Choices(path, tuple(dict.fromkeys(values)))


def _listed(value: str) -> list[str]:
    """Return what stands between commas; those in brackets or quotes are none."""
    found = [""]
    for piece in _PIECE.findall(value):
        if piece == ",":
            found.append("")
        else:
            found[-1] += piece
    return found


def _range(path: str, value: str) -> Range:
    found = _RANGE.fullmatch(value)
    if found is None:
        raise ValueError("it is not a range")
    scale = cast(Scale, found["scale"])  # the pattern allows no other
    low, high = float(found["low"]), float(found["high"])
    if not low < high < float("inf"):
        raise ValueError(f"{low:g} is not less than {high:g}")
    if scale == "log" and low <= 0:
        raise ValueError("a logarithmic range is above 0")
    if scale == "int" and not (low.is_integer() and high.is_integer()):
        raise ValueError("its ends are not whole numbers")
    return Range(path, low, high, scale, int(found["points"] or 0))


def _endless(axis: Range) -> Diagnostic:
    ends = f"{axis.scale}:{text(axis.low)}..{text(axis.high)}"
    return Diagnostic(
        "PN694",
        f"a grid cannot go through `{axis.path}={ends}`: there are too many numbers",
        help=f"say how many: `{ends}:5`, or search with `--search random`",
    )
