"""Small files that commands run on, and the commands."""

import os
from pathlib import Path

from click.testing import CliRunner, Result

from protonet.cli import main

NET = """\
name: "small"
layer {
  name: "digits"
  type: "Data"
  top: "data"
  top: "label"
  transform_param { scale: 0.00390625 }
  data_param { source: "builtin:digits/train" batch_size: 4 }
}
layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "data"
  top: "ip"
  inner_product_param {
    num_output: 10
    weight_filler { type: "xavier" }
  }
}
layer {
  name: "accuracy"
  type: "Accuracy"
  bottom: "ip"
  bottom: "label"
  top: "accuracy"
  include { phase: TEST }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""

SOLVER = """\
net: "net.prototxt"
base_lr: 0.1
lr_policy: "fixed"
display: 1
max_iter: 2
test_iter: 1
test_interval: 2
snapshot_prefix: "small"
random_seed: 1701
"""


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
"""For processes that run in another folder."""


def protonet(*args: str, stdin: str | None = None) -> Result:
    """Run a command in this process."""
    runner = CliRunner()
    return runner.invoke(main, args, stdin, prog_name="protonet", catch_exceptions=False)


def write(folder: Path) -> None:
    """Write the small net and its solver."""
    (folder / "net.prototxt").write_text(NET, encoding="utf-8")
    (folder / "solver.prototxt").write_text(SOLVER, encoding="utf-8")
