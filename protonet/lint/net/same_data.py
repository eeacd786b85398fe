"""PN711."""

from collections.abc import Iterator

from protonet.diagnostics import Label
from protonet.lint._sources import phase_bound, source_of
from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.message.common import Phase


@NET.rule("PN711")
def same_data(net: FileView) -> Iterator[Finding]:
    """The net is tested with the data that it is trained with."""
    trained = {source_of(layer): index for index, layer in phase_bound(net, Phase.TRAIN)}
    for index, layer in phase_bound(net, Phase.TEST):
        source = source_of(layer)
        if source and source in trained:
            first = net.tree.place("layer", trained[source], source.message, "source")
            yield Finding(
                f"layer `{layer.name}` tests with the data of the training, `{source.name}`",
                net.tree.place("layer", index, source.message, "source"),
                "scores on them tell nothing of new data",
                more=(Label(first, "trained with here"),),
            )
