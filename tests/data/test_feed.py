import threading
import weakref
from gc import collect
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from protonet.data.feed import Feed
from protonet.data.sources.builtin import read_builtin
from protonet.data.streams.base import DataLayer
from protonet.diagnostics import DiagnosticError
from protonet.layers.base import Layer
from protonet.layers.data import Data, DataParameter
from protonet.layers.dummy_data import DummyData, DummyDataParameter
from protonet.layers.image_data import ImageData, ImageDataParameter
from protonet.layers.memory_data import MemoryData, MemoryDataParameter
from protonet.message.common import (
    BlobShape,
    FillerParameter,
    Phase,
    TransformationParameter,
)
from tests.data.builders import (
    data_layer,
    encode_datum,
    png,
    random_images,
    raw_datum,
    values,
    write_images,
    write_leveldb,
    write_lmdb,
)

IMAGES = random_images(5, 3, 4, 6)


def digits(batch: int = 64, **transform: object) -> Data:
    return Data(
        data_param=DataParameter(source="builtin:digits/train", batch_size=batch),
        transform_param=TransformationParameter.model_validate(transform),
    )


def image_list(folder: Path, **fields: object) -> ImageData:
    param = {"source": str(folder / "list.txt"), "batch_size": 2, **fields}
    return ImageData(image_data_param=ImageDataParameter.model_validate(param))


def noise() -> DummyData:
    return DummyData(
        dummy_data_param=DummyDataParameter(
            shape=(BlobShape(dim=(2, 2)),), data_filler=(FillerParameter(type="gaussian"),)
        )
    )


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_batches_follow_each_other_in_the_stored_order() -> None:
    images = read_builtin("builtin:digits/train")
    feed = Feed([data_layer(digits())], seed=1701)

    feed.next()
    batch = feed.next()

    assert feed.tops == ("data", "label")
    np.testing.assert_array_equal(batch["data"].numpy(), images.pixels[64:128])
    np.testing.assert_array_equal(batch["label"].numpy(), images.labels[64:128])
    assert {(t.dtype, t.device.type) for t in batch.values()} == {(torch.float32, "cpu")}


def test_epochs_are_counted_at_the_end_of_the_data() -> None:
    feed = Feed([data_layer(digits(1297)), data_layer(noise(), "noise", name="noise")], seed=1701)
    assert feed.epochs == {"input": 0, "noise": 0}

    feed.next()
    feed.next()

    assert feed.epochs == {"input": 2, "noise": 0}


@pytest.mark.parametrize("ahead", [True, False])
def test_going_over_the_data_once_ends_with_a_short_batch(ahead: bool, tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(5))
    held = [raw_datum(image, n) for n, image in enumerate(IMAGES)]
    write_lmdb(tmp_path / "db", held)
    param = DataParameter(source=str(tmp_path / "db"), batch_size=2, backend=DataParameter.DB.LMDB)
    layer = image_list(tmp_path) if ahead else Data(data_param=param)
    with Feed([data_layer(layer), data_layer(noise(), "x", name="noise")], seed=1701) as feed:
        feed.pull(["label"])

        seen = [(number, values(feed.pull(["label"])["label"])) for number in feed.once()]

        assert feed.epoch == (5, 2)
        assert seen == [(2, [0, 1]), (2, [2, 3]), (1, [4])]
        assert feed.state()["positions"] == {"input": 5, "noise": 0}
        assert values(feed.next()["label"]) == [0, 1]


def test_a_pass_that_is_left_has_no_end_any_more(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(5))
    with Feed([data_layer(image_list(tmp_path))], seed=1701) as feed:
        once = feed.once()
        next(once)
        once.close()
        feed.restore({"seed": 1701, "positions": {"input": 4}})

        assert values(feed.next()["label"]) == [4, 0]


def test_no_batch_is_made_ahead_beyond_the_end(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(5))
    (tmp_path / "0.png").write_bytes(b"no image")
    with Feed([data_layer(image_list(tmp_path))], seed=1701) as feed:
        feed.restore({"seed": 1701, "positions": {"input": 1}})
        assert values(feed.next()["label"]) == [1, 2]
        assert values(feed.next()["label"]) == [3, 4]
        with pytest.raises(DiagnosticError, match="PN506"):
            feed.next()


def test_data_without_an_end_have_no_epoch() -> None:
    feed = Feed([data_layer(noise(), "data")], seed=1701)

    with pytest.raises(DiagnosticError, match=r"PN535.*the data of the net have no end"):
        next(feed.once())


def test_data_of_two_lengths_have_no_one_epoch() -> None:
    feed = Feed([data_layer(digits(2)), data_layer(digits(3), "x", name="other")], seed=1701)

    with pytest.raises(DiagnosticError) as raised:
        _ = feed.epoch

    assert raised.value.diagnostics[0].message == (
        "the data layers end at different batches: `input` 1,297 by 2, `other` 1,297 by 3"
    )


def shuffled(source: Path | str, **fields: object) -> Data:
    backend = DataParameter.DB.LMDB
    param = {"source": str(source), "batch_size": 2, "backend": backend, "shuffle": True, **fields}
    return Data(data_param=DataParameter.model_validate(param))


@pytest.mark.parametrize("kind", ["held", "encoded", "leveldb", "builtin", "memory"])
def test_shuffled_epochs_hold_every_record_once_in_another_order(kind: str, tmp_path: Path) -> None:
    encoded = [encode_datum(png(image), label=n, encoded=True) for n, image in enumerate(IMAGES)]
    raw = [raw_datum(image, n) for n, image in enumerate(IMAGES)]
    path = tmp_path / "db"
    match kind:
        case "held":
            layer: Layer = shuffled(write_lmdb(path, raw))
        case "encoded":
            layer = shuffled(write_lmdb(path, encoded))
        case "leveldb":
            layer = shuffled(write_leveldb(path, encoded), backend=DataParameter.DB.LEVELDB)
        case "builtin":
            layer = shuffled("builtin:digits-0-4/test", batch_size=4)
        case _:
            layer = MemoryData(
                memory_data_param=MemoryDataParameter(
                    batch_size=5, channels=1, height=1, width=1, shuffle=True
                )
            )
    with Feed([data_layer(layer)], seed=1701) as feed, Feed([data_layer(layer)], seed=1) as other:
        for each in (feed, other) if kind == "memory" else ():
            each.set_input_arrays(
                "input", np.zeros((5, 1, 1, 1), np.float32), np.arange(5, dtype=np.float32)
            )
        size, batch = feed.epoch
        first, second = (
            [label for _ in range(size) for label in values(feed.next()["label"])] for _ in range(2)
        )
        state = feed.state()
        third = [values(feed.next()["label"]) for _ in range(size)]
        other.restore(state)

        epochs = [(first + second)[at : at + size] for at in range(0, batch * size, size)]
        assert [sorted(epoch) for epoch in epochs] == [sorted(epochs[0])] * batch
        assert epochs[0] != epochs[1]
        assert [values(other.next()["label"]) for _ in range(size)] == third


def test_only_the_layers_that_are_needed_go_on() -> None:
    feed = Feed([data_layer(digits(1)), data_layer(digits(1), "other", name="two")], seed=1701)
    first = feed.next()

    batch = feed.pull(["label"])

    assert batch.keys() == {"label"}
    assert feed.state()["positions"] == {"input": 2, "two": 1}
    assert first.keys() == {"data", "label", "other"}
    assert feed.pull([]) == {}


@pytest.mark.parametrize("kind", ["digits", "list", "shuffled list", "dummy"])
def test_a_restored_feed_goes_on_with_the_same_batches(kind: str, tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(5))
    layers = {
        "digits": data_layer(digits(crop_size=24, mirror=True)),
        "list": data_layer(image_list(tmp_path)),
        "shuffled list": data_layer(image_list(tmp_path, shuffle=True, rand_skip=3)),
        "dummy": data_layer(noise(), "data"),
    }
    with Feed([layers[kind]]) as feed, Feed([layers[kind]]) as other:
        for _ in range(3):
            feed.next()
        state = feed.state()
        expected = [feed.next() for _ in range(4)]

        feed.restore(state)
        other.next()
        other.restore(state)

        assert all(equal(feed.next(), batch) for batch in expected)
        assert all(equal(other.next(), batch) for batch in expected)
        assert other.state() == feed.state()


def test_the_seed_decides_the_batches() -> None:
    def first(seed: int) -> dict[str, Tensor]:
        return Feed([data_layer(digits(crop_size=20))], seed=seed).next()

    assert equal(first(1701), first(1701))
    assert not equal(first(1701), first(1702))


def test_two_layers_draw_numbers_of_their_own() -> None:
    layers = [data_layer(noise(), name, name=name) for name in ("a", "b")]

    batch = Feed(layers, seed=1701).next()

    assert not torch.equal(batch["a"], batch["b"])


def test_a_state_of_other_layers_is_refused() -> None:
    feed = Feed([data_layer(digits())], seed=1701)

    with pytest.raises(
        DiagnosticError, match=r"PN513.*of the data layers none; the net has `input`"
    ):
        feed.restore({"seed": 1, "positions": {}})


def threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name.startswith("protonet-data")}


def test_batches_of_files_are_made_ahead_in_threads(tmp_path: Path) -> None:
    others = threads()
    write_images(tmp_path, IMAGES, range(5))
    with Feed([data_layer(image_list(tmp_path))], seed=1701) as feed:
        labels = [values(feed.next()["label"]) for _ in range(5)]

        assert threads() - others

    assert labels == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]]
    assert not threads() - others
    assert values(feed.next()["label"]) == [0, 1]
    feed.close()


def test_threads_end_with_the_feed(tmp_path: Path) -> None:
    others = threads()
    write_images(tmp_path, IMAGES, range(5))
    feed = Feed([data_layer(image_list(tmp_path))], seed=1701)
    feed.next()
    mine = threads() - others

    gone = weakref.ref(feed)
    del feed
    collect()
    for thread in mine:
        thread.join(timeout=10)

    assert mine
    assert gone() is None
    assert not any(thread.is_alive() for thread in mine)


def test_a_fault_in_a_thread_names_the_file_each_time(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(5))
    (tmp_path / "2.png").write_bytes(b"no image")
    with Feed([data_layer(image_list(tmp_path))], seed=1701) as feed:
        feed.next()

        for _ in range(2):
            with pytest.raises(DiagnosticError, match=r"PN506.*line 3 of .*`2.png`"):
                feed.next()
        (tmp_path / "2.png").write_bytes(png(IMAGES[2]))
        feed.restore(feed.state())

        assert values(feed.next()["label"]) == [2, 3]


def test_encoded_databases_are_decoded_in_threads(tmp_path: Path) -> None:
    records = [encode_datum(png(image), label=n, encoded=True) for n, image in enumerate(IMAGES)]
    write_lmdb(tmp_path / "db", records)
    param = DataParameter(source="db", batch_size=3, backend=DataParameter.DB.LMDB, prefetch=2)

    with Feed([data_layer(Data(data_param=param))], base=tmp_path, seed=1701) as feed:
        feed.next()
        batch = feed.next()

    np.testing.assert_array_equal(batch["data"].numpy(), IMAGES[[3, 4, 0]].astype(np.float32))
    assert values(batch["label"]) == [3, 4, 0]


def test_labels_may_be_left_out() -> None:
    assert Feed([data_layer(digits(2), "data")], seed=1701).next().keys() == {"data"}


def test_all_sources_at_fault_are_named_at_once() -> None:
    layers = [
        DataLayer(
            name, ("data",), Data(data_param=DataParameter(source=name, batch_size=1)), Phase.TEST
        )
        for name in ("gone", "lost")
    ]

    with pytest.raises(DiagnosticError) as raised:
        Feed(layers)

    assert [d.message for d in raised.value.diagnostics] == [
        "the source `gone` does not exist",
        "the source `lost` does not exist",
    ]


def test_memory_data_reads_the_arrays_that_are_given() -> None:
    param = MemoryDataParameter(batch_size=2, channels=1, height=1, width=1)
    feed = Feed([data_layer(MemoryData(memory_data_param=param))])
    with pytest.raises(DiagnosticError, match=r"PN511.*`input` has no data"):
        feed.next()

    feed.set_input_arrays(
        "input", np.ones((4, 1, 1, 1), np.float32), np.arange(4, dtype=np.float32)
    )

    assert [values(feed.next()["label"]) for _ in range(3)] == [[0, 1], [2, 3], [0, 1]]
    assert feed.epochs == {"input": 1}
    with pytest.raises(DiagnosticError, match=r"PN511.*there is no MemoryData layer `gone`"):
        feed.set_input_arrays("gone", np.ones((2, 1, 1, 1), np.float32), np.ones(2, np.float32))
