"""Where a solver runs."""

import torch

from protonet.diagnostics import Diagnostic, Severity
from protonet.spec.solver import SolverParameter


def choose(
    asked: str | torch.device | None, solver: SolverParameter
) -> tuple[torch.device, list[Diagnostic]]:
    """Return the device, with a warning (PN612) if it is not the one that was asked for.

    What the caller asks for wins over ``solver_mode``. That field's default is GPU, but Caffe's
    tool takes it only where it is written down.
    """
    gpu = solver.has("solver_mode") and solver.solver_mode == SolverParameter.SolverMode.GPU
    return available(asked or (f"cuda:{solver.device_id}" if gpu else "cpu"))


def available(asked: str | torch.device) -> tuple[torch.device, list[Diagnostic]]:
    """Return a device, or the CPU and a warning (PN612) if there is no such device.

    ``"auto"`` is CUDA where there is some.
    """
    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "cpu"
    wanted = torch.device(asked)
    if wanted.type != "cuda" or torch.cuda.is_available():
        return wanted, []
    return torch.device("cpu"), [
        Diagnostic(
            "PN612",
            f"there is no CUDA device for `{wanted}`; the CPU is used",
            help="write `solver_mode: CPU`, or give `--device cpu`",
            severity=Severity.WARNING,
        )
    ]
