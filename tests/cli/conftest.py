"""Every command runs in a folder of its own that holds a small net and its solver."""

from pathlib import Path

import pytest

from tests.cli.files import write


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path
