"""What is told of a field that only a fork of Caffe has."""

from protonet.diagnostics import Diagnostic, Label, did_you_mean
from protonet.layers import LAYERS
from protonet.message.base import Message, name_of
from protonet.spec.upgrade_v1 import is_type
from protonet.syntax.tree import Block, Field, Tree

_OLD = {"V1LayerParameter": "LayerParameter"}
"""Messages of old files, and the message whose fields forks added to them, too."""


def foreign(tree: Tree, field: Field, block: Block, message: type[Message]) -> Diagnostic | None:
    """Return PN228 for a field that a fork has, PN229 for that of an unknown type: `bind` asks."""
    from protonet.spec.forks import called, owners  # noqa: PLC0415 # a net of BVLC's needs no forks

    name = name_of(message)
    forks = owners().get((_OLD.get(name, name), field.name))
    if forks is None:
        return _of_unknown_type(tree, field, block, name)
    return Diagnostic(
        "PN228",
        f"`{field.name}` belongs to {called(forks)}, and protonet does not have it",
        (Label(tree.name_span(field), f"not a field of BVLC's `{name}`"),),
        _ADVICE.get(field.name, "remove it if the net does not need it"),
    )


def _of_unknown_type(tree: Tree, field: Field, block: Block, name: str) -> Diagnostic | None:
    """Return PN229 if a layer's message is that of a type which protonet does not have."""
    kind = next((str(one.value) for one in block.all("type")), "")
    known = {"LayerParameter": LAYERS.__contains__, "V1LayerParameter": is_type}.get(name)
    if known is None or not field.name.endswith("_param") or not kind or known(kind):
        return None
    return Diagnostic(
        "PN229",
        f"`{field.name}` belongs to the layer type `{kind}`, which neither BVLC's Caffe nor "
        "protonet has",
        (Label(tree.name_span(field), "from a fork that protonet does not know"),),
        did_you_mean(kind, LAYERS) or "write it as a layer of your own: `--plugin my_layers.py`",
    )


_TRAINING_ONLY = "it augments images for training: remove it to run the net"
_ADVICE = {
    **dict.fromkeys(
        (
            "resize_param",
            "noise_param",
            "emit_constraint",
            "distort_param",
            "expand_param",
            "scale_ratios",
            "multi_scale",
            "max_distort",
            "fix_crop",
            "more_fix_crop",
        ),
        _TRAINING_ONLY,
    ),
    "show_per_class_result": "it only prints: remove it",
    "eval_type": "it says how detections are scored: remove it to train",
    "ap_version": "it says how detections are scored: remove it to train",
}
