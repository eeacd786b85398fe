import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from protonet.data.sources.leveldb import LevelDB
from protonet.diagnostics import DiagnosticError


class StandIn(ModuleType):
    """What plyvel does, on one dictionary; opening a path twice fails as LevelDB does."""

    class Error(Exception):
        pass

    class DB:
        opened: ClassVar[set[str]] = set()

        def __init__(self, name: str, *, create_if_missing: bool) -> None:
            assert not create_if_missing
            if name in self.opened:
                raise StandIn.Error("lock is held")
            self.opened.add(name)
            self._items = {b"a": b"1", b"b": b"2"} if "empty" not in name else {}

        def get(self, key: bytes) -> bytes | None:
            return self._items.get(key)

        def iterator(self, *, include_value: bool = True) -> Iterator[bytes | tuple[bytes, bytes]]:
            return iter(sorted(self._items.items()) if include_value else sorted(self._items))


@pytest.fixture
def _plyvel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plyvel", StandIn("plyvel"))


@pytest.mark.usefixtures("_plyvel")
def test_records_come_in_order_of_keys(tmp_path: Path) -> None:
    database = LevelDB(tmp_path)

    assert database.first() == (b"a", b"1")
    assert database.keys() == [b"a", b"b"]
    assert [bytes(value) for value in database.values([b"b", b"a"])] == [b"2", b"1"]


@pytest.mark.usefixtures("_plyvel")
def test_one_database_may_be_opened_twice(tmp_path: Path) -> None:
    train, test = LevelDB(tmp_path), LevelDB(tmp_path / "x" / "..")

    assert train.first() == test.first()


@pytest.mark.usefixtures("_plyvel")
def test_an_empty_one_has_no_first_record(tmp_path: Path) -> None:
    assert LevelDB(tmp_path / "empty").first() is None


@pytest.mark.usefixtures("_plyvel")
def test_what_leveldb_refuses_is_a_diagnostic(tmp_path: Path) -> None:
    StandIn.DB.opened.add(str(tmp_path))

    with pytest.raises(DiagnosticError, match=r"PN503.*cannot open the LevelDB .*: lock is held"):
        LevelDB(tmp_path)


def test_without_plyvel_the_install_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plyvel", None)

    with pytest.raises(DiagnosticError) as raised:
        LevelDB(tmp_path)

    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "PN502",
        f"reading the LevelDB `{tmp_path}` needs plyvel, which is not installed",
        'run `pip install "protonet[leveldb]"`; if it is an LMDB, say `backend: LMDB`',
    )


def test_real_leveldb(tmp_path: Path) -> None:
    plyvel = pytest.importorskip("plyvel")
    writer = plyvel.DB(str(tmp_path / "db"), create_if_missing=True)
    writer.put(b"b", b"2")
    writer.put(b"a", b"1")
    writer.close()

    database = LevelDB(tmp_path / "db")

    assert database.first() == (b"a", b"1")
    assert [bytes(value) for value in database.values(database.keys())] == [b"1", b"2"]


def test_a_file_that_is_cut_short_is_found_when_it_is_read(tmp_path: Path) -> None:
    plyvel = pytest.importorskip("plyvel")
    path = tmp_path / "real"
    written = plyvel.DB(str(path), create_if_missing=True, write_buffer_size=4096)
    for index in range(40):
        written.put(b"%08d" % index, bytes([index]) * 2000)
    written.compact_range()
    written.close()
    table = max(path.glob("*.ldb"), key=lambda file: file.stat().st_size)
    os.truncate(table, table.stat().st_size // 2)

    with pytest.raises(DiagnosticError, match=f"PN503.*cannot read the LevelDB `{path}`: "):
        list(LevelDB(path).values(LevelDB(path).keys()))


@pytest.mark.usefixtures("_plyvel")
def test_a_record_that_has_gone_is_nothing() -> None:
    (value,) = LevelDB(Path("gone")).values([b"c"])

    assert bytes(value) == b""
