"""PN703."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.spec.edit import removal

_UNREAD = ("rand_skip", "force_encoded_color")
"""Fields of `data_param` that ``data_layer.cpp`` has not looked at since 2015."""


@NET.rule("PN703")
def unread_data_field(net: FileView) -> Iterator[Finding]:
    """A field of `data_param` that nothing reads any more."""
    for index, _, message in net.messages("data_param"):
        for field in filter(message.has, _UNREAD):
            path = ("layer", index, "data_param", field)
            yield Finding(
                f"`{field}` has no effect: `Data` does not read it",
                net.tree.place(*path),
                fix=removal(net.tree, *path),
            )
