"""Normalize's message in happynear's fork; that of SSD's stands with the layer."""

from typing import Annotated

from protonet.layers.base import LayerError
from protonet.message.base import Message, Tag

NORMS = ("L2", "L1")


class NormalizeTypeParameter(Message):
    """Parameters of happynear's Normalize; ``fix_gradient`` has no effect."""

    normalize_type: Annotated[str, Tag(1)] = "L2"
    fix_gradient: Annotated[bool, Tag(2)] = False
    bp_norm: Annotated[bool, Tag(3)] = False

    def check(self) -> None:
        """Refuse a norm that there is not.

        Raises:
            LayerError: There is no such norm.
        """
        if self.normalize_type not in NORMS:
            raise LayerError(
                f"unknown `normalize_type` `{self.normalize_type}`",
                help=f"the types are {' and '.join(NORMS)}",
                field=("normalize_param", "normalize_type"),
            )
