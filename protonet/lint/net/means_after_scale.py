"""PN710."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView

if TYPE_CHECKING:
    from protonet.message.common import TransformationParameter

_SMALL = 1 / 64
"""A scale that brings pixels of 0 to 255 down to a few units."""


@NET.rule("PN710")
def means_after_scale(net: FileView) -> Iterator[Finding]:
    """The mean is given in units of the scaled image, but is subtracted before."""
    for index, _, transform in net.messages("transform_param"):
        param = cast("TransformationParameter", transform)  # LayerParameter has checked it
        means, scale = param.mean_value, param.scale
        if 0 < scale <= _SMALL and means and all(0 < mean <= 1 for mean in means):
            yield Finding(
                f"`mean_value: {means[0]:g}` is subtracted before `scale: {scale:g}`, from pixels "
                "of 0 to 255",
                net.tree.place("layer", index, "transform_param", "mean_value"),
                f"write it in units of pixels: `mean_value: {means[0] / scale:g}`",
            )
