"""Mean images."""

import numpy as np
from numpy.typing import NDArray

from protonet.data.faults import Fault, fault
from protonet.data.paths import Resolve
from protonet.weights.binaryproto import read_blob


def mean_image(name: str, find: Resolve) -> NDArray[np.float32]:
    """Read a `mean_file`, ``(C, H, W)``.

    Raises:
        DiagnosticError: PN509, it is no image; what `read_blob` raises.
    """
    path = find(name)
    blob = read_blob(path)
    if blob.ndim not in (3, 4) or blob.shape[:-3] not in ((), (1,)):
        raise fault(Fault.MEAN, f"the mean in `{path}` is of shape {blob.shape}", file=path)
    return blob.reshape(blob.shape[-3:])
