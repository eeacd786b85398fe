"""Features on disk: what is written, what is read again, and what is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.train.cache_files import (
    PAGE,
    FeatureFile,
    NoRoomError,
    create_file,
    open_file,
)
from protonet.train.cache_rows import Column

COLUMNS = (Column("torch.float32", (3,), (0, 1)), Column("torch.bfloat16", (), (0,)))
CPU = torch.device("cpu")
LIMIT = 10**9


def batch(first: int, number: int) -> list[torch.Tensor]:
    rows = torch.arange(first, first + number)
    return [rows[:, None].expand(-1, 3).float(), rows.bfloat16()]


def samples(first: int, number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(first, first + number)


def made(path: Path, number: int = 8) -> FeatureFile:
    return create_file(path, COLUMNS, number, limit=LIMIT)


def reopened(path: Path, number: int = 8) -> FeatureFile:
    file = open_file(path, number)
    assert file is not None
    return file


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.features"
    file = made(path)
    file.write(samples(2, 3), batch(2, 3))
    file.close()

    again = reopened(path)

    assert again.filled == 3
    assert again.has(samples(2, 3))
    assert not again.has(samples(2, 4))
    found = again.read(samples(3, 2), CPU)
    torch.testing.assert_close(found, batch(3, 2))
    assert [column.dtype for column in found] == [torch.float32, torch.bfloat16]


def test_a_full_file_is_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.features"
    file = made(path)
    file.write(samples(0, 4), batch(0, 4))
    assert reopened(path).filled == 0
    file.write(samples(4, 4), batch(4, 4))

    assert reopened(path).filled == 8


def test_after_some_seconds_the_disk_is_given_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.features"
    monkeypatch.setattr("protonet.train.cache_files.SECONDS", 0.0)
    made(path).write(samples(0, 1), batch(0, 1))

    assert reopened(path).filled == 1


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    file = made(tmp_path / "a.features")
    file.write(samples(0, 2), batch(0, 2))
    file.write(samples(0, 4), batch(100, 4))

    (rows, _) = file.read(samples(0, 4), CPU)
    assert rows[:, 0].tolist() == [0, 1, 102, 103]


def test_processes_take_over_what_others_have_written(tmp_path: Path) -> None:
    path = tmp_path / "a.features"
    one, other = made(path), made(path)
    one.write(samples(0, 2), batch(0, 2))
    other.write(samples(4, 2), batch(4, 2))
    one.flush()
    other.flush()
    one.flush()

    assert one.filled == other.filled == reopened(path).filled == 4
    torch.testing.assert_close(one.read(samples(4, 2), CPU), batch(4, 2))


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.train import test_cache_files as t
file = t.made(Path(sys.argv[1]), 4000)
for at in range(0, 4000, 10):
    file.write(t.samples(at, 10), t.batch(at % 256, 10))
    if at == 2000:
        file.flush()
    if at == 3000:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_what_it_had_vouched_for(tmp_path: Path) -> None:
    path = tmp_path / "a.features"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=environment, check=False)

    again = reopened(path, 4000)

    assert done.returncode < 0
    assert again.filled == 2010
    torch.testing.assert_close(again.read(samples(2000, 10), CPU), batch(2000 % 256, 10))


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def without_head(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"?" * PAGE)


def of_another_format(path: Path) -> None:
    with path.open("r+b") as file:
        head = json.loads(file.read(PAGE).rstrip(b"\0"))
        file.seek(0)
        file.write(json.dumps({**head, "format": 0}).encode().ljust(PAGE, b"\0"))


@pytest.mark.parametrize("spoil", [cut_short, without_head, of_another_format])
def test_a_file_that_is_not_whole_is_made_anew(spoil: object, tmp_path: Path) -> None:
    path = tmp_path / "a.features"
    made(path).write(samples(0, 8), batch(0, 8))
    assert callable(spoil)
    spoil(path)

    assert open_file(path, 8) is None
    assert made(path).filled == 0
    assert reopened(path).filled == 0


def test_a_file_of_another_number_of_samples_is_not_opened(tmp_path: Path) -> None:
    made(tmp_path / "a.features")

    assert open_file(tmp_path / "a.features", 9) is None
    assert open_file(tmp_path / "b.features", 8) is None


def test_the_least_recently_used_file_makes_room(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.features" for name in "abc"]
    for age, path in enumerate(paths[:2]):
        made(path)
        os.utime(path, (age, age))
    reopened(paths[0])  # uses it
    size = paths[0].stat().st_size

    create_file(paths[2], COLUMNS, 8, limit=2 * size)

    assert [path.exists() for path in paths] == [True, False, True]


def test_what_is_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRoomError, match=r"the features take 16,384 bytes, and .* is 100"):
        create_file(tmp_path / "a.features", COLUMNS, 8, limit=100)


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NoRoomError, match=r"cannot take 16,384 bytes: (file exists|not a dir)"):
        create_file(tmp_path / "file" / "a.features", COLUMNS, 8, limit=LIMIT)


def test_a_column_keeps_the_order_of_memory() -> None:
    last = torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)

    column = Column.of(last)

    assert column == Column("torch.float32", (3, 4, 2), (0, 2, 3, 1))
    assert column.packed(last).is_contiguous()
    again = column.unpacked(column.packed(last))
    assert again.stride() == last.stride()
    assert torch.equal(again, last)


def test_a_batch_whose_samples_are_not_apart_in_memory_is_kept_in_its_own_order() -> None:
    turned = torch.arange(6.0).reshape(3, 2).t()

    assert Column.of(turned) == Column("torch.float32", (3,), (0, 1))
