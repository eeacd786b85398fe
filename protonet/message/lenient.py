"""Messages with faults: what of them can be read."""

from protonet.message.base import Kind, Message, Slot
from protonet.message.values import readable
from protonet.syntax.tree import Block, Field, Value


def readable_part(block: Block, message: type[Message]) -> Block:
    """Return a block without what its message does not have or cannot read, at any depth."""
    slots = message.slots()
    kept: list[Field] = []
    once: set[str] = set()
    for field in block.fields:
        slot = slots.get(field.name)
        # Of a field that is given twice, the first counts.
        if slot is None or field.name in once or not _fits(field, slot, message):
            continue
        kept.append(_part(field, slot.type) if slot.kind == Kind.MESSAGE else field)
        if not slot.repeated:
            once.add(field.name)
    return block._replace(fields=tuple(kept))


def _fits(field: Field, slot: Slot, message: type[Message]) -> bool:
    if type(field.value) is tuple and not slot.repeated:
        return False
    values: tuple[Value, ...] = field.value if type(field.value) is tuple else (field.value,)
    if slot.kind == Kind.MESSAGE:
        return all(isinstance(value, Block) for value in values)
    return all(readable(slot, value, message) for value in values)


def _part(field: Field, message: type[Message]) -> Field:
    """Return a field whose value is a message, or a list of such, with what can be read of each."""
    value = field.value
    if isinstance(value, Block):
        return field._replace(value=readable_part(value, message))
    assert isinstance(value, tuple), "what is no message was left out"
    blocks = (one for one in value if isinstance(one, Block))
    return field._replace(value=tuple(readable_part(one, message) for one in blocks))
