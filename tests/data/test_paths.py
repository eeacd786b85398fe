from pathlib import Path

import pytest

from protonet.data.paths import resolve


def test_the_working_directory_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "nets"
    base.mkdir()
    (tmp_path / "list.txt").touch()
    (base / "list.txt").touch()
    monkeypatch.chdir(tmp_path)

    assert resolve("list.txt", base) == Path("list.txt")


def test_then_the_folder_of_the_prototxt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "nets"
    base.mkdir()
    (base / "list.txt").touch()
    monkeypatch.chdir(tmp_path)

    assert resolve("list.txt", base) == base / "list.txt"


@pytest.mark.parametrize("name", ["gone.txt", "nul\0", "x" * 5000])
def test_what_is_nowhere_stays_as_named(name: str, tmp_path: Path) -> None:
    assert resolve(name, tmp_path) == Path(name)
    assert resolve(name) == Path(name)
