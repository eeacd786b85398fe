"""Folders that are there whole or not at all: while one is made it has another name."""

import fcntl
import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.weights.atomic import sync
from protonet.weights.faults import unwritable

ENDING = ".unfinished"
"""Of the folder's name while it is made."""

PLAN = "protonet.json"
"""In the folder while it is made: what it will be. Nothing that makes something else goes on."""


@contextmanager
def unfinished(out: Path, plan: Mapping[str, object], *, restart: bool = False) -> Generator[Path]:
    """Give a folder to fill; when the block ends well, it gets its name.

    What a process that was killed has left is given again, if the plan is the same.

    Args:
        out: The name.
        plan: What it will be.
        restart: Begin with an empty folder.

    Raises:
        DiagnosticError: PN540, it exists already, or another process makes it; PN545, what was left
            there was made by another plan; PN408, it cannot be written.
    """
    if out.exists():
        raise fault(
            Fault.OUTPUT, f"`{out}` already exists", help="remove it, or choose another name"
        )
    folder = out.parent / (out.name + ENDING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / PLAN).open("a+", encoding="utf-8") as file:
            _lock(file, out)
            _agree(file, folder, dict(plan), restart=restart)
            yield folder
            folder.rename(out)
            (out / PLAN).unlink()
            sync(out.parent)
    except OSError as error:
        raise unwritable(out, error) from None


def _lock(file: TextIO, out: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise fault(Fault.OUTPUT, f"another process makes `{out}`") from None


def _agree(file: TextIO, folder: Path, plan: Mapping[str, object], *, restart: bool) -> None:
    file.seek(0)
    text = file.read()
    left, plan = _read(text), json.loads(json.dumps(plan))
    if text and not restart and left == plan:
        return
    strange = not text and any(path.name != PLAN for path in folder.iterdir())
    if strange or (left and not restart):
        differing = [name for name, value in plan.items() if left.get(name) != value]
        raise fault(
            Fault.UNFINISHED,
            f"`{folder}` was begun with another {', '.join(differing)}",
            help="repeat the command that began it to resume, or start over with --restart",
            file=folder,
        )
    _clear(folder)
    file.truncate(0)
    json.dump(plan, file)
    file.flush()
    os.fsync(file.fileno())


def _read(text: str) -> Mapping[str, object]:
    """Return the plan that was left; none if its writer was killed while it wrote that."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != PLAN:
            path.unlink()
