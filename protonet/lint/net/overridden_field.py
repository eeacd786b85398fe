"""PN705."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from protonet.diagnostics import Fix
from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.spec.edit import joined, removal

if TYPE_CHECKING:
    from protonet.layers.eltwise import EltwiseParameter
    from protonet.layers.lrn import LRNParameter
    from protonet.message.common import LossParameter


def _lrn(lrn: "LRNParameter") -> str:
    return "`norm_region` is WITHIN_CHANNEL" if lrn.norm_region.name == "WITHIN_CHANNEL" else ""


def _eltwise(eltwise: "EltwiseParameter") -> str:
    return "" if eltwise.operation.name == "PROD" else "`operation` is not PROD"


def _coeff(eltwise: "EltwiseParameter") -> str:
    return "`operation` is MAX" if eltwise.operation.name == "MAX" else ""


def _loss(loss: "LossParameter") -> str:
    return "`normalization` is set" if loss.has("normalization") else ""


_OVERRIDDEN: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("lrn_param", "k", _lrn),
    ("eltwise_param", "stable_prod_grad", _eltwise),
    ("eltwise_param", "coeff", _coeff),
    ("loss_param", "normalize", _loss),
)
"""Fields that another one of the same message takes the effect from, and why."""


@NET.rule("PN705")
def overridden_field(net: FileView) -> Iterator[Finding]:
    """A field has no effect because of another one."""
    for name, field, reason in _OVERRIDDEN:
        for index, _, message in net.messages(name):
            why = reason(message) if message.has(field) else ""
            if why:
                path = ("layer", index, name, field)
                yield Finding(
                    f"`{field}` has no effect: {why}",
                    net.tree.place(*path),
                    fix=_removal(net, path, getattr(message, field)),
                )


def _removal(net: FileView, path: tuple[str | int, ...], value: object) -> Fix | None:
    if not isinstance(value, tuple):
        return removal(net.tree, *path)
    number = len(cast("tuple[object, ...]", value))  # of whatever
    return joined([removal(net.tree, *path, at) for at in range(number)])
