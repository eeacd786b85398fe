"""What CUDA devices there are."""

from collections.abc import Iterator
from typing import Protocol, cast

import torch

from protonet.train.distributed import check_devices, device_count


class _Device(Protocol):
    """What is used of a device's properties, which have no types."""

    name: str
    total_memory: int
    major: int
    minor: int
    multi_processor_count: int


def device_lines(numbers: tuple[int, ...] = ()) -> Iterator[str]:
    """Yield what is known of CUDA devices; of all, if none are named.

    Raises:
        DiagnosticError: PN650, there are not so many.
    """
    if numbers:
        check_devices(max(numbers) + 1)
    elif not device_count():
        yield "no CUDA device; nets run on the CPU"
    for number in numbers or range(device_count()):  # gpu
        found = cast("_Device", torch.cuda.get_device_properties(number))  # gpu
        yield f"cuda:{number}  {found.name}"  # gpu
        yield f"  memory                  {found.total_memory / 2**30:.1f} GiB"  # gpu
        yield f"  compute capability      {found.major}.{found.minor}"  # gpu
        yield f"  multiprocessors         {found.multi_processor_count}"  # gpu
