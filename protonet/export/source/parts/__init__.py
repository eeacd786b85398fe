"""What a generated file defines because torch has no equal: the code is copied.

So nothing here reads a name but those of its own and of Python, `math`, `Callable`,
`torch`, `nn`, `F` and `Tensor`.
"""

from protonet.export.source.parts import (
    bilinear,
    detection,
    normalization,
    pooling,
    recurrent,
    regions,
    reshaping,
)

MODULES = (normalization, reshaping, pooling, bilinear, recurrent, regions, detection)
"""In the order in which a file shows them."""
