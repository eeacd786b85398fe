"""The allocator's settings are a process's; they are tried in one of their own."""

import subprocess
import sys

import pytest

from protonet.cli import _allocator
from tests.cli.files import ENVIRONMENT

SCRIPT = """
from protonet.cli._allocator import keep_freed_memory
print(keep_freed_memory())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_glibc_takes_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        check=True,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
    )

    assert done.stdout == "True\n"


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not _allocator.keep_freed_memory()


def test_a_libc_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Musl:
        def __init__(self, name: None) -> None:
            """As ctypes.CDLL."""

    monkeypatch.setattr(_allocator.ctypes, "CDLL", Musl)

    assert not _allocator.keep_freed_memory()
