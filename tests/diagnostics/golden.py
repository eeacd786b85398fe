"""What protonet prints of a faulty file, whole: ``PN101-unknown-field.prototxt`` and ``.txt``.

The first line of a case may say what is run; without one it is ``protonet check FILE``:

    # run: protonet show --phase TRAIN FILE
    # python: protonet.Net(FILE)

Each case runs in a folder of its own that holds the case and the files (``files.py``) that it
names, as on a machine without CUDA, plyvel, onnxscript, optuna, graphviz and a C++ compiler.

    python -m tests.diagnostics.golden      writes the .txt files anew
"""

import re
import shlex
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from click.testing import CliRunner

import protonet
from protonet.cli import main as command
from protonet.train import distributed
from protonet.train.events import Event, Warned
from tests.diagnostics.files import MAKERS

FOLDER = Path(__file__).parent
CASES = tuple(sorted(FOLDER.glob("PN*.prototxt")))

_RUN = "# run: protonet "
_PYTHON = "# python: "


def printed(case: Path) -> str:
    """Return what a case writes to stderr, less its log."""
    first = case.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    with _prepared(case):
        if first.startswith(_PYTHON):
            return _told(first.removeprefix(_PYTHON), case.name)
        line = first.removeprefix(_RUN) if first.startswith(_RUN) else "check FILE"
        words = [case.name if word == "FILE" else word for word in shlex.split(line)]
        done = CliRunner().invoke(command, words, prog_name="protonet")
    # Caffe's log lines hold the time; findings that were asked for are the output itself.
    told = re.sub(r"^I\d{4} .*\n", "", done.stderr, flags=re.MULTILINE)
    return told or done.stdout


@contextmanager
def _prepared(case: Path) -> Generator[None]:
    with TemporaryDirectory() as folder, chdir(folder), pytest.MonkeyPatch.context() as machine:
        shutil.copy(case, folder)
        text = case.read_text(encoding="utf-8", errors="replace")
        for name, make in MAKERS.items():
            if name in text:
                make(Path(name))
        for extra in ("plyvel", "matplotlib", "onnxscript", "optuna"):
            machine.setitem(sys.modules, extra, None)
        if "no-tensorboard" in case.name:
            machine.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
        machine.setenv("PATH", "bin")
        machine.setattr(torch.cuda, "is_available", lambda: False)
        machine.setattr(torch, "compile", _without_compiler)
        yield


def _without_compiler(_: object) -> Callable[..., None]:
    def compiled(*_: object) -> None:
        raise RuntimeError("InvalidCxxCompiler: No working C++ compiler found")

    return compiled


def _told(expression: str, file: str) -> str:
    """Return what an expression raises, and the warnings of a solver that `warn` listens to."""
    told: list[str] = []

    def warn(event: Event) -> None:
        if isinstance(event, Warned):
            told.append(event.diagnostic.render())

    try:
        names = {"protonet": protonet, "FILE": file, "warn": warn, "distributed": distributed}
        eval(expression, names)  # a case of ours
    except protonet.DiagnosticError as error:
        told.append(str(error))
    return "".join(f"{text}\n" for text in told)


def main() -> None:
    """Write every golden."""
    for case in CASES:
        case.with_suffix(".txt").write_text(printed(case), encoding="utf-8")


if __name__ == "__main__":
    main()
