"""A net's blobs as a solver sees them, and their names in a ``state_dict``."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from protonet.graph.share import Owned
from protonet.nets.compile import attribute, named_by


@dataclass(frozen=True, slots=True)
class Learnable:
    """A blob with what the solver may do with it.

    Attributes:
        layer: The name of the layer that owns it.
        index: Which of its blobs.
        tensor: A Parameter; a buffer for running statistics.
        lr_mult: Multiplies the rate; 0 freezes.
        decay_mult: Multiplies the weight decay.
        max_norm: Bounds the norm of each row (axis 0) after an update; 0 is no bound.
    """

    layer: str
    index: int
    tensor: Tensor
    lr_mult: float
    decay_mult: float
    max_norm: float = 0.0


def in_shape(blob: Tensor, owned: Owned) -> Tensor:
    """Return a blob as the layer has it whose slot is ``owned``: itself, or a view of it."""
    return blob if blob.shape == owned.weight.shape else blob.view(owned.weight.shape)


def name_with_dots(net: nn.Module) -> None:
    """Let a net's state have the blobs of layer ``a.b`` under that name, which no attribute may."""
    net.register_state_dict_post_hook(_to_names)
    net.register_load_state_dict_pre_hook(_to_attributes)


def _to_names(
    module: nn.Module, state: dict[str, Any], prefix: str, metadata: dict[str, Any]
) -> None:
    # Where the net is a module of another, the state holds that one's, too.
    for key in [key for key in state if key.startswith(prefix) and "%" in key]:
        state[prefix + named_by(key.removeprefix(prefix))] = state.pop(key)


def _to_attributes(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for key in list(state):
        state[prefix + attribute(key.removeprefix(prefix))] = state.pop(key)
