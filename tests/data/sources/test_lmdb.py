import gc
import os
from pathlib import Path

import pytest

from protonet.data.sources.lmdb import LMDB
from protonet.diagnostics import DiagnosticError
from tests.data.builders import write_keyed_lmdb


def test_records_come_in_order_of_keys(tmp_path: Path) -> None:
    database = LMDB(write_keyed_lmdb(tmp_path / "db", {b"b": b"2", b"a": b"1", b"c": b"3"}))

    assert database.first() == (b"a", b"1")
    assert database.keys() == [b"a", b"b", b"c"]
    assert [bytes(value) for value in database.values([b"c", b"a"])] == [b"3", b"1"]


def test_one_database_may_be_opened_twice(tmp_path: Path) -> None:
    path = write_keyed_lmdb(tmp_path / "db", {b"a": b"1"})

    train, test = LMDB(path), LMDB(tmp_path / "x" / ".." / "db")

    assert train.first() == test.first()


def test_it_is_closed_with_its_last_reader(tmp_path: Path) -> None:
    path = write_keyed_lmdb(tmp_path / "db", {b"a": b"1"})
    database = LMDB(path)
    del database
    gc.collect()

    write_keyed_lmdb(path, {b"b": b"2"})  # py-lmdb would refuse to open it again

    assert LMDB(path).keys() == [b"a", b"b"]


def test_an_empty_one_has_no_first_record(tmp_path: Path) -> None:
    assert LMDB(write_keyed_lmdb(tmp_path / "db", {})).first() is None


@pytest.mark.parametrize("content", [b"", b"x" * 9000])
def test_a_damaged_one_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.mdb").write_bytes(content)

    with pytest.raises(DiagnosticError, match=f"PN503.*cannot open the LMDB `{tmp_path}`"):
        LMDB(tmp_path)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_one_that_is_cut_short_is_refused_before_a_page_is_missed(
    tmp_path: Path, share: float
) -> None:
    path = write_keyed_lmdb(tmp_path / "db", {b"%d" % at: b"x" * 5000 for at in range(50)})
    pages = path / "data.mdb"
    size = pages.stat().st_size
    os.truncate(pages, int(size * share))

    with pytest.raises(DiagnosticError) as raised:
        LMDB(path)

    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.message == (
        f"the LMDB `{path}` is cut short: it has {int(size * share):,} of {size:,} bytes"
    )


def test_pages_that_are_damaged_are_told(tmp_path: Path) -> None:
    path = write_keyed_lmdb(tmp_path / "db", {b"%d" % at: b"x" * 500 for at in range(50)})
    pages = path / "data.mdb"
    content = bytearray(pages.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 + 10 : page * 4096 + 12] = b"\x40\x00"  # of no kind
    pages.write_bytes(content)

    with pytest.raises(DiagnosticError, match=f"PN503.*cannot read the LMDB `{path}`"):
        list(LMDB(path).values([b"7"]))
