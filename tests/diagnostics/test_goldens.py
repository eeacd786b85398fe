"""Every diagnostic, as a person sees it."""

from pathlib import Path

import pytest

from tests.diagnostics.golden import CASES, FOLDER, printed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_is_printed_is_the_golden(case: Path) -> None:
    assert printed(case) == case.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_golden_shows_its_code(case: Path) -> None:
    assert f"[{case.name[:5]}]" in case.with_suffix(".txt").read_text(encoding="utf-8")


def test_no_golden_is_without_its_case() -> None:
    assert {text.stem for text in FOLDER.glob("PN*.txt")} == {case.stem for case in CASES}
