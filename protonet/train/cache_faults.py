"""What is said when features are not kept as they were asked for: warnings."""

from protonet.diagnostics import Diagnostic, Severity
from protonet.graph.frozen import FrozenPrefix, Section
from protonet.spec.solver import CacheMode
from protonet.train.events import Warned


def unkept(name: str, mode: CacheMode, why: str) -> Warned:
    """Return PN660, a warning: what was asked for cannot be done."""
    return Warned(
        Diagnostic(
            "PN660",
            f"`cache_frozen: {mode.name}` keeps nothing of the {name} net: {why}",
            help="the run continues without a cache; AUTO does not ask for one",
            severity=Severity.WARNING,
        )
    )


def ever_changing(name: str, prefix: FrozenPrefix) -> Warned:
    """Return PN661, a warning: frozen layers move."""
    return Warned(
        Diagnostic(
            "PN661",
            f"the frozen layers `{prefix.span}` of the {name} net keep changing: their features "
            "are no longer kept",
            help="after `--snapshot`, frozen blobs keep moving by their momentum; start from the "
            "weights (`--weights`) to freeze them at once",
            severity=Severity.WARNING,
        )
    )


def without_variants(variants: int, section: Section) -> Warned:
    """Return PN662, a warning: nothing varies."""
    return Warned(
        Diagnostic(
            "PN662",
            f"`cache_variants: {variants}` has no effect on layer `{section.source.name}`: "
            "its images are the same each time",
            help="remove it",
            severity=Severity.WARNING,
        )
    )
