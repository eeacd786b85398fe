"""PN704."""

from collections import defaultdict
from collections.abc import Iterator
from types import MappingProxyType
from typing import TypeAlias

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.message.base import Message
from protonet.message.common import FillerParameter
from protonet.spec.edit import joined, removal

Path: TypeAlias = tuple[str | int, ...]

_READ = MappingProxyType(
    {
        "bilinear": frozenset[str](),
        "constant": frozenset(("value",)),
        "gaussian": frozenset(("mean", "std", "sparse")),
        "glorot_normal": frozenset[str](),
        "msra": frozenset(("variance_norm",)),
        "positive_unitball": frozenset[str](),
        "truncated_normal": frozenset(("mean", "std")),
        "uniform": frozenset(("min", "max")),
        "xavier": frozenset(("variance_norm",)),
    }
)
"""The fields that each filler reads (``filler.hpp``)."""


@NET.rule("PN704")
def unread_filler_field(net: FileView) -> Iterator[Finding]:
    """A filler has a number that its type does not use."""
    found: defaultdict[tuple[str, str], list[Path]] = defaultdict(list)
    for index, layer in enumerate(net.layers):
        for name, message in layer.param_messages.items():
            for field, filler in _fillers(message):
                read = _READ.get(filler.type, filler.model_fields_set)
                # A `sparse` where it does not belong is an error, PN301.
                for unread in filler.model_fields_set - read - {"type", "sparse"}:
                    found[unread, filler.type].append(("layer", index, name, field, unread))
    for (unread, kind), paths in found.items():
        more = f" here and in {len(paths) - 1} more" if len(paths) > 1 else ""
        yield Finding(
            f"`{unread}` has no effect{more}: the filler `{kind}` does not read it",
            net.tree.place(*paths[0]),
            fix=joined([removal(net.tree, *path) for path in paths]),
        )


def _fillers(message: Message) -> Iterator[tuple[str, FillerParameter]]:
    """Yield the fillers that a layer's message sets, by field; those in a list are left out."""
    for field in message.model_fields_set:
        if field.endswith("filler"):
            value: object = getattr(message, field)
            if isinstance(value, FillerParameter):
                yield field, value
