"""Files that are there whole or not at all, whatever happens while they are written."""

import errno
import os
import re
import shutil
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.weights import faults


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Give the name of a temporary file; when the block ends well, it takes the place of ``path``.

    The temporary file stands in the same folder, as ``.NAME.PID.tmp``. It is forced to the disk
    before it is renamed, and the folder after, so that even a loss of power leaves the old file or
    the new one. A device or a pipe is not replaced: who may do so would lose ``/dev/null``.

    Raises:
        DiagnosticError: PN408, the file cannot be written; the old one is untouched.
    """
    temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        _refuse_device(path)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        raise faults.unwritable(path, error) from None
    except UnicodeEncodeError as error:
        raise faults.unnamable(path, error) from None
    finally:
        with suppress(OSError):  # its folder may be none
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_all(paths: Sequence[Path]) -> Generator[Path]:
    """Give a folder to write files in that belong together; when the block ends well, they move.

    All are written before any takes its place, so that a full disk leaves the old ones. The last
    of them tells that the others are there: it goes first and comes last, and without it they are
    none.

    Args:
        paths: Where they go, all into one folder.

    Raises:
        DiagnosticError: PN408, a file cannot be written.
    """
    target, last = paths[0].parent, paths[-1]
    folder = target / f".{paths[0].name}.{os.getpid()}.tmp"
    try:
        folder.mkdir()
        yield folder
        last.unlink(missing_ok=True)
        for path in paths:
            sync(target)
            (folder / path.name).replace(path)
        sync(target)
    except OSError as error:
        raise faults.unwritable(paths[0], error) from None
    except DiagnosticError as error:
        raise DiagnosticError(_moved(error, folder, target)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _moved(error: DiagnosticError, folder: Path, target: Path) -> Iterator[Diagnostic]:
    """Yield problems in the words of who knows where the files go."""
    prefix = "" if target == Path() else f"{target}{os.sep}"
    for problem in error.diagnostics:
        texts = (problem.message, problem.file)
        message, file = (text.replace(f"{folder}{os.sep}", prefix) for text in texts)
        yield replace(problem, message=message, file=file)


def remove_stale(begin: Path) -> list[Path]:
    """Remove what a process that was killed left behind while it wrote files of a prefix.

    Args:
        begin: What the names of the files begin with.

    Returns:
        What was removed.
    """
    pattern = re.compile(rf"\.{re.escape(begin.name)}.*\.(\d+)\.tmp", re.DOTALL)
    removed: list[Path] = []
    for path in begin.parent.iterdir() if begin.parent.is_dir() else ():
        found = pattern.fullmatch(path.name)
        if found and not _is_running(int(found[1])):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            removed.append(path)
    return removed


def _is_running(process: int) -> bool:
    """Tell whether another process of this machine has that id."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def _refuse_device(path: Path) -> None:
    with suppress(FileNotFoundError):
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # renaming onto a folder fails by itself
            raise OSError(errno.EINVAL, "a device or a pipe, not a file")


def sync(path: Path) -> None:
    """Force a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
