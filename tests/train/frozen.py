"""A net with frozen layers, trained with and without a cache of what they make."""

from collections.abc import Sequence
from pathlib import Path

import torch

from protonet.data.given import Parts
from protonet.nets.execution import PLAIN, Execution
from protonet.train import events
from protonet.train.solver import Solver
from tests.train.runs import Told

DATA = """
layer {
  name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { scale: 0.00390625 }
  data_param { source: "builtin:digits-0-4/train" batch_size: 48 }
}
layer {
  name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { scale: 0.00390625 }
  data_param { source: "builtin:digits-0-4/test" batch_size: 50 }
}
"""
"""650 images to learn from and 251 to test: neither is a multiple of its batch."""

PREFIX = """
layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv"
  param { lr_mult: 0 } param { lr_mult: 0 }
  convolution_param { num_output: 3 kernel_size: 5 stride: 2 weight_filler { type: "xavier" } }
}
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 3 } }
"""
HEAD = """
layer {
  name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } }
}
layer {
  name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
  include { phase: TEST }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
NET = DATA + PREFIX + HEAD
BYTES = 4 * (3 * 10 * 10 + 1)
"""Of a sample: `pool` and `label`."""


class Run:
    """A solver with what it tells.

    Args:
        fields: Of the solver.
        net: The net.
        folder: Where snapshots go.
        execution: How it is run.
        parts: Which records it reads.
    """

    def __init__(
        self,
        fields: str = "",
        net: str = NET,
        *,
        folder: Path | None = None,
        execution: Execution = PLAIN,
        parts: Parts | None = None,
    ) -> None:
        self.told = Told()
        prefix = f'snapshot_prefix: "{folder / "run"}"' if folder else ""
        self.solver = Solver(
            f'net_param {{ {net} }} base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 '
            f"weight_decay: 0.0005 max_iter: 1000 random_seed: 1701 snapshot_after_train: false "
            f"solver_mode: CPU {prefix} {fields}\n",
            listeners=[self.told],
            execution=execution,
            parts=parts,
        )

    def step(self, iterations: int) -> "Run":
        """Train."""
        self.solver.step(iterations)
        return self

    @property
    def weights(self) -> list[torch.Tensor]:
        """All blobs."""
        return [blob.tensor.detach() for blob in self.solver.net.learnables]

    @property
    def losses(self) -> list[float]:
        """Of all iterations."""
        return [float(e.loss) for e in self.told.events if isinstance(e, events.Iterated)]

    @property
    def tests(self) -> Sequence[events.Event]:
        """All test results."""
        return self.told.of(events.Tested)

    @property
    def shown(self) -> list[tuple[float, tuple[events.Output, ...]]]:
        """All displays, less their times."""
        found = (e for e in self.told.events if isinstance(e, events.Displayed))
        return [(event.loss, event.outputs) for event in found]

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """Codes and messages."""
        found = (e.diagnostic for e in self.told.events if isinstance(e, events.Warned))
        return [(diagnostic.code, diagnostic.message) for diagnostic in found]

    def of_cache(self, kind: type[events.Event]) -> list[events.Event]:
        """Return events of one kind."""
        return self.told.of(kind)


def assert_same(one: Run, other: Run, *, atol: float = 0) -> None:
    """Assert that two runs have trained alike; bit for bit unless ``atol`` is given."""
    torch.testing.assert_close(one.losses, other.losses, atol=atol, rtol=0)
    torch.testing.assert_close(one.weights, other.weights, atol=atol, rtol=0)
