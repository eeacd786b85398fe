"""Pictures of curves, by matplotlib. Torch-free."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.report.curves import Curve, Curves, is_score
from protonet.source import readable
from protonet.weights.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg", ".pdf")
WIDTH, ROW_HEIGHT, DOTS_PER_INCH = 8.0, 3.2, 120
"""Of a picture, in inches."""
LARGEST_RATIO = 50
"""Losses and rates that differ by more are drawn on a logarithmic axis."""


class Line(NamedTuple):
    """A curve with how it is drawn."""

    curve: Curve
    label: str
    colour: str
    thin: bool = False


class Panel(NamedTuple):
    """Curves that share an axis."""

    title: str
    lines: tuple[Line, ...]


def plot(runs: Sequence[Curves], path: str | Path) -> None:
    """Draw the curves of one run or of several: losses, scores, and the rate, one below the other.

    Args:
        runs: Several are told apart by colour; TEST is thick, TRAIN thin.
        path: ``.png``, ``.svg`` or ``.pdf``.

    Raises:
        DiagnosticError: PN682, matplotlib is not installed; PN683, the name says no form of
            picture; PN408, the file cannot be written.
    """
    shown = [panel for panel in panels(runs) if panel.lines]
    with page(path, len(shown)) as axes:
        for panel, ax in zip(shown, axes, strict=True):
            _draw(panel, ax)
        axes[-1].set_xlabel("iteration")


@contextmanager
def page(path: str | Path, rows: int, *, shared: bool = True) -> "Generator[list[Axes]]":
    """Give axes one below the other; then write them.

    Args:
        path: As for ``plot``.
        rows: How many.
        shared: They have the horizontal axis in common.

    Raises:
        DiagnosticError: As for ``plot``.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise _fault(
            "PN683",
            f"`{path}` does not say what form the plot has",
            f"end it in {', '.join(SUFFIXES)}",
        )
    try:
        # Not pyplot, which would look for a screen.
        from matplotlib import figure as pages  # noqa: PLC0415 # it takes half a second
    except ImportError:
        message = "a plot needs matplotlib, which is not installed"
        raise _fault("PN682", message, 'install it: pip install "protonet[plot]"') from None
    size = (WIDTH, ROW_HEIGHT * rows)
    figure = pages.Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
    yield list(figure.subplots(rows, 1, sharex=shared, squeeze=False)[:, 0])
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:].lower())


def panels(runs: Sequence[Curves]) -> tuple[Panel, ...]:
    """Return what is drawn: losses, scores and rates of all runs."""
    found: dict[str, list[Line]] = {"loss": [], "score": [], "rate": []}
    for number, run in enumerate(runs):
        # One run has a colour a curve, several have a colour each.
        colour, label = (f"C{number}", f"{Path(run.name).name} ") if len(runs) > 1 else ("", "")
        found["loss"].append(Line(run.loss, f"{label}train loss", colour, thin=True))
        found["rate"].append(Line(run.rate, f"{label}rate", colour))
        for blob, curve in run.train.items():
            if is_score(blob):
                found["score"].append(Line(curve, f"{label}train {blob}", colour, thin=True))
        for blob, curve in run.test.items():
            title = "score" if is_score(blob) else "loss"
            found[title].append(Line(curve, f"{label}test {blob}", colour))
    return tuple(
        Panel(title, tuple(line for line in lines if line.curve)) for title, lines in found.items()
    )


def _draw(panel: Panel, ax: "Axes") -> None:
    for line in panel.lines:
        (drawn,) = ax.plot(line.curve.its, line.curve.values, label=readable(line.label))
        drawn.set_linewidth(1.0 if line.thin else 1.8)
        drawn.set_alpha(0.6 if line.thin else 1.0)
        if line.colour:
            drawn.set_color(line.colour)
    values = [value for line in panel.lines for value in line.curve.finite.values]
    if panel.title != "score" and values and 0 < LARGEST_RATIO * min(values) < max(values):
        ax.set_yscale("log")
    ax.set_ylabel(panel.title)
    ax.grid(visible=True, alpha=0.3)
    ax.legend(fontsize="small")


def _fault(code: str, message: str, help_: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(code, message, help=help_)])
