"""PN708."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView, only_in
from protonet.message.common import Phase


@NET.rule("PN708")
def dropout_in_test(net: FileView) -> Iterator[Finding]:
    """A Dropout takes part in TEST only, where it does nothing."""
    for index, layer in net.with_rules:
        if layer.type == "Dropout" and only_in(layer) is Phase.TEST:
            kind = "include" if layer.include else "exclude"
            yield Finding(
                f"layer `{layer.name}` drops nothing: it takes part in TEST only",
                net.tree.place("layer", index, kind),
                "without the rule it drops in TRAIN and passes everything on in TEST",
            )
