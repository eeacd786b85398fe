"""How this process's memory allocator treats big blocks."""

import ctypes
import sys

_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_MOST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Tell glibc to keep what is freed, and return whether it could be told.

    torch's CPU tensors are malloc and free. glibc maps every big one afresh and faults its pages
    in again at each iteration, which can cost as much as the arithmetic (docs/performance.md). It
    is the whole process's setting, so commands make it, and ``import protonet`` does not.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    try:  # musl has no mallopt
        mallopt = libc.mallopt
    except AttributeError:
        return False
    return bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, _MOST))
