import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from protonet import Net
from protonet.data.feed import Feed
from protonet.data.given import Given, data_layers
from protonet.data.resolve import resolve_net
from protonet.data.shard import Shard
from protonet.diagnostics import DiagnosticError
from protonet.message.common import Phase
from protonet.spec.net import NetState
from protonet.spec.read import read_net
from tests.data.builders import random_images, values

IMAGES = torch.arange(5 * 3 * 4 * 6).reshape(5, 3, 4, 6).float()
LABELS = torch.arange(5)
PAIRS = TensorDataset(IMAGES, LABELS)

DATA = """
layer {
  name: "images" type: "Data" top: "data" top: "label"
  data_param { source: "nowhere" batch_size: 2 FIELDS }
  TRANSFORM
}
layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" }
"""
INPUTS = """
layer { name: "x" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 6 } } }
layer { name: "y" type: "Input" top: "label" input_param { shape { dim: 2 } } }
layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" }
"""


def data(fields: str = "", transform: str = "") -> str:
    return DATA.replace("FIELDS", fields).replace("TRANSFORM", transform)


def net(text: str, **given: Any) -> Net:
    return Net(text, phase="TRAIN", data=given, seed=1701)


def labels(read: Net | Feed, batches: int) -> list[list[float]]:
    feed = read.feed if isinstance(read, Net) else read
    return [values(feed.next()["label"]) for _ in range(batches)]


def faults(build: Callable[[], object]) -> list[str]:
    with pytest.raises(DiagnosticError) as raised:
        build()
    return [f"{d.code}: {d.message}" for d in raised.value.diagnostics]


def test_a_data_set_takes_the_place_of_a_source() -> None:
    read = net(data(), train=PAIRS)

    outputs = read({})

    assert dict(read.inputs) == {"data": (2, 3, 4, 6), "label": (2,)}
    assert torch.equal(outputs["flat"], IMAGES[:2].flatten(1))
    assert labels(read, 3) == [[2, 3], [4, 0], [1, 2]]
    assert read.feed.epoch == (5, 2)


def test_it_may_be_given_by_the_name_of_the_layer() -> None:
    assert labels(net(data(), images=PAIRS), 1) == [[0, 1]]


def test_the_key_of_a_phase_may_be_of_any_case() -> None:
    assert labels(Net(data(), phase="TEST", data={"TEST": PAIRS}), 1) == [[0, 1]]


def test_a_layer_shuffles_as_it_says() -> None:
    read = net(data("shuffle: true"), train=PAIRS)

    seen = [label for batch in labels(read, 5) for label in batch]

    assert sorted(seen[:5]) == sorted(seen[5:]) == [0, 1, 2, 3, 4]
    assert seen[:5] != seen[5:]


@pytest.mark.parametrize("text", [INPUTS, INPUTS.replace("} }", "} shuffle: true }")])
def test_input_layers_are_fed_together(text: str) -> None:
    read = net(text, train=PAIRS)

    batch = read.feed.next()

    assert sorted(batch) == ["data", "label"]
    shown = [int(label) for label in batch["label"]]
    assert torch.equal(batch["data"], IMAGES[shown])
    assert (shown == [0, 1]) == (text is INPUTS)
    assert read({})["flat"].shape == (2, 72)


def test_an_input_that_the_caller_gives_is_not_read() -> None:
    read = net(INPUTS, train=PAIRS)

    read({"data": torch.zeros(2, 3, 4, 6), "label": torch.zeros(2)})

    assert labels(read, 1) == [[0, 1]]


def test_two_data_layers_are_fed_by_one_data_set_or_by_two() -> None:
    two = (
        'layer { name: "a" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 } } }'
        'layer { name: "b" type: "DummyData" top: "label" dummy_data_param { shape { dim: 2 } } }'
    )
    sums = [(n + 10, n) for n in range(4)]

    one = net(two, train=sums).feed.next()
    each = net(two, a=[5, 6], train=[7, 8, 9]).feed.next()

    assert {blob: values(tensor) for blob, tensor in one.items()} == {
        "x": [10, 11],
        "label": [0, 1],
    }
    assert {blob: values(t) for blob, t in each.items()} == {"x": [5, 6], "label": [7, 8]}


class Kinds:
    """Samples of all kinds of values."""

    def __init__(self, *samples: object) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> object:
        sample = self.samples[index]
        if isinstance(sample, Exception):
            raise sample
        return sample


BYTES = random_images(1, 3, 4, 6)[0]


@pytest.mark.parametrize(
    "image", [BYTES, torch.from_numpy(BYTES), BYTES.tolist(), torch.from_numpy(BYTES).double()]
)
@pytest.mark.parametrize("label", [3, np.int64(3), torch.tensor(3), torch.tensor([3.0]), [3]])
def test_values_may_be_tensors_arrays_lists_or_numbers(image: Any, label: Any) -> None:
    batch = net(data(), train=Kinds((image, label), (image, label))).feed.next()

    assert [t.dtype for t in batch.values()] == [torch.float32] * 2
    np.testing.assert_array_equal(batch["data"][1].numpy(), BYTES.astype(np.float32))
    assert values(batch["label"]) == [3, 3]


def test_values_may_be_named_by_their_tops() -> None:
    sample = {"label": 3, "data": BYTES, "name": "unread"}

    assert values(net(data(), train=[sample]).feed.next()["label"]) == [3, 3]


def test_numbers_of_16_bits_are_read() -> None:
    image = torch.ones(3, 4, 6, dtype=torch.bfloat16)

    assert net(data(), train=[(image, 1)]).feed.next()["data"].sum() == 2 * 72


class Picture:
    """What is used of ``PIL.Image.Image``, which need not be installed."""

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def getbands(self) -> tuple[str, ...]:
        return tuple(self.mode)

    def convert(self, mode: str) -> "Picture":
        return Picture(mode)

    def __array__(self, dtype: object = None, copy: object = None) -> NDArray[np.uint8]:
        return BYTES.transpose(1, 2, 0) if self.mode == "RGB" else BYTES[0]


@pytest.mark.parametrize(
    ("mode", "expected"), [("RGB", BYTES[::-1]), ("P", BYTES[::-1]), ("L", BYTES[:1])]
)
def test_an_image_of_pillow_is_what_caffe_reads_from_its_file(
    mode: str, expected: NDArray[np.uint8]
) -> None:
    batch = net(data(), train=[(Picture(mode), 0)]).feed.next()["data"][0].numpy()

    np.testing.assert_array_equal(batch, expected.astype(np.float32))


def test_images_are_transformed_as_the_layer_says() -> None:
    text = data(transform="transform_param { crop_size: 2 scale: 0.5 mean_value: 1 }")

    read = Net(text, phase="TEST", data={"test": PAIRS})

    expected = (IMAGES[:2, :, 1:3, 2:4] - 1) / 2
    assert read.inputs["data"] == (2, 3, 2, 2)
    assert torch.equal(read.feed.next()["data"], expected)


def test_ten_crops_of_an_image_have_its_label() -> None:
    text = data(transform="transform_param { crop_size: 2 oversample: true }")

    read = Net(text, phase="TEST", data={"test": PAIRS})
    batch = read.feed.next()

    assert dict(read.inputs) == {"data": (20, 3, 2, 2), "label": (20,)}
    assert torch.equal(batch["data"][14], IMAGES[1, :, 1:3, 2:4])
    assert values(batch["label"]) == [0] * 10 + [1] * 10


def test_each_rank_reads_its_own_samples() -> None:
    def feed(rank: int) -> Feed:
        given = Given({"train": PAIRS})
        found = resolve_net(read_net(data()), NetState(phase=Phase.TRAIN), None, given.groups)
        return Feed(data_layers(found.graph, found.given), seed=1701, shard=Shard(rank, 2))

    assert [labels(feed(rank), 2) for rank in range(2)] == [[[0, 2], [4, 1]], [[1, 3], [0, 2]]]


def test_samples_are_read_in_a_thread_where_prefetch_asks_for_it() -> None:
    read = net(data("prefetch: 3"), train=PAIRS)

    assert labels(read, 3) == [[0, 1], [2, 3], [4, 0]]
    assert any(thread.name.startswith("protonet-data") for thread in threading.enumerate())
    read.feed.close()


def test_a_data_set_that_draws_is_the_same_again_after_a_restore() -> None:
    class Noise(Dataset[Tensor]):
        def __len__(self) -> int:
            return 9

        def __getitem__(self, index: int) -> Tensor:
            return torch.rand(())

    read = net(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 } } }', train=Noise()
    )
    state, numbers = read.feed.state(), torch.get_rng_state()
    first = values(read.feed.next()["x"])
    read.feed.restore(state)
    torch.set_rng_state(numbers)

    assert values(read.feed.next()["x"]) == first


class Stream(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(3))


def test_what_is_no_data_set_is_refused() -> None:
    data_sets: Mapping[str, Any] = {"train": Stream(), "test": [], "images": {1, 2}}

    assert faults(lambda: Given(data_sets)) == [
        "PN531: the data set for `train` has no samples by number: it is of type Stream",
        "PN531: the data set for `test` is empty",
        "PN531: the data set for `images` has no samples by number: it is of type set",
    ]


def test_a_data_set_needs_a_length() -> None:
    class Endless:
        def __getitem__(self, index: int) -> int:
            return index

    endless: Any = Endless()

    assert faults(lambda: Given({"train": endless})) == [
        "PN531: the data set for `train` has no length: it is of type Endless"
    ]


def test_a_data_set_for_nothing_is_refused() -> None:
    with pytest.raises(DiagnosticError) as raised:
        net(data(), train=PAIRS, image=PAIRS)

    assert str(raised.value).splitlines()[0] == (
        "error[PN530]: there is no phase or data layer `image`"
    )
    assert raised.value.diagnostics[0].help == "did you mean `images`?"


def test_a_net_reads_no_data_set_of_the_other_phase() -> None:
    assert labels(net(data(), train=PAIRS, test=[1]), 1) == [[0, 1]]


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ((BYTES, 1, 2), "it has 3 values for 2 tops"),
        (BYTES, "it has 1 values for 2 tops"),
        ({"data": BYTES}, "it has no `label`"),
        ((BYTES[:2], 1), "top `data` takes (3, 4, 6), and it is (2, 4, 6)"),
        ((BYTES, [1, 2]), "top `label` takes (), and it is (2,)"),
        ((BYTES, "cat"), "top `label` takes numbers, not str"),
    ],
)
def test_a_sample_that_does_not_fit_is_named(sample: object, told: str) -> None:
    read = net(data(), train=Kinds((BYTES, 1), (BYTES, 1), (BYTES, 1), sample))
    read.feed.next()

    assert faults(read.feed.next) == [f"PN532: sample 3 of the data for `train`: {told}"]


def test_a_sample_that_cannot_be_read_is_named_with_the_reason() -> None:
    read = net(data(), train=Kinds((BYTES, 1), KeyError("gone")))

    with pytest.raises(DiagnosticError) as raised:
        read.feed.next()

    assert raised.value.diagnostics[0].message == (
        "sample 1 of the data for `train` cannot be read: KeyError: 'gone'"
    )
    assert isinstance(raised.value.__cause__, KeyError)


def test_a_sample_has_the_shape_that_the_file_says() -> None:
    assert faults(lambda: net(INPUTS, train=[(BYTES[:1], 1)])) == [
        "PN532: sample 0 of the data for `train`: top `data` takes (3, 4, 6), and it is (1, 4, 6)"
    ]


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (
            [(BYTES, 1), (BYTES[0], 1)],
            "sample 1 of the data for `train`: top `data` takes (C, H, W), and it is (4, 6)",
        ),
        (
            [(BYTES, 1), (BYTES[:, :1], 1)],
            (
                "sample 1 of the data for `train`:"
                " `crop_size: 2` is larger than an image of `train`, 1 x 6"
            ),
        ),
    ],
)
def test_an_image_that_cannot_be_transformed_is_named(samples: list[object], told: str) -> None:
    read = net(data(transform="transform_param { crop_size: 2 }"), train=samples)

    assert faults(read.feed.next) == [f"PN532: {told}"]


def test_layers_of_other_batches_take_no_data_set_together() -> None:
    two = (
        'layer { name: "a" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 } } }'
        'layer { name: "b" type: "DummyData" top: "y" dummy_data_param { shape { dim: 3 } } }'
    )

    assert faults(lambda: net(two, train=[(1, 2)])) == [
        "PN534: the data set for `train` feeds layers of different batches: `a` 2, `b` 3"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (data().replace("batch_size: 2", ""), "PN301: layer `images`: `batch_size` is not set"),
        (
            'layer { name: "x" type: "Input" top: "x" input_param { } }',
            "PN301: layer `x`: no `shape` is set",
        ),
    ],
)
def test_a_layer_at_fault_is_told_as_ever(text: str, told: str) -> None:
    assert faults(lambda: net(text, train=PAIRS)) == [told]


def test_a_scalar_input_has_no_batch_to_fill() -> None:
    text = 'layer { name: "x" type: "Input" top: "x" input_param { shape { } } }'

    assert faults(lambda: net(text, train=[1])) == [
        "PN534: layer `x` has no batch that samples could fill"
    ]
