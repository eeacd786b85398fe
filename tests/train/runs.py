"""Small runs: a net of one or two layers on the built-in digits, and a solver that trains it."""

from pathlib import Path

from protonet.train.events import Event
from protonet.train.solver import Solver

NET = """
name: "digits"
layer {
  name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { scale: 0.00390625 }
  data_param { source: "builtin:digits/train" batch_size: 8 }
}
layer {
  name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { scale: 0.00390625 }
  data_param { source: "builtin:digits/test" batch_size: 50 }
}
layer {
  name: "drop" type: "Dropout" bottom: "data" top: "dropped" dropout_param { dropout_ratio: 0.2 }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "dropped" top: "ip"
  param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
layer {
  name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  include { phase: TEST }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
"""Dropout makes it depend on random numbers, and 1,297 is no multiple of its batch."""

SOLVER = """
net: "net.prototxt"
base_lr: 0.05 momentum: 0.9 weight_decay: 0.0005
max_iter: 10 random_seed: 1701 snapshot_prefix: "run"
"""


def write(folder: Path, fields: str = "", net: str = NET, lr_policy: str = "fixed") -> Path:
    """Write a net and its solver into a folder; return the solver."""
    (folder / "net.prototxt").write_text(net)
    path = folder / "solver.prototxt"
    path.write_text(f'{SOLVER} lr_policy: "{lr_policy}" {fields}\n')
    return path


class Told:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Event]:
        """Return the events of one kind."""
        return [event for event in self.events if type(event) is kind]


def weights(solver: Solver) -> list[list[float]]:
    """Return all blobs of the train net as numbers."""
    return [blob.tensor.detach().flatten().tolist() for blob in solver.net.learnables]
