import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from protonet.diagnostics import DiagnosticError
from protonet.message import wire
from protonet.spec.net import LayerParameter, NetParameter
from protonet.weights.load import check_target, load_weights, save_weights
from tests.weights import encoding as e
from tests.weights.nets import Blobs, net_of, net_with

FORMATS = (".caffemodel", ".caffemodel.h5", ".pth", ".safetensors", ".npz")


def random_net() -> Blobs:
    """A net with a scalar, a convolution in channels_last, and a buffer."""
    generator = torch.Generator().manual_seed(1701)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    conv = draw(4, 3, 5, 5).to(memory_format=torch.channels_last)
    params = {
        "conv": [torch.nn.Parameter(conv), torch.nn.Parameter(draw(4))],
        "inception/prelu": [draw()],
        "bn": [draw(4), draw(4), draw(1)],
    }
    types = {"data": "Input", "conv": "Convolution", "inception/prelu": "PReLU", "bn": "BatchNorm"}
    return net_with(params, types)


def blank(net: Blobs) -> Blobs:
    params = {
        layer: [torch.full_like(blob.detach(), -1) for blob in blobs]
        for layer, blobs in net.params.items()
    }
    return Blobs(params, net.layer_messages, net.owners)


def message_of(net: Blobs, *paths: Path, strict: bool = False) -> list[str]:
    before = net.values()
    with pytest.raises(DiagnosticError) as caught:
        load_weights(net, list(paths), strict=strict)
    assert net.values() == before
    return [f"{diagnostic.code} {diagnostic.message}" for diagnostic in caught.value.diagnostics]


def caffemodel(path: Path, *layers: bytes) -> Path:
    path.write_bytes(e.text(1, "net") + b"".join(layers))
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_net_reads_back_what_it_wrote(tmp_path: Path, suffix: str) -> None:
    net = random_net()
    path = tmp_path / f"m{suffix}"

    save_weights(net, path)
    copy = blank(net)
    found = load_weights(copy, path)

    assert copy.values() == net.values()
    assert (found.missing, found.unused) == ((), ())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_first_bytes_say_the_format(tmp_path: Path, suffix: str) -> None:
    net = random_net()
    save_weights(net, tmp_path / f"m{suffix}")
    (tmp_path / f"m{suffix}").rename(tmp_path / "weights.caffemodel")

    copy = blank(net)
    load_weights(copy, str(tmp_path / "weights.caffemodel"))

    assert copy.values() == net.values()


@pytest.mark.parametrize("suffix", [".h5", ".pth", ".pt", ".safetensors", ".caffemodel", ".x"])
def test_else_the_extension_says_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"m{suffix}"
    path.write_bytes(b"nothing of the kind")

    (message,) = message_of(net_of(ip=[(2,)]), path)

    assert message.startswith(f"PN401 `m{suffix}` cannot be read as weights:")


def test_a_file_of_old_torch_is_known_without_its_extension(tmp_path: Path) -> None:
    path = tmp_path / "m"
    torch.save({"ip/0": torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    net = net_of(ip=[(2,)])

    load_weights(net, path)

    assert net.values() == {"ip": [[1.0, 1.0]]}


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_shared_blob_reads_back(tmp_path: Path, suffix: str) -> None:
    blob = torch.tensor([1.0, 2.0])
    net = net_with({"a": [blob], "b": [blob]}, {"a": "Bias", "b": "Bias"})
    path = tmp_path / f"m{suffix}"
    save_weights(net, path)
    other = torch.zeros(2)
    copy = net_with({"a": [other], "b": [other]}, {"a": "Bias", "b": "Bias"})

    found = load_weights(copy, path)

    assert other.tolist() == [1.0, 2.0]
    assert found.missing == ()


def test_of_two_values_for_a_shared_blob_the_last_stays(tmp_path: Path) -> None:
    path = caffemodel(
        tmp_path / "m.caffemodel",
        e.layer("a", "Bias", e.blob((2,), 1, 2)),
        e.layer("b", "Bias", e.blob((2,), 3, 4)),
    )
    blob = torch.zeros(2)

    load_weights(net_with({"a": [blob], "b": [blob]}, {"a": "Bias", "b": "Bias"}), path)

    assert blob.tolist() == [3.0, 4.0]


def test_caffemodel_tells_layers_as_the_net_does(tmp_path: Path) -> None:
    net = random_net()

    save_weights(net, tmp_path / "m.caffemodel")

    stored = wire.decode((tmp_path / "m.caffemodel").read_bytes(), NetParameter)
    assert stored.name == "net"
    assert [(layer.name, layer.type, len(layer.blobs)) for layer in stored.layer] == [
        ("data", "Input", 0),
        ("conv", "Convolution", 2),
        ("inception/prelu", "PReLU", 1),
        ("bn", "BatchNorm", 3),
    ]
    assert stored.layer[1].blobs[0].data == tuple(
        float(value) for value in net.params["conv"][0].detach().flatten()
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_nets_of_other_precision_are_loaded_and_saved(tmp_path: Path, dtype: torch.dtype) -> None:
    net = net_with({"a": [torch.tensor([1.5, 2.5], dtype=dtype)]}, {"a": "Bias"})
    save_weights(net, tmp_path / "m.caffemodel")
    copy = blank(net)

    load_weights(copy, tmp_path / "m.caffemodel")

    assert copy.values() == {"a": [[1.5, 2.5]]}
    assert copy.params["a"][0].dtype is dtype


def test_old_four_axes_go_into_fewer(tmp_path: Path) -> None:
    blob = e.legacy(1, 1, 1, 2) + e.data(3, 4)
    net = net_of(a=[(2,)])

    load_weights(net, caffemodel(tmp_path / "m.caffemodel", e.v1_layer("a", 14, blob)))

    assert net.values() == {"a": [[3.0, 4.0]]}


def version(tensor: Tensor) -> int:
    return tensor._version  # noqa: SLF001 # what autograd compares


def test_autograd_sees_that_a_parameter_changed(tmp_path: Path) -> None:
    net = net_with({"a": [torch.nn.Parameter(torch.zeros(2))]}, {"a": "Bias"})
    path = caffemodel(tmp_path / "m.caffemodel", e.layer("a", "Bias", e.blob((2,), 1, 2)))
    before = version(net.params["a"][0])

    load_weights(net, path)

    assert version(net.params["a"][0]) == before + 1


def test_a_tensor_that_is_part_of_another_is_saved_alone(tmp_path: Path) -> None:
    whole = torch.zeros(10_000)
    net = net_with({"a": [whole[:2]]}, {"a": "Bias"})

    save_weights(net, tmp_path / "m.pth")

    assert (tmp_path / "m.pth").stat().st_size < 4_000


@pytest.mark.parametrize("separate", [True, False])
def test_later_files_overwrite_earlier_ones(tmp_path: Path, separate: bool) -> None:
    one = caffemodel(
        tmp_path / "1.caffemodel",
        e.layer("a", "Bias", e.blob((1,), 1)),
        e.layer("b", "Bias", e.blob((1,), 1)),
    )
    two = caffemodel(tmp_path / "2.caffemodel", e.layer("b", "Bias", e.blob((1,), 2)))
    net = net_of(a=[(1,)], b=[(1,)], c=[(1,)])

    found = load_weights(net, [one, two] if separate else f"{one}, {two}")

    assert net.values() == {"a": [[1.0]], "b": [[2.0]], "c": [[-1.0]]}
    assert found.missing == (("c", 0),)


def test_a_comma_may_be_part_of_a_name(tmp_path: Path) -> None:
    path = caffemodel(tmp_path / "a,b.caffemodel", e.layer("a", "Bias", e.blob((1,), 1)))
    net = net_of(a=[(1,)])

    load_weights(net, str(path))

    assert net.values() == {"a": [[1.0]]}


def test_what_does_not_fit_is_told_all_at_once_and_nothing_is_copied(tmp_path: Path) -> None:
    one = caffemodel(
        tmp_path / "1.caffemodel",
        e.layer("a", "Bias", e.blob((1,), 1)),
        e.layer("b", "Bias", e.blob((2,), 1, 2)),
    )
    two = caffemodel(tmp_path / "2.caffemodel", e.layer("c", "ReLU", e.blob((1,), 2)))
    net = net_of(a=[(1,)], b=[(1,)], c=[])

    assert message_of(net, one, two) == [
        "PN406 weights of layer `b` do not fit: blob 0 is (2,) in the file and (1,) in the net",
        "PN405 weights of layer `c` do not fit: the file has 1 blob, the net's layer 0",
    ]


def test_damage_that_shows_late_leaves_the_net_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    net = net_of(a=[(3,)], b=[(5000,)])
    damaged = np.arange(5000, dtype=np.float32)
    save_weights(
        net_with(
            {"a": [torch.ones(3)], "b": [torch.from_numpy(damaged)]}, {"a": "Bias", "b": "Bias"}
        ),
        path,
    )
    data = path.read_bytes()
    at = data.index(damaged.tobytes())
    path.write_bytes(data[:at] + b"\x01" + data[at + 1 :])

    (message,) = message_of(net, path)

    assert message.startswith("PN401 `m.npz` cannot be read as weights: Bad CRC-32")


def test_strict_wants_all_of_both(tmp_path: Path) -> None:
    path = caffemodel(
        tmp_path / "m.caffemodel",
        e.layer("conv1", "Bias", e.blob((1,), 1)),
        e.layer("fc7", "Bias", e.blob((1,), 1)),
        e.layer("other", "Bias", e.blob((1,), 1)),
    )
    net = net_of(conv1=[(1,)], fc8=[(1,)])

    with pytest.raises(DiagnosticError) as caught:
        load_weights(net, path, strict=True)

    assert [(d.code, d.message, d.help) for d in caught.value.diagnostics] == [
        (
            "PN407",
            "blob `fc8/0` of the net is in no file",
            "load without `strict` to leave it at its filler",
        ),
        ("PN407", "layer `fc7` is not in the net", "did you mean `fc8`?"),
        ("PN407", "layer `other` is not in the net", "load without `strict` to ignore it"),
    ]
    assert net.values() == {"conv1": [[-1.0]], "fc8": [[-1.0]]}


def test_strict_is_content_where_all_is_there(tmp_path: Path) -> None:
    net = random_net()
    save_weights(net, tmp_path / "m.pth")

    assert load_weights(blank(net), tmp_path / "m.pth", strict=True).missing == ()


def test_torchs_batch_norm_goes_into_batch_norm_and_scale(tmp_path: Path) -> None:
    module = torch.nn.Sequential()
    module.add_module("bn", torch.nn.BatchNorm2d(2))
    torch.save(module.state_dict(), tmp_path / "m.pth")
    params = {
        "bn": [torch.full((2,), -1.0), torch.full((2,), -1.0), torch.zeros(1)],
        "sc": [torch.full((2,), -1.0), torch.full((2,), -1.0)],
    }
    layers = [
        {"name": "bn0", "type": "BatchNorm", "bottom": ("y",), "top": ("z",)},
        {"name": "bn", "type": "BatchNorm", "bottom": ("x",), "top": ("x",)},
        {"name": "other", "type": "Scale", "bottom": ("y",), "top": ("y",)},
        {"name": "sc", "type": "Scale", "bottom": ("x",), "top": ("x",)},
    ]
    owners = frozenset((layer, i) for layer, blobs in params.items() for i in range(len(blobs)))
    net = Blobs(params, [LayerParameter.of(layer) for layer in layers], owners)

    found = load_weights(net, tmp_path / "m.pth")

    assert net.values() == {
        "bn": [[0.0, 0.0], [1.0, 1.0], [1.0]],
        "sc": [[1.0, 1.0], [0.0, 0.0]],
    }
    assert (found.missing, found.unused) == ((), ())


@pytest.mark.parametrize(
    ("name", "help_"),
    [
        (
            "m.onnx",
            "known are `.caffemodel`, `.h5`, `.pth`, `.safetensors`, `.npz`",
        ),
        ("m.cafemodel", "did you mean `.caffemodel`?"),
    ],
)
def test_an_extension_that_says_no_format(tmp_path: Path, name: str, help_: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        save_weights(net_of(a=[(1,)]), tmp_path / name)

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "PN409",
        f"`{name}` has an extension that names no format of weights",
        help_,
    )


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """Let no file grow beyond ``size`` bytes, as if the disk were full."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_full_disk_keeps_the_old_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"m{suffix}"
    path.write_text("the old one")
    net = net_of(a=[(100_000,)])

    with files_of_at_most(100_000), pytest.raises(DiagnosticError) as caught:
        save_weights(net, path)

    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["PN408"]
    assert [each.read_text() for each in tmp_path.iterdir()] == ["the old one"]


def test_a_target_is_checked_before_it_is_written(tmp_path: Path) -> None:
    check_target(tmp_path / "m.pth")

    with pytest.raises(DiagnosticError, match="PN409"):
        check_target(tmp_path / "m.x")
    with pytest.raises(DiagnosticError, match="PN408"):
        check_target(tmp_path / "nowhere" / "m.pth")
    assert list(tmp_path.iterdir()) == []


def npz(path: Path, **blobs: ArrayLike) -> Path:
    arrays = {key.replace("_", "/"): np.asarray(each, np.float32) for key, each in blobs.items()}
    np.savez(path, allow_pickle=False, **arrays)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("rows", "rule", "expected"),
    [
        (2, "first", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
        (
            4,
            "pad",
            [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0], [-1.0, -1.0, -1.0]],
        ),
    ],
)
def test_classes_are_cut_or_padded(
    tmp_path: Path, suffix: str, rows: int, rule: str, expected: list[list[float]]
) -> None:
    path = tmp_path / f"m{suffix}"
    stored = {"fc8": [torch.arange(9.0).reshape(3, 3), torch.arange(3.0)]}
    save_weights(net_with(stored, {"fc8": "InnerProduct"}), path)
    net = net_of(fc8=[(rows, 3), (rows,)])

    found = load_weights(net, path, adapt={"fc*": rule}, strict=True)

    assert net.values() == {"fc8": [expected, [float(i) if i < 3 else -1.0 for i in range(rows)]]}
    assert found.loaded == {("fc8", 0), ("fc8", 1)}


def test_without_a_rule_other_classes_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path / "m.npz", fc8_0=np.zeros((3, 3)), fc8_1=np.zeros(3))

    assert message_of(net_of(fc8=[(2, 3), (2,)]), path) == [
        (
            "PN406 weights of layer `fc8` do not fit: "
            "blob 0 is (3, 3) in the file and (2, 3) in the net"
        ),
        "PN406 weights of layer `fc8` do not fit: blob 1 is (3,) in the file and (2,) in the net",
    ]


def test_an_inner_product_becomes_a_convolution_and_back(tmp_path: Path) -> None:
    weight, bias = torch.randn(4, 2, 3, 3), torch.zeros(4)
    as_conv = net_with({"fc6": [weight, bias]}, {"fc6": "Convolution"})
    save_weights(as_conv, tmp_path / "m.caffemodel")
    flat = net_of(fc6=[(4, 18), (4,)])

    load_weights(flat, tmp_path / "m.caffemodel")
    save_weights(flat, tmp_path / "flat.caffemodel")
    back = net_with({"fc6": [torch.zeros_like(weight), bias]}, {"fc6": "Convolution"})
    load_weights(back, tmp_path / "flat.caffemodel")

    torch.testing.assert_close(flat.params["fc6"][0], weight.flatten(1), rtol=0, atol=0)
    torch.testing.assert_close(back.params["fc6"][0], weight, rtol=0, atol=0)


def test_layers_are_renamed_and_left(tmp_path: Path) -> None:
    path = npz(tmp_path / "m.npz", a_0=[1], b_0=[2], c_0=[3])
    net = net_of(x=[(1,)], b=[(1,)], c=[(1,)])

    found = load_weights(net, path, rename={"a": "x"}, reinit="b", strict=True)

    assert net.values() == {"x": [[1.0]], "b": [[-1.0]], "c": [[3.0]]}
    assert found.left == (("b", 0),)


def test_misspelt_rules_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path / "m.npz", a_0=[1])
    net = net_of(fc8=[(1,)])

    with pytest.raises(DiagnosticError) as caught:
        load_weights(net, path, rename={"aa": "fc8"}, reinit=["fc9"])

    assert [(d.code, d.help) for d in caught.value.diagnostics] == [
        ("PN412", "did you mean `fc8`?"),
        ("PN412", "did you mean `a`?"),
    ]


def test_of_a_whole_blob_and_a_part_the_later_stays(tmp_path: Path) -> None:
    whole = npz(tmp_path / "whole.npz", a_0=[1, 1, 1])
    part = npz(tmp_path / "part.npz", a_0=[2, 2])
    first, last = net_of(a=[(3,)]), net_of(a=[(3,)])

    load_weights(first, [part, whole], adapt={"a": "pad"})
    load_weights(last, [whole, part], adapt={"a": "pad"})

    assert (first.values(), last.values()) == ({"a": [[1.0] * 3]}, {"a": [[2.0, 2.0, 1.0]]})


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_precisions_are_read(tmp_path: Path, dtype: type[np.floating]) -> None:
    values = np.array([1.5, -2.25])
    np.savez(tmp_path / "m.npz", allow_pickle=False, **{"a/0": values.astype(dtype)})
    with h5py.File(tmp_path / "m.h5", "w") as root:
        root.create_dataset("data/a/0", data=values, dtype=dtype)

    for name in ("m.npz", "m.h5"):
        net = net_of(a=[(2,)])
        load_weights(net, tmp_path / name)
        assert net.values() == {"a": [[1.5, -2.25]]}


def test_a_file_of_torchs_that_names_nothing_is_taken_by_order_on_demand(tmp_path: Path) -> None:
    state = {"f.0.weight": torch.ones(2, 3), "f.0.bias": torch.ones(2), "x.weight": torch.ones(9)}
    torch.save(state, tmp_path / "m.pth")
    net = net_of(ip=[(2, 3), (2,)])

    (message,) = message_of(net, tmp_path / "m.pth")
    found = load_weights(net, tmp_path / "m.pth", by_order=True)

    assert message == (
        "PN416 `m.pth` names no layer of the net; "
        "by their order and shapes 1 of its 2 layers go into the net's 1"
    )
    assert found.report().splitlines() == [
        "loaded                 ip (2, 3) (2,) from `f.0`",
        "not in the net, unused x (9,)",
    ]
    assert net.values() == {"ip": [[[1.0] * 3] * 2, [1.0] * 2]}


def test_blobs_of_no_values_are_passed_over(tmp_path: Path) -> None:
    net = net_of(a=[(0, 3), (1,)])
    save_weights(net, tmp_path / "m.npz")

    assert load_weights(net, tmp_path / "m.npz").loaded == {("a", 0), ("a", 1)}
