"""The files schema/dialects/FORK.proto: what each fork added to BVLC's messages."""

from collections.abc import Iterator, Sequence

from protonet.spec.forks import BASES, NAMES, ForkField, fields

_BVLC = frozenset({"Datum", "FillerParameter", "ReductionParameter"})
"""Messages of BVLC's that forks' messages hold; protonet.proto has them."""

_FOUND_BY = {
    "NetParameter": (
        ("optional", "string", "name", 1),
        ("repeated", "LayerParameter", "layer", 100),
    ),
    "LayerParameter": (
        ("optional", "string", "name", 1),
        ("optional", "string", "type", 2),
        ("repeated", "string", "bottom", 3),
        ("repeated", "string", "top", 4),
    ),
}
"""BVLC's fields that lead to a fork's."""


def dialect_protos() -> dict[str, str]:
    """Return the text of the file of each fork, by its name."""
    return {f"dialects/{fork}.proto": "\n".join(_file(fork)) for fork in NAMES}


def _file(fork: str) -> Iterator[str]:
    yield f"// What the {NAMES[fork]} fork added to BVLC's Caffe."
    yield "// Made from protonet/spec/forks.tsv: do not edit. Of BVLC's own fields, which stand in"
    yield "// ../protonet.proto, only those are here that lead to the others; to show them:"
    yield f"//     protoc --decode caffe.NetParameter {fork}.proto < net.caffemodel"
    yield "// Enums are int32, and what is not known of a message is bytes."
    yield 'syntax = "proto2";\n'
    yield "package caffe;"
    messages = _messages(fork)
    for name in _reachable(messages):
        yield ""
        yield from _message(name, messages.get(name, []))
    yield ""


def _messages(fork: str) -> dict[str, list[ForkField]]:
    """Return the fields of a fork's messages; what it lists itself stands before its base's."""
    found: dict[str, list[ForkField]] = {}
    for name in (fork, BASES.get(fork, "")):
        own: dict[str, list[ForkField]] = {}
        for one in fields():
            if one.fork == name:
                own.setdefault(one.message, []).append(one)
        found = own | found
    return found


def _reachable(messages: dict[str, list[ForkField]]) -> list[str]:
    """Return the messages to be written: BVLC's own, and what a field holds."""
    own = [n for n in messages if n not in {one.type for all_ in messages.values() for one in all_}]
    found = dict.fromkeys([*_FOUND_BY, *own])
    todo = list(found)
    while todo:
        for one in messages.get(todo.pop(), []):
            if one.type in messages and one.type not in found:
                found[one.type] = None
                todo.append(one.type)
    return list(found)


def _message(name: str, added: Sequence[ForkField]) -> Iterator[str]:
    yield f"message {name} {{"
    for label, kind, field, number in _FOUND_BY.get(name, ()):
        yield f"  {label} {kind} {field} = {number};"
    for one in sorted(added, key=lambda one: (one.number is None, one.number or 0, one.field)):
        yield _field(one)
    yield "}"


def _field(one: ForkField) -> str:
    if one.number is None:
        return f"  // {one.label} {one.type} {one.field}: known from texts only"
    kind, note = ("bytes", f"  // a {one.type}") if one.type in _BVLC else (one.type, "")
    default = f'"{one.default}"' if one.type == "string" else one.default
    option = f" [default = {default}]" if one.default else ""
    return f"  {one.label} {kind} {one.field} = {one.number}{option};{note}"
