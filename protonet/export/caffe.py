"""A net or solver as BVLC's Caffe reads it: without what only protonet has.

What does not change the result of a training is left out and told; what does is refused.
"""

from csv import DictReader
from dataclasses import dataclass, field, replace
from functools import cache

from protonet import files
from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.message.base import Kind, Message, name_of
from protonet.message.bind import bind
from protonet.source import Source
from protonet.spec.change import Change, in_blocks
from protonet.spec.net import LayerParameter
from protonet.spec.read import bind_net
from protonet.spec.rewrite import modern_net, modern_solver
from protonet.spec.solver import SolverParameter
from protonet.syntax.parse import parse
from protonet.syntax.splice import splice
from protonet.syntax.tree import Block, Field, Tree

LEFT_OUT = frozenset({"early_stopping", "keep_best", "keep_last", "shuffle"})
"""Fields of protonet that change neither a forward pass nor an update."""

TYPES = frozenset(
    {
        "AbsVal",
        "Accuracy",
        "ArgMax",
        "BNLL",
        "BatchNorm",
        "BatchReindex",
        "Bias",
        "Clip",
        "Concat",
        "ContrastiveLoss",
        "Convolution",
        "Crop",
        "Data",
        "Deconvolution",
        "Dropout",
        "DummyData",
        "ELU",
        "Eltwise",
        "Embed",
        "EuclideanLoss",
        "Exp",
        "Filter",
        "Flatten",
        "HDF5Data",
        "HDF5Output",
        "HingeLoss",
        "Im2col",
        "ImageData",
        "InfogainLoss",
        "InnerProduct",
        "Input",
        "LRN",
        "LSTM",
        "LSTMUnit",
        "Log",
        "MVN",
        "MemoryData",
        "MultinomialLogisticLoss",
        "PReLU",
        "Parameter",
        "Pooling",
        "Power",
        "Python",
        "RNN",
        "ReLU",
        "Reduction",
        "Reshape",
        "SPP",
        "Scale",
        "Sigmoid",
        "SigmoidCrossEntropyLoss",
        "Silence",
        "Slice",
        "Softmax",
        "SoftmaxWithLoss",
        "Split",
        "Swish",
        "TanH",
        "Threshold",
        "Tile",
        "WindowData",
    }
)
"""The layer types of BVLC's Caffe."""

_RULES = frozenset({"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"})
_POLICIES = frozenset({"fixed", "step", "exp", "inv", "multistep", "sigmoid", "poly"})


@cache
def fields_of_caffe() -> frozenset[tuple[str, str]]:
    """Return every message of BVLC's schema with each of its fields."""
    with (files.shipped_root() / "schema" / "caffe.tsv").open(encoding="utf-8") as file:
        return frozenset((row["message"], row["field"]) for row in DictReader(file, delimiter="\t"))


def to_caffe(source: Source, *, solver: bool = False) -> tuple[str, tuple[Change, ...]]:
    """Return the text of a net or solver for BVLC's Caffe, and what was done to get it.

    Raises:
        DiagnosticError: The file is at fault; PN805, it asks for something that Caffe does not
            have.
    """
    tree = parse(source)
    new, changes = modern_solver(tree) if solver else modern_net(tree)
    message = bind(new, SolverParameter) if solver else bind_net(new)
    stripping = _Stripping(new)
    root = stripping.block(new.root, type(message))
    if stripping.problems:
        raise DiagnosticError(stripping.problems)
    return splice(tree, replace(new, root=root)), (*changes, *stripping.changes)


@dataclass
class _Stripping:
    tree: Tree
    changes: list[Change] = field(default_factory=list[Change])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def block(self, block: Block, message: type[Message]) -> Block:
        """Return a message without protonet's own fields."""
        if not self._has_choices(block, message):
            return block  # what is in it belongs to what Caffe does not have
        fields = [new for old in block.fields if (new := self._field(old, message)) is not None]
        same = len(fields) == len(block.fields) and all(map(_is, fields, block.fields))
        return block if same else block._replace(fields=tuple(fields))

    def _field(self, old: Field, message: type[Message]) -> Field | None:
        slot = message.slots()[old.name]
        if (name_of(message), old.name) not in fields_of_caffe():
            return self._own(old)
        if slot.kind is not Kind.MESSAGE:
            return old
        value = in_blocks(old.value, lambda block: self.block(block, slot.type))
        return old if value is old.value or value == old.value else old._replace(value=value)

    def _own(self, old: Field) -> None:
        if old.name in LEFT_OUT:
            what = f"`{old.name}` was left out: Caffe does not have it, and it changes no result"
            self.changes.append(Change(what, old.at))
        else:
            self._refuse(f"Caffe has no field `{old.name}`", old, "remove it, or train it here")

    def _has_choices(self, block: Block, message: type[Message]) -> bool:
        """Tell whether Caffe has the types and policies that a message names."""
        if issubclass(message, LayerParameter):
            return self._has(block, "type", TYPES, "layer type")
        if issubclass(message, SolverParameter):
            self._has(block, "type", _RULES, "solver type")
            self._has(block, "lr_policy", _POLICIES, "policy")
        return True

    def _has(self, block: Block, name: str, known: frozenset[str], what: str) -> bool:
        odd = [one for one in block.all(name) if one.value not in known]
        for one in odd:
            self._refuse(f"Caffe has no {what} `{one.value}`", one, _ADVICE[what])
        return not odd

    def _refuse(self, message: str, old: Field, advice: str) -> None:
        label = Label(self.tree.value_span(old) if old.name == "type" else self.tree.name_span(old))
        self.problems.append(Diagnostic("PN805", message, (label,), advice))


_ADVICE = {
    "layer type": "a fork of Caffe may have it; `--to torch` and `--to onnx` do not need Caffe",
    "solver type": "choose one of Caffe's six: SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam",
    "policy": "choose fixed, step, exp, inv, multistep, sigmoid or poly",
}


def _is(one: object, other: object) -> bool:
    return one is other
