import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType] # `PathLike` of what
from torch import Tensor, nn

from protonet.diagnostics import DiagnosticError
from protonet.weights.stored import StoredLayers
from protonet.weights.torch_files import (
    is_npz,
    read_npz,
    read_pth,
    read_safetensors,
    write_npz,
    write_pth,
    write_safetensors,
)

WEIGHT = torch.arange(6.0).reshape(2, 3)
BIAS = torch.tensor([7.0, 8.0])
OURS = {"ip/0": WEIGHT, "ip/1": BIAS, "a.b/c/12": BIAS.clone()}
THEIRS: dict[str, dict[int, object]] = {
    "ip": {0: WEIGHT.tolist(), 1: BIAS.tolist()},
    "a.b/c": {12: BIAS.tolist()},
}


def values(stored: StoredLayers) -> dict[str, dict[int, object]]:
    return {
        layer.name: {i: blob.array().tolist() for i, blob in layer.blobs.items()}
        for layer in stored.layers
    }


def message_of(work: Callable[[], object]) -> str:
    with pytest.raises(DiagnosticError) as caught:
        work()
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message}"


def read_saved(folder: Path, saved: object) -> dict[str, dict[int, object]]:
    torch.save(saved, folder / "m.pth")
    return values(read_pth(folder / "m.pth"))


@pytest.mark.parametrize(
    ("write", "read"),
    [(write_pth, read_pth), (write_safetensors, read_safetensors), (write_npz, read_npz)],
    ids=["pth", "safetensors", "npz"],
)
def test_our_tensors_read_back(
    tmp_path: Path,
    write: Callable[[Path, dict[str, Tensor]], None],
    read: Callable[[Path], StoredLayers],
) -> None:
    write(tmp_path / "m", OURS)

    stored = read(tmp_path / "m")

    assert stored.owners_only
    assert values(stored) == THEIRS


def test_what_is_written_is_what_torch_reads(tmp_path: Path) -> None:
    write_pth(tmp_path / "m.pth", OURS)

    loaded = torch.load(tmp_path / "m.pth", weights_only=True)

    assert {key: tensor.tolist() for key, tensor in loaded.items()} == {
        key: tensor.tolist() for key, tensor in OURS.items()
    }


def test_names_that_are_no_utf8_go_where_the_format_has_them(tmp_path: Path) -> None:
    named = {"caf\udce9/0": BIAS}

    write_pth(tmp_path / "m.pth", named)

    assert values(read_pth(tmp_path / "m.pth")) == {"caf\udce9": {0: BIAS.tolist()}}
    for write in (write_safetensors, write_npz):
        with pytest.raises(DiagnosticError, match=r"PN408.*would hold `caf\ufffd/0"):
            write(tmp_path / "m", named)


def test_names_of_torch_are_weight_and_bias(tmp_path: Path) -> None:
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(1, 2, 1))
    net.add_module("ip", nn.Linear(2, 1, bias=False))

    found = read_saved(tmp_path, net.state_dict())

    state = {key: tensor.tolist() for key, tensor in net.state_dict().items()}
    assert found == {
        "conv1": {0: state["conv1.weight"], 1: state["conv1.bias"]},
        "ip": {0: state["ip.weight"]},
    }


NORM = {"running_mean": [1.0], "running_var": [2.0]}
AFFINE = {"weight": [3.0], "bias": [4.0]}


def test_a_batch_norm_is_caffes_two_layers(tmp_path: Path) -> None:
    state = {f"bn.{key}": torch.tensor(value) for key, value in (AFFINE | NORM).items()}
    state["bn.num_batches_tracked"] = torch.tensor(9)

    found = read_saved(tmp_path, state)

    assert list(found) == ["bn", "bn (affine)"]
    assert found == {
        "bn": {0: [1.0], 1: [2.0], 2: [1.0]},
        "bn (affine)": {0: [3.0], 1: [4.0]},
    }


def test_files_of_ours_are_told_from_foreign_ones(tmp_path: Path) -> None:
    torch.save({"a/0": BIAS}, tmp_path / "ours.pth")
    torch.save({"a.bias": BIAS}, tmp_path / "theirs.pth")

    assert [read_pth(tmp_path / name).foreign for name in ("ours.pth", "theirs.pth")] == [
        False,
        True,
    ]


def test_numbers_in_names_of_safetensors_count_as_numbers(tmp_path: Path) -> None:
    """The format sorts its tensors by name; a net's order is by number."""
    save_file({f"f.{n}.weight": BIAS.clone() for n in (10, 9, 2)}, tmp_path / "m.safetensors")

    stored = read_safetensors(tmp_path / "m.safetensors")

    assert [layer.name for layer in stored.layers] == ["f.2", "f.9", "f.10"]


WRAPPED: dict[str, object] = {
    "state_dict": {"epoch": 3, "optimizer": dict[str, object](), "state_dict": OURS},
    "model": {"model": OURS},
    "both": {"model": {"state_dict": OURS}},
    "DataParallel": {f"module.{key}": value for key, value in OURS.items()},
    "with other things": {**OURS, "version": "1.0", 3: BIAS},
}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_a_state_dict_may_be_wrapped(tmp_path: Path, wrapped: object) -> None:
    assert read_saved(tmp_path, wrapped) == THEIRS


def test_a_key_that_says_no_layer_is_one(tmp_path: Path) -> None:
    state = {"scale": BIAS, "x.gamma": BIAS, "weight": BIAS}

    assert read_saved(tmp_path, state) == {key: {0: BIAS.tolist()} for key in state}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int64])
def test_other_numbers_are_read_as_floats(tmp_path: Path, dtype: torch.dtype) -> None:
    save_file({"a/0": BIAS.to(dtype)}, tmp_path / "m.safetensors")

    assert values(read_safetensors(tmp_path / "m.safetensors")) == {"a": {0: BIAS.tolist()}}
    assert read_saved(tmp_path, {"a/0": BIAS.to(dtype)}) == {"a": {0: BIAS.tolist()}}


def test_files_of_old_torch_are_read(tmp_path: Path) -> None:
    torch.save(OURS, tmp_path / "m.pth", _use_new_zipfile_serialization=False)

    assert values(read_pth(tmp_path / "m.pth")) == THEIRS


class Attack:
    """What a hostile file would hold."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_file_is_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], zipped: bool
) -> None:
    torch.save(
        {"a/0": BIAS, "b": Attack()}, tmp_path / "m.pth", _use_new_zipfile_serialization=zipped
    )

    assert message_of(lambda: read_pth(tmp_path / "m.pth")) == (
        "PN410 `m.pth` holds more than tensors: reading it would run code"
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("saved", [{"epoch": 3}, [BIAS], {"state_dict": {}}])
def test_a_file_without_named_tensors(tmp_path: Path, saved: object) -> None:
    torch.save(saved, tmp_path / "m.pth")

    assert message_of(lambda: read_pth(tmp_path / "m.pth")) == (
        "PN401 `m.pth` cannot be read as weights: it holds no tensors by name"
    )


@pytest.mark.parametrize(
    ("write", "read"),
    [(write_pth, read_pth), (write_safetensors, read_safetensors), (write_npz, read_npz)],
    ids=["pth", "safetensors", "npz"],
)
def test_a_file_cut_short_is_a_diagnostic(
    tmp_path: Path,
    write: Callable[[Path, dict[str, Tensor]], None],
    read: Callable[[Path], StoredLayers],
) -> None:
    path = tmp_path / "m"
    write(path, OURS)
    data = path.read_bytes()

    for size in range(0, len(data), 29):
        path.write_bytes(data[:size])
        assert message_of(lambda: read(path)).startswith("PN401 `m` cannot be read as weights")


def test_an_npz_is_told_from_torchs_zip(tmp_path: Path) -> None:
    write_npz(tmp_path / "a", OURS)
    write_pth(tmp_path / "b", OURS)
    (tmp_path / "c.npz").write_bytes(b"PK\3\4")

    assert [is_npz(tmp_path / name) for name in ("a", "b", "c.npz")] == [True, False, True]


def test_arrays_of_other_layout_are_read(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    array = np.asfortranarray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members:
        for version in ((1, 0), (2, 0)):
            with members.open(f"v{version[0]}/0.npy", "w") as file:
                np.lib.format.write_array(file, array, version)

    assert values(read_npz(path)) == {"v1": {0: array.tolist()}, "v2": {0: array.tolist()}}


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", allow_pickle=True, a=np.array([Attack()], object))

    assert message_of(lambda: read_npz(tmp_path / "m.npz")) == (
        "PN404 `a.npy` stores its values as numpy `object`"
    )


def test_an_array_that_says_it_is_larger_is_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w") as members:
        header = repr({"descr": "<f4", "fortran_order": False, "shape": (2**40,)}) + "\n"
        members.writestr(
            "a.npy", b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode()
        )

    assert message_of(lambda: read_npz(path)) == (
        "PN402 `a.npy` has the shape (1099511627776,) but stores 0 values"
    )


def test_a_flipped_bit_in_an_array_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    array = torch.arange(5000.0)  # the sum of a small one is checked with its head
    write_npz(path, {"ip/0": array})
    data = path.read_bytes()
    at = data.index(array.numpy().tobytes())
    path.write_bytes(data[: at + 4] + b"\x01" + data[at + 5 :])

    (layer,) = read_npz(path).layers

    assert message_of(layer.blobs[0].array).startswith("PN401")


@pytest.mark.parametrize("write", [write_pth, write_safetensors, write_npz])
def test_a_folder_that_is_not_there_is_a_diagnostic(
    tmp_path: Path, write: Callable[[Path, dict[str, Tensor]], None]
) -> None:
    assert message_of(lambda: write(tmp_path / "nowhere" / "m", OURS)).startswith("PN408")


@pytest.mark.parametrize("read", [read_pth, read_safetensors, read_npz])
def test_a_file_that_is_not_there_is_a_diagnostic(
    tmp_path: Path, read: Callable[[Path], StoredLayers]
) -> None:
    assert message_of(lambda: read(tmp_path / "m")).startswith("PN021")


def test_a_pickle_that_is_no_torch_file(tmp_path: Path) -> None:
    path = tmp_path / "m.pth"
    path.write_bytes(pickle.dumps({"a": 1}))

    assert message_of(lambda: read_pth(path)).startswith("PN401")
