"""A label that is no class is told with the record that has it."""

from pathlib import Path

import numpy as np
import pytest
import torch

import protonet
from protonet.data.shard import Shard
from protonet.data.streams.base import Naming
from tests.data.builders import random_images, raw_datum, write_images, write_lmdb

HEAD = """
layer {
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
IMAGES = random_images(6, 3, 6, 6)


def told(text: str, phase: str = "TRAIN", batches: int = 3) -> str:
    """What is said of the label 7."""
    net = protonet.Net(text + HEAD, phase=phase)
    with net.feed, pytest.raises(protonet.DiagnosticError) as raised:
        [net({}) for _ in range(batches)]
    (problem,) = raised.value.diagnostics
    assert problem.message == "layer `loss`: label 7 is outside 0 .. 4"
    return problem.help


def listed(folder: Path, more: str = "", transform: str = "") -> str:
    return f"""layer {{
      name: "in" type: "ImageData" top: "data" top: "label"
      image_data_param {{ source: "{folder / "list.txt"}" batch_size: 2 {more} }}
      transform_param {{ {transform} }}
    }}"""


def test_of_ten_crops_the_image_is_told(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, [0, 1, 2, 7, 0, 0])

    found = told(listed(tmp_path, transform="crop_size: 4 oversample: true"), "TEST")

    assert found == f"`3.png` of `{tmp_path / 'list.txt'}` has it in `label`; they count from 0"


def test_of_skipped_images_the_one_that_stands_in_is_told(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, [0, 1, 2, 3, 7, 0])
    (tmp_path / "3.png").write_bytes(b"no image")

    assert told(listed(tmp_path, "on_bad_image: SKIP")).startswith("`4.png` of")


def test_a_shuffled_record_is_told_by_its_key(tmp_path: Path) -> None:
    labels = [0, 1, 2, 3, 7, 0]
    write_lmdb(tmp_path / "db", [raw_datum(IMAGES[at], label) for at, label in enumerate(labels)])
    text = f"""layer {{
      name: "in" type: "Data" top: "data" top: "label"
      data_param {{ source: "{tmp_path / "db"}" backend: LMDB batch_size: 4 shuffle: true }}
    }}"""

    assert told(text).startswith(f"`00000004` of `{tmp_path / 'db'}` has it")


def test_a_sample_of_python_and_an_array_are_told_by_number() -> None:
    memory = """layer {
      name: "in" type: "MemoryData" top: "data" top: "label"
      memory_data_param { batch_size: 2 channels: 3 height: 6 width: 6 }
    }"""
    net = protonet.Net(memory + HEAD, phase="TRAIN")
    labels = np.array([0, 1, 2, 7], np.float32)
    net.feed.set_input_arrays("in", IMAGES[:4].astype(np.float32), labels)
    net({})
    with pytest.raises(protonet.DiagnosticError, match="image 3 of the arrays of layer `in`"):
        net({})

    given = """layer { name: "in" type: "Input" top: "data" top: "label"
      input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 } } }"""
    samples = [(IMAGES[at], label) for at, label in enumerate([0, 1, 7, 3])]
    net = protonet.Net(given + HEAD, phase="TRAIN", data={"train": samples})
    net({})
    with pytest.raises(protonet.DiagnosticError, match="sample 2 of the data for `train`"):
        net({})


def test_of_a_share_the_own_record_is_told(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(6))

    net = protonet.Net(listed(tmp_path) + HEAD, phase="TRAIN", shard=Shard(1, 2))

    pipe = net.feed.pipe("in")
    assert pipe is not None
    assert isinstance(pipe.stream, Naming)
    assert [pipe.stream.name(0, 4, row).split("`")[1] for row in (0, 1)] == ["1.png", "3.png"]


def test_nothing_is_told_of_a_label_that_the_caller_gave(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, range(6))
    net = protonet.Net(listed(tmp_path) + HEAD, phase="TRAIN")

    with net.feed, pytest.raises(protonet.DiagnosticError) as raised:
        net({"label": torch.tensor([0.0, 7.0])})

    assert raised.value.diagnostics[0].help == ""


def test_of_joined_batches_with_kept_features_the_right_one_is_told(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, [0, 1, 2, 3, 4, 0])
    (tmp_path / "net.prototxt").write_text(
        listed(tmp_path)
        + """
        layer {
          name: "frozen" type: "InnerProduct" bottom: "data" top: "frozen"
          param { lr_mult: 0 } param { lr_mult: 0 }
          inner_product_param { num_output: 4 weight_filler { type: "xavier" } }
        }
        """
        + HEAD.replace('"data"', '"frozen"')
    )
    solver = protonet.Solver(
        f"""net: "{tmp_path / "net.prototxt"}" base_lr: 0.01 lr_policy: "fixed" max_iter: 9
        iter_size: 3 cache_frozen: RAM snapshot_prefix: "{tmp_path / "s"}"
        """
    )
    solver.step(2)  # all is kept
    pipe = solver.net.feed.pipe("in")
    assert pipe is not None
    assert [pipe.called(row, before) for before in (3, 2, 1) for row in (0, 1)] == [
        f"`{at}.png` of `{tmp_path / 'list.txt'}`" for at in range(6)
    ]
