"""What an upgrade makes of a text, in the canonical layout: where only its meaning counts."""

from protonet.source import Source
from protonet.spec.upgrade import upgrade_net_text, upgrade_solver_text
from protonet.syntax.format import format as canonical
from protonet.syntax.parse import parse


def net_in_canonical_form(text: str) -> str:
    """Upgrade a net."""
    return canonical(parse(Source(upgrade_net_text(text))))


def solver_in_canonical_form(text: str) -> str:
    """Upgrade a solver."""
    return canonical(parse(Source(upgrade_solver_text(text))))
