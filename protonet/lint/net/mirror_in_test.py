"""PN709."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView, only_in
from protonet.message.common import Phase, TransformationParameter


@NET.rule("PN709")
def mirror_in_test(net: FileView) -> Iterator[Finding]:
    """Test images are mirrored at random."""
    for index, layer, transform in net.messages("transform_param"):
        mirrors = isinstance(transform, TransformationParameter) and transform.mirror
        if mirrors and only_in(layer) is Phase.TEST:
            yield Finding(
                f"layer `{layer.name}` mirrors test images at random: scores change by chance",
                net.tree.place("layer", index, "transform_param", "mirror"),
                "Caffe mirrors in TEST, too; remove it",
            )
