"""Pictures of curves."""

import sys
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.report.curves import Curve, Curves
from protonet.report.plot import Line, Panel, panels, plot

LOSS = Curve((0, 10), (2.0, 0.01))
RATE = Curve((0, 10), (0.1, 0.1))
RUN = Curves(
    "a.log",
    loss=LOSS,
    rate=RATE,
    train={"accuracy": LOSS, "loss": LOSS},
    test={"accuracy": LOSS, "loss": LOSS},
)


def test_losses_scores_and_rates_have_a_panel_each() -> None:
    assert panels([RUN]) == (
        Panel("loss", (Line(LOSS, "train loss", "", True), Line(LOSS, "test loss", ""))),
        Panel("score", (Line(LOSS, "train accuracy", "", True), Line(LOSS, "test accuracy", ""))),
        Panel("rate", (Line(RATE, "rate", ""),)),
    )


def test_outputs_that_are_no_scores_are_drawn_of_the_test_only() -> None:
    loss, score, _ = panels([Curves("run", train={"loss": LOSS, "top-1": LOSS})])

    assert loss.lines == ()
    assert score.lines == (Line(LOSS, "train top-1", "", True),)


def test_several_runs_have_a_colour_each() -> None:
    loss, score, rate = panels([Curves("x/a.log", loss=LOSS), Curves("x/b.log", loss=LOSS)])

    assert loss.lines == (
        Line(LOSS, "a.log train loss", "C0", True),
        Line(LOSS, "b.log train loss", "C1", True),
    )
    assert (score.lines, rate.lines) == ((), ())


@pytest.mark.parametrize(
    ("name", "begins"), [("c.png", b"\x89PNG"), ("c.svg", b"<?xml"), ("c.pdf", b"%PDF")]
)
def test_the_name_says_the_form_of_the_picture(name: str, begins: bytes, tmp_path: Path) -> None:
    plot([RUN, RUN], tmp_path / name)

    assert (tmp_path / name).read_bytes().startswith(begins)


def test_names_may_be_no_utf8(tmp_path: Path) -> None:
    plot([Curves("caf\udce9.log", test={"caf\udce9": LOSS})], tmp_path / "c.svg")

    assert "<!-- test caf\ufffd -->" in (tmp_path / "c.svg").read_text(encoding="utf-8")


def test_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DiagnosticError, match=r"PN683.*c.jpeg` does not say what form the plot has"
    ):
        plot([RUN], tmp_path / "c.jpeg")


def test_without_matplotlib_there_are_no_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(DiagnosticError, match="PN682"):
        plot([RUN], tmp_path / "c.png")
