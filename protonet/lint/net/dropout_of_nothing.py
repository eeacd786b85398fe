"""PN714."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView

if TYPE_CHECKING:
    from protonet.layers.dropout import DropoutParameter


@NET.rule("PN714")
def dropout_of_nothing(net: FileView) -> Iterator[Finding]:
    """A Dropout drops nothing."""
    for index, layer, message in net.messages("dropout_param"):
        # cast: LayerParameter has checked it
        if layer.type == "Dropout" and not cast("DropoutParameter", message).dropout_ratio:
            yield Finding(
                f"layer `{layer.name}` drops nothing: `dropout_ratio` is 0",
                net.tree.place("layer", index, "dropout_param", "dropout_ratio"),
                "remove the layer, or set the ratio",
            )
