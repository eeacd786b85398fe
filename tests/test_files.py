"""Where files are looked for."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.files import find, read, shipped, shipped_names, shipped_root

NET = "zoo/lenet/deploy.prototxt"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def message(name: str) -> tuple[str, str, str]:
    with pytest.raises(DiagnosticError) as caught:
        read(name)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message, diagnostic.help


def test_a_shipped_file_is_found_from_any_folder() -> None:
    assert find(NET) == shipped(NET) == shipped_root() / NET


def test_the_working_directory_comes_first_then_the_file_that_names_it(tmp_path: Path) -> None:
    solver = tmp_path / "there" / "solver.prototxt"
    beside = solver.parent / NET
    beside.parent.mkdir(parents=True)
    beside.touch()

    assert find(NET, solver.parent) == beside

    Path(NET).parent.mkdir(parents=True)
    Path(NET).touch()

    assert find(NET, solver.parent) == Path(NET)


@pytest.mark.parametrize("name", ["no/such", "zoo/none", "/zoo", "zoo/\0", "zoo/" + "x" * 5000])
def test_what_is_nowhere_is_not_found(name: str) -> None:
    assert (shipped(name), find(name, Path("a/b"))) == (None, None)


def test_a_file_that_is_read_keeps_its_path() -> None:
    Path("a.prototxt").write_text('name: "n"', encoding="utf-8")

    assert (read("a.prototxt").text, read("a.prototxt").path) == ('name: "n"', Path("a.prototxt"))


def test_a_missing_file_is_a_diagnostic_that_knows_a_similar_name() -> None:
    Path("trainval.prototxt").touch()

    assert message("train_val.prototxt") == (
        "PN021",
        "cannot read `train_val.prototxt`: no such file or directory",
        "did you mean `trainval.prototxt`?",
    )
    assert message("zoo/lnet/deploy.prototxt")[2] == f"did you mean `{NET}`?"
    assert message("nothing alike")[2] == ""


def test_a_folder_cannot_be_read() -> None:
    Path("folder").mkdir()

    assert message("folder")[:2] == ("PN021", "cannot read `folder`: is a directory")


def test_all_nets_and_solvers_that_ship_are_listed() -> None:
    names = list(shipped_names())

    assert names == sorted(names)
    assert {NET, "solvers/lenet_digits.prototxt"} <= set(names)
