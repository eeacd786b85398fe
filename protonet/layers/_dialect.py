"""Which fork's layer this is, where forks mean different things by one type."""

from protonet.layers.base import Layer, LayerError
from protonet.message.base import Message


def possible_dialects(layer: Layer) -> tuple[str, ...]:
    """Return the dialects that have every field that is set, the default first."""
    given = _given(layer)
    return tuple(name for name, known in layer.dialects.items() if given <= known)


def dialect_of(layer: Layer) -> str:
    """Return the dialect that was asked for, else the first that has every field that is set.

    Raises:
        LayerError: No dialect has them all, or the one that was asked for has not.
    """
    possible = possible_dialects(layer)
    if possible and (not layer.asked_dialect or layer.asked_dialect in possible):
        return layer.asked_dialect or possible[0]
    names = [layer.asked_dialect] if layer.asked_dialect else [*layer.dialects]
    lacks = [_lack(layer, name) for name in names]
    raise LayerError(
        f"its fields are of no single dialect: {'; '.join(lacks)}",
        help="keep the fields of one fork",
        field=tuple(sorted(layer.slots().keys() & layer.model_fields_set))[:1],
    )


def _lack(layer: Layer, dialect: str) -> str:
    missing = sorted(_given(layer) - layer.dialects[dialect])
    return f"`{dialect}` has no {' and no '.join(f'`{field}`' for field in missing)}"


def _given(layer: Layer) -> frozenset[str]:
    """Return the names of the messages that are set, and of the fields in them."""
    names: set[str] = set()
    for name in layer.slots().keys() & layer.model_fields_set:
        message: Message = getattr(layer, name)
        names |= {name, *message.model_fields_set}
    return frozenset(names)
