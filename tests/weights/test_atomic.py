import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.weights.atomic import remove_stale, replacing, replacing_all

WRITER = """
import sys
from pathlib import Path
from protonet.weights.atomic import remove_stale, replacing, replacing_all
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the new o")
    print("written", flush=True)
    sys.stdin.read()
"""


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"

    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    with pytest.raises(KeyError):
        _begin(path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _begin(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("new")
        raise KeyError


def test_a_name_that_the_format_cannot_hold_is_a_diagnostic(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    with pytest.raises(DiagnosticError) as caught:
        _write(path, "first\nnet caf\udce9\nlast \udcff\n")

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "PN408",
        f"cannot write `{path}`: it would hold `net caf\ufffd`, which is not UTF-8",
    )
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_a_diagnostic(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "a.txt"

    with pytest.raises(DiagnosticError) as caught:
        _write(path, "new")

    assert str(caught.value) == (
        f"error[PN408]: cannot write `{path}`: no such file or directory\n --> {path}"
    )


def test_a_file_in_the_place_of_the_folder_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DiagnosticError, match=r"PN408.*not a directory"):
        _write(tmp_path / "file" / "a.txt", "new")


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_folder_is_not_replaced(name: str) -> None:
    with pytest.raises(DiagnosticError, match="PN408"):
        _write(Path(name), "new")


def test_a_device_or_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(DiagnosticError, match=r"PN408.*: a device or a pipe, not a file"):
        _write(pipe, "new")

    assert list(tmp_path.iterdir()) == [pipe]
    assert pipe.is_fifo()


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        os.kill(writer.pid, signal.SIGKILL)

    assert path.read_text() == "old"


def together(folder: Path) -> list[Path]:
    return [folder / "run.weights", folder / "run.state"]


def test_files_that_belong_together_come_together(tmp_path: Path) -> None:
    paths = together(tmp_path)
    paths[1].write_text("old")
    with replacing_all(paths) as folder:
        for path in paths:
            (folder / path.name).write_text("new")
        assert [paths[0].exists(), paths[1].read_text()] == [False, "old"]

    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert [path.read_text() for path in paths] == ["new", "new"]


def test_of_files_that_belong_together_none_comes_if_one_cannot_be_written(tmp_path: Path) -> None:
    paths = together(tmp_path)
    paths[1].write_text("old")
    with pytest.raises(DiagnosticError) as caught:
        _write_half(paths)

    assert [d.message for d in caught.value.diagnostics] == [
        f"cannot write `{tmp_path}/nowhere/run.state`: no such file or directory"
    ]
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("run.state", "old")]


def _write_half(paths: list[Path]) -> None:
    with replacing_all(paths) as folder:
        (folder / paths[0].name).write_text("new")
        _write(folder / "nowhere" / "run.state", "new")


def test_a_folder_that_cannot_be_made_is_a_diagnostic(tmp_path: Path) -> None:
    paths = together(tmp_path / "nowhere")
    with pytest.raises(DiagnosticError, match="PN408"), replacing_all(paths):
        pass


def test_what_another_user_writes_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(process: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", kill)
    (tmp_path / f".run.state.{os.getppid()}.tmp").touch()

    assert remove_stale(tmp_path / "run") == []
    assert remove_stale(tmp_path / "nowhere" / "run") == []
