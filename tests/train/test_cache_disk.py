"""`cache_frozen: DISK`: later runs read what earlier ones computed, if nothing has changed."""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from protonet.data.part import Part
from protonet.nets.execution import PLAIN, Execution
from protonet.spec.solver import CacheMode, SolverParameter
from protonet.train import events
from protonet.train.cache_files import NoRoomError
from protonet.train.cache_room import Room, default_folder, free_disk, free_memory
from tests.data.builders import random_images, raw_datum, write_h5, write_images, write_lmdb
from tests.train import ranks
from tests.train.frozen import BYTES, HEAD, NET, PREFIX, Run, assert_same

STEPS = 14  # an epoch of 650 images, and the batch that goes over its end


def run(
    folder: Path, net: str = NET, fields: str = "", execution: Execution = PLAIN, steps: int = STEPS
) -> Run:
    disk = f'cache_frozen: DISK cache_dir: "{folder / "features"}"'
    return Run(f"{disk} {fields}", net, execution=execution).step(steps)


def caching(of: Run) -> events.Caching:
    (event,) = of.of_cache(events.Caching)
    assert isinstance(event, events.Caching)
    return event


def test_a_second_run_computes_nothing(tmp_path: Path) -> None:
    first, second = run(tmp_path), run(tmp_path)

    assert (caching(first).filled, caching(second).filled) == (0, 650)
    assert caching(first).path == caching(second).path
    assert not second.of_cache(events.Cached)
    assert_same(second, first)
    assert_same(second, Run("cache_frozen: OFF").step(STEPS))


def test_a_run_goes_on_with_what_another_has_begun(tmp_path: Path) -> None:
    run(tmp_path, steps=5)
    gc.collect()  # as the end of a program: what is not on disk yet is written

    assert caching(run(tmp_path)).filled == 5 * 48


def test_auto_takes_what_is_on_disk_already(tmp_path: Path) -> None:
    run(tmp_path)

    auto = Run(f'cache_dir: "{tmp_path / "features"}"').step(1)

    assert caching(auto).filled == 650


@pytest.mark.parametrize(
    ("net", "execution"),
    [
        (NET.replace("kernel_size: 3 }", "kernel_size: 3 pool: AVE }"), PLAIN),  # the graph
        (NET.replace("scale: 0.00390625", "scale: 0.0078125"), PLAIN),  # the transformation
        (NET.replace("digits-0-4/train", "digits-5-9/train"), PLAIN),  # the data
        (NET, Execution(amp="bf16")),  # the precision
    ],
)
def test_features_of_something_else_are_not_used(
    net: str, execution: Execution, tmp_path: Path
) -> None:
    before = run(tmp_path)
    other = run(tmp_path, net, execution=execution)

    assert caching(other).filled == 0
    assert caching(other).path != caching(before).path


def test_features_of_other_weights_are_not_used(tmp_path: Path) -> None:
    before = run(tmp_path)
    other = Run(
        f'cache_frozen: DISK cache_dir: "{tmp_path / "features"}"',
        NET.replace('std: "xavier"', ""),
    )
    other.solver.net.params["conv"][0].detach()[0, 0, 0, 0] += 1e-6
    other.step(1)

    assert caching(other).filled == 0
    assert caching(other).path != caching(before).path


IMAGES = f"""
layer {{
  name: "data" type: "ImageData" top: "data" top: "label"
  image_data_param {{ source: "list.txt" batch_size: 3 shuffle: true }}
}}
{PREFIX}{HEAD}
"""
DATABASE = IMAGES.replace('type: "ImageData"', 'type: "Data"').replace(
    'image_data_param { source: "list.txt" batch_size: 3 shuffle: true }',
    'data_param { source: "lmdb" backend: LMDB batch_size: 3 }',
)
ENCODED = "transform_param { mean_value: 100 }"
ROWS = f"""
layer {{
  name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param {{ source: "rows.txt" batch_size: 3 shuffle: true }}
}}
{PREFIX}{HEAD}
"""


def make_images(folder: Path) -> None:
    write_images(folder, random_images(7, 1, 28, 28), [0, 1, 2, 3, 4, 0, 1])


def make_database(folder: Path) -> None:
    images = random_images(7, 1, 28, 28)
    write_lmdb(folder / "lmdb", [raw_datum(image, at % 5) for at, image in enumerate(images)])


def make_rows(folder: Path) -> None:
    draw = np.random.default_rng(1701)
    for name, number in (("a", 4), ("b", 3)):
        data = draw.random((number, 1, 28, 28), np.float32)
        write_h5(folder / f"{name}.h5", data=data, label=np.arange(number, dtype=np.float32))
    (folder / "rows.txt").write_text("a.h5\nb.h5\n")


@pytest.mark.parametrize("fold", [0, 1])
def test_folds_of_one_source_share_its_samples(tmp_path: Path, fold: int) -> None:
    parts = {"train": Part(folds=2, fold=fold)}
    disk = f'cache_frozen: DISK cache_dir: "{tmp_path}"'
    Run(disk, parts={"train": Part(folds=2, fold=1)}).step(8)
    gc.collect()

    cached, live = Run(disk, parts=parts), Run("cache_frozen: OFF", parts=parts)
    assert_same(cached.step(STEPS), live.step(STEPS))
    assert caching(cached).filled == 325


def touch(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def touch_image(folder: Path) -> None:
    touch(next(folder.glob("*.png")))


def touch_rows(folder: Path) -> None:
    touch(folder / "b.h5")


def relabel(folder: Path) -> None:
    text = (folder / "list.txt").read_text()
    (folder / "list.txt").write_text(text.replace(" 4\n", " 3\n"))


def other_records(folder: Path) -> None:
    images = random_images(7, 1, 28, 28, seed=1)
    for file in (folder / "lmdb").iterdir():
        file.unlink()
    write_lmdb(folder / "lmdb", [raw_datum(image, 0) for image in images])


@pytest.mark.parametrize(
    ("net", "make", "change"),
    [
        (IMAGES, make_images, touch_image),
        (IMAGES, make_images, relabel),
        (DATABASE, make_database, other_records),
        (ROWS, make_rows, touch_rows),
    ],
)
def test_features_of_files_that_have_changed_are_not_used(
    net: str,
    make: Callable[[Path], None],
    change: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path)
    filled = [caching(run(tmp_path, net)).filled, caching(run(tmp_path, net)).filled]
    change(tmp_path)

    assert [*filled, caching(run(tmp_path, net)).filled] == [0, 7, 0]


@pytest.mark.parametrize(
    ("net", "make"), [(IMAGES, make_images), (DATABASE, make_database), (ROWS, make_rows)]
)
def test_files_are_the_same_images_with_and_without_a_cache(
    net: str, make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path)

    assert_same(Run("", net).step(20), Run("cache_frozen: OFF", net).step(20))


def test_where_the_disk_has_no_room_a_run_goes_on_without(tmp_path: Path) -> None:
    live = run(tmp_path, fields="cache_limit: 100000")

    ((code, message),) = live.warnings
    assert code == "PN660"
    assert message == (
        f"`cache_frozen: DISK` keeps nothing of the TRAIN net: they take {650 * BYTES:,} bytes, "
        f"and there is room for 100,000 in `{tmp_path / 'features'}`"
    )
    assert_same(live, Run("cache_frozen: OFF").step(STEPS))


@pytest.mark.parametrize("fields", ["", "iter_size: 2"])
def test_where_a_file_cannot_be_made_a_run_goes_on_without(tmp_path: Path, fields: str) -> None:
    (tmp_path / "features").touch()
    live = run(tmp_path, fields=fields)

    ((code, message),) = live.warnings
    assert code == "PN660"
    assert "cannot take 794,624 bytes: " in message
    assert live.solver.net.shortcut is None
    assert_same(live, Run(f"cache_frozen: OFF {fields}").step(STEPS), atol=1e-6)


def in_process(folder: str) -> list[list[float]]:
    done = run(Path(folder), steps=20)
    return [weight.flatten().tolist() for weight in done.weights]


def test_processes_share_a_file(tmp_path: Path) -> None:
    one, other = ranks.run(in_process, str(tmp_path))

    assert one == other
    assert len(list((tmp_path / "features").iterdir())) == 1


def room(mode: CacheMode, limit: int = 0, processes: int = 1) -> Room:
    fields = {"cache_frozen": mode, "cache_limit": limit, "cache_dir": "features"}
    return Room.of(SolverParameter.of(fields), processes)


def test_memory_is_shared_between_nets_and_processes() -> None:
    of_two = room(CacheMode.RAM, 1000, processes=2)

    assert of_two.choose("a", 1, 400) is None
    with pytest.raises(NoRoomError, match="they take 400 bytes, and there is room for 100 in mem"):
        of_two.choose("b", 1, 400)


def test_auto_takes_memory_then_disk_then_nothing(tmp_path: Path) -> None:
    auto = Room(CacheMode.AUTO, tmp_path, 0, memory=1000)

    assert auto.choose("a", 1, 1000) is None
    assert auto.choose("b", 1, 1000) == tmp_path / "b.features"
    with pytest.raises(NoRoomError, match=r"room for 0 in memory, \d+"):
        auto.choose("c", 1, 2**60)


def test_half_of_the_free_memory_is_taken_at_most() -> None:
    assert 0 < room(CacheMode.AUTO).memory < free_memory()


def test_free_memory_is_what_the_machine_and_the_container_have(tmp_path: Path) -> None:
    machine = tmp_path / "meminfo"
    assert free_memory(machine, tmp_path) > 0
    machine.write_text("MemTotal:  9 kB\nMemAvailable:  4 kB\n")
    assert free_memory(machine, tmp_path) == 4096
    for name, text in (("max", "5000"), ("current", "3000"), ("stat", "inactive_file 500\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert free_memory(machine, tmp_path) == 2500
    (tmp_path / "memory.max").write_text("max")
    assert free_memory(machine, tmp_path) == 4096


def test_the_folder_is_that_of_a_users_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert default_folder() == Path("caches/protonet/features")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path("~/.cache/protonet/features").expanduser()


def test_free_disk_is_that_of_the_folder_above(tmp_path: Path) -> None:
    assert free_disk(tmp_path / "not" / "there") > 0
