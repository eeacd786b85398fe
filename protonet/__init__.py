"""Compiles Caffe's prototxt nets and solvers to PyTorch and trains them exactly as Caffe does."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protonet.diagnostics import DiagnosticError
    from protonet.graph.shapes import infer_shapes
    from protonet.layers import register as layer
    from protonet.net import Net
    from protonet.nets.execution import Execution
    from protonet.spec.read import parse_net, parse_solver
    from protonet.spec.upgrade import upgrade_net_text as upgrade_net
    from protonet.spec.upgrade import upgrade_solver_text as upgrade_solver
    from protonet.train.solver import Solver
    from protonet.weights.binaryproto import read_blob
    from protonet.weights.load import load_weights, save_weights

__version__ = "0.1.0"

__all__ = [
    "DiagnosticError",
    "Execution",
    "Net",
    "Solver",
    "infer_shapes",
    "layer",
    "load_weights",
    "parse_net",
    "parse_solver",
    "read_blob",
    "save_weights",
    "upgrade_net",
    "upgrade_solver",
]

_HOMES = {
    "DiagnosticError": "protonet.diagnostics:DiagnosticError",
    "Execution": "protonet.nets.execution:Execution",
    "Net": "protonet.net:Net",
    "Solver": "protonet.train.solver:Solver",
    "infer_shapes": "protonet.graph.shapes:infer_shapes",
    "layer": "protonet.layers:register",
    "load_weights": "protonet.weights.load:load_weights",
    "parse_net": "protonet.spec.read:parse_net",
    "parse_solver": "protonet.spec.read:parse_solver",
    "read_blob": "protonet.weights.binaryproto:read_blob",
    "save_weights": "protonet.weights.load:save_weights",
    "upgrade_net": "protonet.spec.upgrade:upgrade_net_text",
    "upgrade_solver": "protonet.spec.upgrade:upgrade_solver_text",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: torch takes seconds, checking a file must not."""
    if name not in _HOMES:
        raise AttributeError(f"module `protonet` has no attribute `{name}`")
    module, attribute = _HOMES[name].split(":")
    return getattr(import_module(module), attribute)
