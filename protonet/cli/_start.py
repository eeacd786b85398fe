"""``--gpus`` and ``--processes``: where a training runs, and whether others must run beside it."""

import click

from protonet.cli._launch import is_started, launch
from protonet.cli._options import ALL_GPUS
from protonet.train.distributed import check_devices, device_count


def start(
    device: str | None, gpus: tuple[int, ...] | None, processes: int | None
) -> tuple[str | None, int | None]:
    """Run this command in several processes if it was asked for and has not been done.

    Returns:
        The device to run on, and the exit status if all is done.

    Raises:
        DiagnosticError: PN650, there are not so many GPUs.
    """
    if gpus and (processes or device):
        raise click.UsageError("--gpus says where to run; leave out --device and --processes")
    if is_started():
        return ("cuda" if gpus else device), None
    if gpus:
        devices = _counted(gpus)
        check_devices(max(devices) + 1)
        if len(devices) == 1:
            return f"cuda:{devices[0]}", None  # gpu
        return "cuda", launch(len(devices), devices)  # gpu
    if processes and processes > 1:
        return device, launch(processes)
    return device, None


def _counted(gpus: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(max(1, device_count()))) if gpus == ALL_GPUS else gpus
