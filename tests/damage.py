"""Damage as disks, networks and hostile people do it, and what it may cost to meet it."""

import random
import resource
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from protonet.diagnostics import Diagnostic, DiagnosticError

FILES = 250
"""Damaged files a format and run; there are 11 formats."""
SECONDS = 20.0
"""For one file, on a machine that is busy with other things."""
MEMORY = 300 * 2**20
"""Bytes by which a process may have grown after all files of a format."""


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A bit flipped, a byte changed, bytes cut out, doubled, or put in; one to three times."""
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(data)), chance.randint(1, 16)
        match chance.randrange(5):
            case 0:
                data = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            case 1:
                data = data[:at] + chance.randbytes(1) + data[at + 1 :]
            case 2:
                data = data[:at] + data[at + length :]
            case 3:
                data = data[:at] + data[at : at + length] + data[at:]
            case _:
                data = data[:at] + chance.randbytes(length) + data[at:]
    return data


def pieces(data: bytes) -> Iterator[bytes]:
    """Yield some of the damaged forms of a file, always the same; a few are cut short."""
    chance = random.Random(1701)
    yield b""
    for _ in range(FILES // 5):
        yield data[: chance.randrange(len(data))]
    for _ in range(FILES - FILES // 5 - 1):
        yield damaged(data, chance)


def faults_of(work: Callable[[], object]) -> tuple[Diagnostic, ...]:
    """Return what is wrong, as diagnostics; any other exception is a fault of ours."""
    before = time.monotonic()
    try:
        work()
    except DiagnosticError as error:
        return error.diagnostics
    finally:
        assert time.monotonic() - before < SECONDS
    return ()


@contextmanager
def little_memory() -> Generator[None]:
    """Hold against what is done inside that memory for it has grown."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < MEMORY
