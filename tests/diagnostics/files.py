"""Files that cases name: damaged, foreign, or of the wrong size. Made when a case needs them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import lmdb
import numpy as np
import torch

from protonet.train.resume import Position, Resume, fingerprint
from protonet.train.solver import Solver
from protonet.weights.caffemodel import LayerRecord, write_caffemodel
from protonet.weights.scan import encode_text, length_delimited
from protonet.weights.solverstate import SolverSnapshot, write_solverstate
from protonet.weights.tables import TABLES

NET = """\
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "t" type: "Input" top: "t" input_param { shape { dim: 1 dim: 2 } } }
layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "data"
  top: "ip"
  inner_product_param { num_output: 2 }
}
layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "t" top: "loss" }
"""


def net(path: Path) -> None:
    """A net with one layer ``ip``, from 3 values to 2."""
    path.write_text(NET, encoding="utf-8")


def zero_byte(path: Path) -> None:
    """Binary, where text belongs."""
    path.write_bytes(b"\n\x05LeNet\x00\x01")


def half_caffemodel(path: Path) -> None:
    """Weights that a copy cut short: a layer of 100 bytes of which 4 are there."""
    path.write_bytes(b"\n\x01n\xa2\x06\x64\n\x02ip")


def short_caffemodel(path: Path) -> None:
    """Weights whose first blob says (2, 3) and stores one value."""
    blob = b"\x3a\x04\x0a\x02\x02\x03" + b"\x2a\x04" + np.float32(1).tobytes()
    layer = b"\n\x02ip" + b"\x3a" + bytes([len(blob)]) + blob
    path.write_bytes(b"\xa2\x06" + bytes([len(layer)]) + layer)


def huge_caffemodel(path: Path) -> None:
    """2 GiB, none of them written."""
    with path.open("wb") as file:
        file.truncate(2**31)


def text_npz(path: Path) -> None:
    """Weights of text."""
    np.savez(path, allow_pickle=False, **{"ip/0": np.array(["a", "b"])})


def one_blob(path: Path) -> None:
    """Weights of ``ip`` without a bias."""
    np.savez(path, allow_pickle=False, **{"ip/0": np.zeros((2, 3), np.float32)})


def wide(path: Path) -> None:
    """Weights of ``ip`` from 4 values."""
    blobs = {"ip/0": np.zeros((2, 4), np.float32), "ip/1": np.zeros(2, np.float32)}
    np.savez(path, allow_pickle=False, **blobs)


def caffemodel(path: Path, name: str = "ip", columns: int = 3) -> None:
    """Weights of ``ip`` as Caffe writes them, perhaps by another name or from more values."""
    blobs = [np.zeros((2, columns), np.float32), np.zeros(2, np.float32)]
    header = length_delimited(1, encode_text(name))
    write_caffemodel(path, "net", [LayerRecord(header, blobs)])


def wide_caffemodel(path: Path) -> None:
    """Weights of ``ip`` from 4 values."""
    caffemodel(path, columns=4)


def renamed_caffemodel(path: Path) -> None:
    """Weights that belong to ``ip``, by another name."""
    caffemodel(path, "ip_old")


def text_blobs(path: Path) -> None:
    """A text, where arrays belong."""
    path.write_text("data: 1 2 3", encoding="utf-8")


def some_blobs(path: Path) -> None:
    """An image of another size, and no second input."""
    np.savez(path, allow_pickle=False, data=np.zeros((2, 3, 7, 7), np.float32))


def foreign_blobs(path: Path) -> None:
    """An image of 8 x 8, and a blob of another net."""
    image = np.zeros((1, 3, 8, 8), np.float32)
    np.savez(path, allow_pickle=False, data=image, conv1=image)


def foreign(path: Path) -> None:
    """Weights of another layer."""
    np.savez(path, allow_pickle=False, **{"ip2/0": np.zeros((2, 3), np.float32)})


def module(path: Path) -> None:
    """A whole module, not its tensors."""
    torch.save(torch.nn.Linear(3, 2), path)


def lone_solverstate(path: Path) -> None:
    """A solver state whose weights are gone."""
    history = [np.zeros((2, 3), np.float32), np.zeros(2, np.float32)]
    write_solverstate(path, SolverSnapshot(5, "gone_iter_5.caffemodel", 0, history))


def other_solverstate(path: Path) -> None:
    """A solver state of another net."""
    write_solverstate(path, SolverSnapshot(5, "", 0, [np.zeros(7, np.float32)]))


def resumed_solverstate(path: Path) -> None:
    """A solver state with a damaged ``.resume`` beside it."""
    history = [np.zeros((2, 3), np.float32), np.zeros(2, np.float32)]
    write_solverstate(path, SolverSnapshot(5, "", 0, history))
    path.with_suffix(".resume").write_text("{", encoding="utf-8")


def paired_solverstate(path: Path) -> None:
    """A solver state that two processes wrote."""
    history = [np.zeros((2, 3), np.float32), np.zeros(2, np.float32)]
    saved = SolverSnapshot(5, "", 0, history)
    write_solverstate(path, saved)
    alone = Position.of([])
    both = replace(alone, others=(alone.generators,))
    kept: dict[str, object] = {"written": [], "best": None}
    resume = Resume(both, (), kept=kept, fingerprint=fingerprint(saved))
    resume.write(path.with_suffix(".resume"))


def stepped_solverstate(path: Path) -> None:
    """A solver state that has taken two steps, with momentum."""
    history = [np.ones((2, 3), np.float32), np.ones(2, np.float32)]
    write_solverstate(path, SolverSnapshot(5, "", 2, history))


SOLVER = """
net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 10 snapshot_prefix: "run"
"""


def written_solverstate(path: Path) -> None:
    """A whole snapshot of a solver."""
    Solver(SOLVER).snapshot()


def moved_solverstate(path: Path) -> None:
    """A snapshot whose files were moved."""
    path.mkdir()
    for name in Solver(SOLVER).snapshot():
        Path(name).rename(path / name)


def vgg_with_batch_norm(path: Path) -> None:
    """The names of torchvision's VGG-16 with BatchNorm."""
    convolutions = (0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40)
    names = [f"features.{at}" for c in convolutions for at in (c, c + 1)]
    names += [f"classifier.{at}" for at in (0, 3, 6)]
    torch.save({f"{name}.weight": torch.zeros(1) for name in names}, path)


def resnet_50(path: Path) -> None:
    """The names of torchvision's ResNet-50."""
    torch.save({f"{name}.weight": torch.zeros(1) for name in TABLES[2].layers}, path)


def nameless(path: Path) -> None:
    """Weights of ``ip`` by other names."""
    torch.save({"0.weight": torch.zeros(2, 3), "0.bias": torch.zeros(2)}, path)


def empty_folder(path: Path) -> None:
    """A folder that is no database."""
    path.mkdir()


def bad_record(path: Path) -> None:
    """An LMDB whose record is no Datum."""
    with lmdb.open(str(path)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"00000000", b"\xff\xff\xff")


def image(path: Path, height: int = 4, width: int = 5) -> None:
    """An image of three channels."""
    cv2.imwrite(str(path), np.zeros((height, width, 3), np.uint8))


def image_list(path: Path) -> None:
    """A list of one image that is there."""
    image(Path("there.png"))
    path.write_text("there.png 0\n", encoding="utf-8")


def uneven_list(path: Path) -> None:
    """A list of two images of different sizes."""
    image(Path("small.png"))
    image(Path("large.png"), 8, 8)
    path.write_text("small.png 0\nlarge.png 1\n", encoding="utf-8")


def page_list(path: Path) -> None:
    """A list of an image that is a text."""
    Path("page.jpg").write_text("<html>", encoding="utf-8")
    path.write_text("page.jpg 0\n", encoding="utf-8")


def cases_list(path: Path) -> None:
    """A list of two images that are not there, one but for its letters."""
    image(Path("dog.png"))
    path.write_text("Dog.png 0\ndog.png 0\ngone.png 1\n", encoding="utf-8")


def uneven_labels(path: Path) -> None:
    """A list whose lines have one label and two."""
    image(Path("there.png"))
    path.write_text("there.png 0 1\nthere.png 1\n", encoding="utf-8")


def mixed_list(path: Path) -> None:
    """A list of an image that is there and one that is not."""
    image(Path("there.png"))
    path.write_text("there.png 0\nlost.png 1\n", encoding="utf-8")


def float_record(path: Path) -> None:
    """An LMDB of one image of floats: 1 x 1 x 2 of 0.5 and 1."""
    record = b"\x08\x01\x10\x01\x18\x02" + b"\x35\0\0\0\x3f" + b"\x35\0\0\x80\x3f"
    with lmdb.open(str(path)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"00000000", record)


def gone_list(path: Path) -> None:
    """A list of an image that is not there."""
    path.write_text("gone.png 0\n", encoding="utf-8")


def empty_list(path: Path) -> None:
    """A list of nothing."""
    path.write_text("", encoding="utf-8")


def hdf5_list(path: Path) -> None:
    """A list of one HDF5 file with the datasets ``data`` and ``label``."""
    with h5py.File("rows.h5", "w") as file:
        file["data"] = np.zeros((4, 3), np.float32)
        file["label"] = np.zeros(4, np.float32)
    path.write_text("rows.h5\n", encoding="utf-8")


def begun(path: Path) -> None:
    """What a conversion to another size has left."""
    path.mkdir()
    plan = {"list": "", "--resize": [16, 16]}
    (path / "protonet.json").write_text(json.dumps(plan), encoding="utf-8")


def window_list(path: Path) -> None:
    """A list of windows, all of them foreground."""
    image(Path("there.png"))
    path.write_text("# 0\nthere.png\n3 4 5\n1\n1 0.9 0 0 2 2\n", encoding="utf-8")


def broken_plugin(path: Path) -> None:
    """A plugin that imports what is not there."""
    path.write_text('"""Layers."""\n\nimport no_such_module\n', encoding="utf-8")


def empty_plugin(path: Path) -> None:
    """A plugin that registers nothing."""
    path.write_text('"""No layers."""\n', encoding="utf-8")


def curves(path: Path) -> None:
    """What a real training recorded (tests/report/curves), or a made one of that form."""
    real = Path(__file__).parents[1] / "report" / "curves" / path.name
    if real.exists():
        path.write_text(real.read_text(encoding="utf-8"), encoding="utf-8")
        return
    laws: Mapping[str, Callable[[int], tuple[float, float]]] = {
        "nan.csv": lambda at: (2.3 if at < 20 else float("nan"), 2.3),
        "capped.csv": lambda at: (2.3 if at < 20 else 87.3365, 2.3),
        "overfits.csv": lambda at: (2.3 * 0.95**at, 0.5 + 0.002 * (at - 20) ** 2),
        "level.csv": lambda at: (0.5 + 1.8 * 0.7**at, 0.6 + 1.7 * 0.7**at),
    }
    rows = [(100 * at, *laws[path.name](at)) for at in range(40)]
    lines = [f"{it},loss,,{train:.5g}\n{it},test,loss,{test:.5g}\n" for it, train, test in rows]
    path.write_text("".join(("it,kind,name,value\n0,rate,,0.1\n", *lines)), encoding="utf-8")


def empty_log(path: Path) -> None:
    """A log of nothing."""
    path.write_text("", encoding="utf-8")


def other_sweep(path: Path) -> None:
    """The folder of a sweep over other rates."""
    path.mkdir()
    (path / "sweep.json").write_text(json.dumps({"set": ["base_lr=1,2"]}), encoding="utf-8")


def failing_dot(path: Path) -> None:
    """A graphviz that cannot do it."""
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho 'Format: \"png\" not recognized.' >&2\nexit 1\n")
    path.chmod(0o755)


MAKERS: Mapping[str, Callable[[Path], None]] = {
    "net.prototxt": net,
    "broken_plugin.py": broken_plugin,
    "empty_plugin.py": empty_plugin,
    "binary.prototxt": zero_byte,
    "half.caffemodel": half_caffemodel,
    "short.caffemodel": short_caffemodel,
    "huge.caffemodel": huge_caffemodel,
    "whole.caffemodel": caffemodel,
    "wide.caffemodel": wide_caffemodel,
    "renamed.caffemodel": renamed_caffemodel,
    "text.npz": text_npz,
    "one_blob.npz": one_blob,
    "wide.npz": wide,
    "foreign.npz": foreign,
    "text_blobs.npz": text_blobs,
    "some_blobs.npz": some_blobs,
    "foreign_blobs.npz": foreign_blobs,
    "broken.onnx": zero_byte,
    "module.pth": module,
    "lone.solverstate": lone_solverstate,
    "other.solverstate": other_solverstate,
    "resumed.solverstate": resumed_solverstate,
    "paired.solverstate": paired_solverstate,
    "stepped.solverstate": stepped_solverstate,
    "run_iter_0.solverstate": written_solverstate,
    "moved": moved_solverstate,
    "vgg16_bn.pth": vgg_with_batch_norm,
    "resnet50.pth": resnet_50,
    "nameless.pth": nameless,
    "away": empty_folder,
    "no_database": empty_folder,
    "bad_record_lmdb": bad_record,
    "images.txt": image_list,
    "uneven.txt": uneven_list,
    "gone.txt": gone_list,
    "pages.txt": page_list,
    "cases.txt": cases_list,
    "uneven_labels.txt": uneven_labels,
    "mixed.txt": mixed_list,
    "float_lmdb": float_record,
    "empty.txt": empty_list,
    "hdf5.txt": hdf5_list,
    "windows.txt": window_list,
    "begun.unfinished": begun,
    "other_sweep": other_sweep,
    "bin/dot": failing_dot,
    "nothing.log": empty_log,
    "good.csv": curves,
    "rate_too_high.csv": curves,
    "rate_too_low.csv": curves,
    "stuck.csv": curves,
    "poor_initial_weights.csv": curves,
    "batch_too_small.csv": curves,
    "nan.csv": curves,
    "capped.csv": curves,
    "overfits.csv": curves,
    "level.csv": curves,
}
