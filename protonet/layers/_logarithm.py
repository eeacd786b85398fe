"""The base that Exp and Log read alike."""

from math import inf, log

from protonet.layers.base import LayerError


def log_of_base(base: float, message: str) -> float:
    """Return the natural logarithm of ``base``; -1 stands for e.

    Raises:
        LayerError: It has none.
    """
    if base == -1:
        return 1.0
    if not 0 < base < inf:
        raise LayerError(
            f"`base` {base:g} must be above 0 and finite, or -1 for e", field=(message, "base")
        )
    return log(base)
