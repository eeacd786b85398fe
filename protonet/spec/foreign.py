"""What is told of fields that only a fork of Caffe has, an old net, or another message."""

from protonet.diagnostics import Diagnostic, Label, did_you_mean
from protonet.layers import LAYERS
from protonet.message.base import Kind, Message, Slot, declared_slots, name_of
from protonet.spec.fork_types import PLUGIN, ForkType, fork_type
from protonet.spec.net import ParamSpec
from protonet.spec.own_field import completed
from protonet.spec.upgrade_v1 import V1_TYPES, is_type
from protonet.syntax.tree import Block, Field, Tree, Value, Word

_OLD = {"V1LayerParameter": "LayerParameter"}
"""Messages of old files, and the message whose fields forks added to them, too."""


class _Foreign:
    def field(
        self, tree: Tree, field: Field, block: Block, message: type[Message]
    ) -> Diagnostic | str | None:
        """Return PN228 for a fork's field, PN229 for that of an unknown type; or what to do."""
        from protonet.spec.forks import called, owners  # noqa: PLC0415 # a net of BVLC's needs none

        name = name_of(message)
        unknown = _is_of_unknown_type(field, block, name)
        known = fork_type(_type(block)) if unknown else None
        if known is not None:
            return _of_fork(known, tree, field, block)
        forks = owners().get((_OLD.get(name, name), field.name))
        if forks is None:
            told = _of_unknown_type(tree, field, block) if unknown else None
            return told or _misplaced(field.name, block, name)
        return Diagnostic(
            "PN228",
            f"`{field.name}` belongs to {called(forks)}, and protonet does not have it",
            (Label(tree.name_span(field), f"not a field of BVLC's `{name}`"),),
            _ADVICE.get(field.name, "remove it if the net does not need it"),
        )

    def value(self, slot: Slot, value: Value) -> str:
        """Return what to write for an old type."""
        is_type_name = slot.name == "type" and slot.kind == Kind.STRING
        now = V1_TYPES.get(value) if is_type_name and isinstance(value, Word) else None
        return f'write "{now}"' if now else ""


FOREIGN = _Foreign()
"""For `bind` to ask."""


def _is_of_unknown_type(field: Field, block: Block, name: str) -> bool:
    """Tell whether a field is the message of a layer type which protonet does not have."""
    kind = _type(block)
    known = {"LayerParameter": LAYERS.__contains__, "V1LayerParameter": is_type}.get(name)
    return known is not None and field.name.endswith("_param") and bool(kind) and not known(kind)


def _of_fork(known: ForkType, tree: Tree, field: Field, block: Block) -> Diagnostic | None:
    """Return PN229; nothing if it was told of another message of the layer."""
    unknown = (one for one in block.fields if one.name.endswith("_param"))
    if next(one for one in unknown if one.name not in LAYERS.messages) is not field:
        return None
    span = tree.value_span(next(block.all("type")))
    return Diagnostic("PN229", known.message, (Label(span),), known.advice)


def _of_unknown_type(tree: Tree, field: Field, block: Block) -> Diagnostic:
    kind = _type(block)
    return Diagnostic(
        "PN229",
        f"`{field.name}` belongs to the layer type `{kind}`, which neither BVLC's Caffe nor "
        "protonet has",
        (Label(tree.name_span(field), "from a fork that protonet does not know"),),
        # With a message of its own it is hardly a known type that was mistyped.
        closest_type(kind, cutoff=0.8) or PLUGIN,
    )


def closest_type(kind: str, cutoff: float = 0.6) -> str:
    """Return the help for a layer type that nobody knows, or nothing."""
    now = V1_TYPES.get(kind)
    return f'write "{now}"' if now else did_you_mean(kind, LAYERS, cutoff=cutoff)


def _misplaced(field: str, block: Block, name: str) -> str:
    """Return where something belongs that stands among the fields that all layers have."""
    if name not in ("LayerParameter", *_OLD):
        return ""
    if field in declared_slots(ParamSpec):
        return f"it belongs in `param {{ {field}: ... }}`, once for each blob"
    if now := _LISTS_OF_V1.get(field):
        return f"it is of the old `layers`: write `param {{ {now}: ... }}` for each blob"
    kind = V1_TYPES.get(_type(block), _type(block))
    path = completed(kind, (field,)) if kind in LAYERS else None
    return f"it belongs in `{path[0]} {{ ... }}`" if path else ""


def _type(block: Block) -> str:
    return next((str(one.value) for one in block.all("type")), "")


_LISTS_OF_V1 = {
    "blobs_lr": "lr_mult",
    "weight_decay": "decay_mult",
    "blob_share_mode": "share_mode",
}
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
