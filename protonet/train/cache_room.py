"""Where features may be kept, and how much of them."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protonet.spec.solver import CacheMode, SolverParameter
from protonet.train.cache_files import SUFFIX, FeatureFile, NoRoomError, create_file, open_file
from protonet.train.cache_rows import Column, Rows, Table

SHARE = 0.5
"""Of the memory or the disk that is free."""
ON_DISK = 16 * 2**30
"""Bytes of features on disk, of all runs together, unless `cache_limit` says another number."""


@dataclass
class Room:
    """The room that the nets of a solver share.

    Attributes:
        mode: What the solver says.
        folder: Where files go.
        limit: What the solver says; 0 if nothing.
        memory: Bytes that are left to this process.
    """

    mode: CacheMode
    folder: Path
    limit: int
    memory: int

    @classmethod
    def of(cls, solver: SolverParameter, processes: int = 1) -> "Room":
        """Return the room of a process, of several on this machine."""
        memory = solver.cache_limit or int(SHARE * free_memory())
        folder = Path(solver.cache_dir) if solver.cache_dir else default_folder()
        return cls(solver.cache_frozen, folder, solver.cache_limit, memory // processes)

    @property
    def disk(self) -> int:
        """Bytes that all files may have."""
        return self.limit or ON_DISK

    def choose(self, key: str, number: int, size: int) -> Path | None:
        """Say where the features of a net go: a file, or memory (None).

        Args:
            key: What they depend on.
            number: Of samples.
            size: Bytes of all of them.

        Raises:
            NoRoomError: Nowhere.
        """
        path = self.folder / f"{key}{SUFFIX}"
        if self.mode is not CacheMode.RAM and open_file(path, number) is not None:
            return path
        rooms: list[str] = []
        if self.mode is not CacheMode.DISK:
            if size <= self.memory:
                self.memory -= size
                return None
            rooms.append(f"{self.memory:,} in memory")
        if self.mode is not CacheMode.RAM:
            free = self.limit or min(ON_DISK, int(SHARE * free_disk(self.folder)))
            if size <= free:
                return path
            rooms.append(f"{free:,} in `{self.folder}`")
        raise NoRoomError(f"they take {size:,} bytes, and there is room for {', '.join(rooms)}")

    def rows(
        self, path: Path | None, columns: Sequence[Column], number: int, about: object
    ) -> Rows:
        """Return empty rows, or those of a file that another process has made.

        Raises:
            NoRoomError: The file cannot be made.
        """
        if path is None:
            return Table.in_memory(columns, number)
        return create_file(path, columns, number, limit=self.disk, about=about)


def existing(path: Path | None, number: int) -> FeatureFile | None:
    """Return the features that an earlier run has left, if there are any."""
    return None if path is None else open_file(path, number)


def default_folder() -> Path:
    """Return where a user's programs keep what they can make again."""
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "protonet" / "features"


def free_memory(machine: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the bytes of memory that programs can still have.

    Args:
        machine: What Linux says of the machine.
        group: What it says of a container.
    """
    try:
        free = 1024 * _number(machine, "MemAvailable:")
    except (OSError, StopIteration):  # not on Linux
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        most, used = (int((group / f"memory.{n}").read_text()) for n in ("max", "current"))
        return min(free, most - used + _number(group / "memory.stat", "inactive_file"))
    except (OSError, StopIteration, ValueError):  # no container, or one without a limit
        return free


def _number(path: Path, name: str) -> int:
    lines = path.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def free_disk(folder: Path) -> int:
    """Return the bytes that are free where a folder is or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
