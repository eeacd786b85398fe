"""Damaged records of databases: a diagnostic that names them, or an image."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from protonet.data.sources.database import DatumReader
from protonet.data.sources.lmdb import LMDB
from tests.damage import faults_of, little_memory, pieces
from tests.data.builders import encode_datum, raw_datum, write_keyed_lmdb

PIXELS = np.arange(3 * 5 * 4, dtype=np.uint8).reshape(3, 5, 4)


def picture(extension: str) -> bytes:
    _, data = cv2.imencode(extension, PIXELS.transpose(1, 2, 0))
    return encode_datum(data.tobytes(), label=2, encoded=True)


RECORDS: dict[str, Callable[[], bytes]] = {
    "raw": lambda: raw_datum(PIXELS, 2),
    "floats": lambda: encode_datum(shape=(3, 5, 4), label=2, floats=range(60)),
    "jpeg": lambda: picture(".jpg"),
    "png": lambda: picture(".png"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_damaged_record_is_a_diagnostic_or_an_image(tmp_path: Path, kind: str) -> None:
    whole = RECORDS[kind]()
    records = {b"00000000": whole}
    records |= {b"%08d" % at: data for at, data in enumerate(pieces(whole), 1) if data}
    reader = DatumReader(LMDB(write_keyed_lmdb(tmp_path / "db", records)))

    with little_memory():
        for at in range(len(records)):
            found = faults_of(lambda at=at: list(reader.read([at])))
            assert all(str(tmp_path / "db") in d.message + d.file for d in found)
