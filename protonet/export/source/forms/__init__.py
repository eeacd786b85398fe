"""How each layer's module is written in plain torch: a file a family, found by the module's type.

What torch has no equal for is called by the name of a class or function in `parts`.
"""

from protonet.export.source.form import Forms
from protonet.export.source.forms import (
    activation,
    bilinear,
    convolution,
    detection,
    elementwise,
    normalization,
    pooling,
    recurrent,
    resampling,
    reshaping,
)

FORMS: Forms = {
    **activation.FORMS,
    **bilinear.FORMS,
    **convolution.FORMS,
    **detection.FORMS,
    **elementwise.FORMS,
    **normalization.FORMS,
    **pooling.FORMS,
    **recurrent.FORMS,
    **resampling.FORMS,
    **reshaping.FORMS,
}
