"""PN713."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView


@NET.rule("PN713")
def negative_multiplier(net: FileView) -> Iterator[Finding]:
    """A blob is trained uphill, or decays away from 0."""
    for index, layer in enumerate(net.layers):
        for at, spec in enumerate(layer.param):
            for field, value, does in (
                ("lr_mult", spec.lr_mult, "learns to make the loss larger"),
                ("decay_mult", spec.decay_mult, "grows by its weight decay"),
            ):
                if value < 0:
                    yield Finding(
                        f"blob {at} of layer `{layer.name}` {does}: `{field}` is {value:g}",
                        net.tree.place("layer", index, "param", at, field),
                    )
