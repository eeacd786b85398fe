"""What a diagnostic code or a layer type means, as text."""

import inspect
import re
from collections.abc import Iterator

from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.files import shipped_root
from protonet.layers import LAYERS
from protonet.layers.base import Layer
from protonet.message.base import Kind, Message, Slot

_CODE = re.compile(r"PN\d{3}", re.IGNORECASE)
_SECTION = re.compile(r"^## (PN\d{3})\b.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def explain(topic: str) -> str:
    """Explain a code from docs/diagnostics.md, or a layer type from its class.

    Raises:
        DiagnosticError: PN022, there is no such code or type.
    """
    if _CODE.fullmatch(topic) and topic.upper() in (codes := sections()):
        return codes[topic.upper()]
    types = {name.lower(): name for name in LAYERS}
    if topic.lower() in types:
        return "\n".join(_layer(LAYERS[types[topic.lower()]])) + "\n"
    known = [*sections(), *LAYERS]
    hint = did_you_mean(topic, known) or f"layer types are {', '.join(LAYERS)}"
    raise unknown(topic, hint)


def unknown(topic: str, hint: str) -> DiagnosticError:
    """Return PN022, with what to do."""
    problem = Diagnostic(
        "PN022", f"`{topic}` is neither a code, a layer type nor a solver file", help=hint
    )
    return DiagnosticError([problem])


def sections() -> dict[str, str]:
    """Return the sections of docs/diagnostics.md by their code."""
    text = (shipped_root() / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    found = _SECTION.finditer(text)
    return {section[1]: section[0].removeprefix("## ").rstrip() + "\n" for section in found}


def _layer(layer: type[Layer]) -> Iterator[str]:
    yield f'type: "{layer.__name__}"'
    yield f"bottoms: {layer.bottoms}, tops: {layer.tops}"
    yield ""
    yield (inspect.getdoc(layer) or "").replace("``", "`")
    for slot in layer.slots().values():
        yield ""
        yield from _message(slot)


def _message(slot: Slot) -> Iterator[str]:
    yield f"{slot.name} {{"
    message: type[Message] = slot.type
    rows = [(field.name, _type(field), _default(field)) for field in message.slots().values()]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for name, kind, default in rows:
        yield f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {default}".rstrip()
    yield "}"


def _type(slot: Slot) -> str:
    name = slot.type.__name__ if slot.kind in {Kind.ENUM, Kind.MESSAGE} else str(slot.kind)
    if slot.kind is Kind.ENUM:
        name = " | ".join(slot.type.__members__)
    return f"repeated {name}" if slot.repeated else name


def _default(slot: Slot) -> str:
    value = slot.default
    if value is None:
        return "required" if slot.required else ""
    if slot.kind is Kind.ENUM:
        return f"= {value.name}"
    if slot.kind is Kind.STRING:
        return f'= "{value}"'
    return f"= {str(value).lower() if slot.kind is Kind.BOOL else f'{value:g}'}"
