import sys

import pytest

from protonet.report import counting as module
from protonet.report.counting import counting


def test_lines_are_written_now_and_then_where_output_is_piped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with counting(3000, "images") as progress:
        progress(1)
        monkeypatch.setattr(module, "SECONDS", 0.0)
        progress(1999)

    assert capsys.readouterr().err == "2,000 of 3,000 images\n"


def test_a_terminal_has_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with counting(4, "images") as progress:
        progress(4)

    shown = capsys.readouterr().err
    assert ("images" in shown, "100%" in shown) == (True, True)
