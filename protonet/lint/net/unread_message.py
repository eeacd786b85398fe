"""PN701."""

from collections.abc import Iterator

from protonet.layers import LAYERS
from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.spec.edit import removal


@NET.rule("PN701")
def unread_message(net: FileView) -> Iterator[Finding]:
    """A layer has parameters of another type of layer."""
    kinds = {layer.type: LAYERS.get(layer.type) for layer in net.layers}
    read = {name: kind.model_fields for name, kind in kinds.items() if kind is not None}
    for index, layer in enumerate(net.layers):
        for name in layer.param_messages:
            if name not in read.get(layer.type, (name,)):
                yield Finding(
                    f"`{name}` has no effect: `{layer.type}` does not read it",
                    net.tree.place("layer", index, name),
                    fix=removal(net.tree, "layer", index, name),
                )
