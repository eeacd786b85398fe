"""``protonet fmt``."""

from pathlib import Path

import pytest

from tests.cli.files import NET, protonet

UGLY = "name : 'a' # why\n  layer{name:'b'}"
FINE = 'name: "a"  # why\nlayer { name: "b" }\n'


@pytest.fixture
def ugly() -> Path:
    path = Path("ugly.prototxt")
    path.write_text(UGLY, encoding="utf-8")
    return path


def test_prints_the_canonical_text(ugly: Path) -> None:
    done = protonet("fmt", str(ugly))

    assert (done.exit_code, done.stdout) == (0, FINE)
    assert ugly.read_text(encoding="utf-8") == UGLY


def test_writes_in_place_only_what_changes(ugly: Path) -> None:
    before = Path("net.prototxt").stat().st_mtime_ns

    done = protonet("fmt", "--in-place", str(ugly), "net.prototxt")

    assert (done.exit_code, done.output) == (0, "")
    assert ugly.read_text(encoding="utf-8") == FINE
    assert Path("net.prototxt").stat().st_mtime_ns == before


def test_check_tells_what_would_change(ugly: Path) -> None:
    done = protonet("fmt", "--check", str(ugly), "net.prototxt")

    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "ugly.prototxt: would change\n")
    assert ugly.read_text(encoding="utf-8") == UGLY


def test_check_of_canonical_files_is_silent() -> None:
    done = protonet("fmt", "--check", "net.prototxt")

    assert (done.exit_code, done.output) == (0, "")


def test_bytes_that_are_no_utf8_are_escaped() -> None:
    Path("latin.prototxt").write_bytes(b'name: "caf\xe9"  # caf\xe9\n')

    done = protonet("fmt", "latin.prototxt")

    assert done.stdout_bytes == b'name: "caf\\351"  # caf\xe9\n'


def test_the_net_of_these_tests_is_canonical() -> None:
    assert protonet("fmt", "net.prototxt").stdout == NET


def test_writing_and_only_checking_exclude_each_other() -> None:
    done = protonet("fmt", "--in-place", "--check", "net.prototxt")

    assert (done.exit_code, "not both" in done.stderr) == (2, True)
