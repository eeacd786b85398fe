"""How a net is run: choices that change its speed, and some of them the rounding."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
from torch import Tensor

from protonet.diagnostics import Diagnostic, Severity

CUBLAS_WORKSPACE = ":4096:8"
"""With this much room of its own cuBLAS adds in a fixed order."""


@dataclass(frozen=True, slots=True)
class Execution:
    """How a net is run. The defaults are Caffe's numbers, to float32 rounding.

    Attributes:
        amp: Convolutions and inner products in 16 bits (`nets/precision.py`); weights, statistics,
            losses and gradients stay float32.
        compile: Let ``torch.compile`` turn the generated code into kernels.
        channels_last: Hold 4-D weights with their channels last, which all convolutions follow;
            ``auto`` does so where it is faster: on the CPU, and on CUDA in 16 bits.
        deterministic: Take no kernel whose result differs from run to run.
        tf32: Let CUDA round the factors of products to 10 bits.
    """

    amp: Literal["bf16", "fp16"] | None = None
    compile: bool = False
    channels_last: Literal["auto", "on", "off"] = "auto"
    deterministic: bool = False
    tf32: bool = False

    @property
    def dtype(self) -> torch.dtype | None:
        """The type of ``amp``."""
        return {None: None, "bf16": torch.bfloat16, "fp16": torch.float16}[self.amp]

    def has_channels_last(self, device: torch.device) -> bool:
        """Tell whether weights are held with their channels last."""
        fits = device.type == "cpu" or self.amp is not None
        return fits if self.channels_last == "auto" else self.channels_last == "on"

    def prepared(self, device: torch.device) -> tuple["Execution", list[Diagnostic]]:
        """Make torch's settings, which are the whole process's, and see what can be done.

        Returns:
            What will be done, with a warning (PN654) if nothing can be compiled.
        """
        if self.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", CUBLAS_WORKSPACE)
            torch.use_deterministic_algorithms(mode=True)
            torch.backends.cudnn.benchmark = False
        if device.type == "cuda" or self.tf32:
            # torch's default allows convolutions what it does not allow inner products.
            torch.backends.cuda.matmul.allow_tf32 = self.tf32
            torch.backends.cudnn.allow_tf32 = self.tf32
        missing = _compiler_fault(device) if self.compile else None
        return (replace(self, compile=False), [missing]) if missing else (self, [])


PLAIN = Execution()


def _compiler_fault(device: torch.device) -> Diagnostic | None:
    """Compile something small; on failure return a warning (PN654)."""
    compiled = cast("Callable[[Tensor], Tensor]", torch.compile(_trial))
    try:
        compiled(torch.ones(16, device=device))
    except Exception as error:  # noqa: BLE001 # its compilers raise whatever they like
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        return Diagnostic(
            "PN654",
            f"nothing can be compiled here: {why}",
            help="install a C++ compiler, and Triton for CUDA; the run goes on uncompiled",
            severity=Severity.WARNING,
        )
    return None


def _trial(x: Tensor) -> Tensor:
    return x * 2 + 1
