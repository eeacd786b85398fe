"""The generators of random numbers of a process: torch's, and numpy's and Python's own.

The layers of this program draw from torch's alone; a Python layer, a plugin or a data set of the
user's may draw from any.
"""

import json
import random
from base64 import b64decode, b64encode
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

NUMPY_SEEDS = 2**32


def seed(number: int) -> None:
    """Let the random numbers of this process begin anew."""
    torch.manual_seed(number)
    random.seed(number)
    np.random.seed(number % NUMPY_SEEDS)  # noqa: NPY002 # the generator that others draw from


def states() -> tuple[str, ...]:
    """Return where they stand, as text: torch's, Python's, numpy's, then those of CUDA devices."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    own = (_encoded(torch.get_rng_state()), json.dumps(random.getstate()), json.dumps(_numpys()))
    return (*own, *map(_encoded, cuda))


def go(saved: Sequence[str]) -> None:
    """Set them back to where they stood.

    Raises:
        ValueError: These are no such states. Others of the kinds in `resume.CONTENT_FAULTS` may
            be raised as well.
    """
    cpu, pythons, numpys, *cuda = saved
    version, numbers, gauss = json.loads(pythons)
    mersenne, key, *rest = json.loads(numpys)
    torch.set_rng_state(_decoded(cpu))
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state((mersenne, np.array(key, np.uint32), *rest))  # noqa: NPY002 # as above
    for device, state in enumerate(cuda[: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(_decoded(state), device)  # gpu


def _numpys() -> list[object]:
    kind, key, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 # as above
    return [kind, np.asarray(key).tolist(), *rest]


def _encoded(state: Tensor) -> str:
    return b64encode(state.numpy().tobytes()).decode("ascii")


def _decoded(text: str) -> Tensor:
    return torch.frombuffer(bytearray(b64decode(text)), dtype=torch.uint8)
