"""CompactBilinear against the formulation with a Fourier transform at each position.

    python benchmarks/compact_bilinear.py

Forward and backward of 8 images of 512 channels, 28x28, summed into 8192 bins: one blob twice, as
the fork's nets have it, and two blobs. Every variant runs in processes of its own, rounds
interleaved. "speed" is how many times as fast ours is; "memory" is by how much a process grows at
most over its inputs, gradients included, in units of N C C floats. The port's is printed beside
it, without a bar.
"""

import json
import sys
from statistics import median
from typing import cast

import torch
from harness import Round, Work, figure, measured, own_process, ratio, seconds
from torch import Tensor, nn

from protonet.ops.bilinear import CompactBilinear, CountSketch, sketches

ROUNDS = 3
N, C, H, W, D = 8, 512, 28, 28, 8192
UNIT = 4 * N * C * C
"""Bytes of N C C floats."""
SPEED, MEMORY = 50.0, 4.0
CALLS = {"ours": 9, "port": 1}


class Port(nn.Module):
    """As it is usually written in torch: sketch, transform, multiply, transform back, then sum."""

    first: Tensor
    second: Tensor

    def __init__(self, channels: int, num_output: int) -> None:
        super().__init__()
        first, second = sketches((channels, channels), num_output)
        self.register_buffer("first", projection(first))
        self.register_buffer("second", projection(second))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return ``(N, D, 1, 1)``."""
        n, _, height, width = a.shape
        first, second = (x.permute(0, 2, 3, 1).flatten(0, 2) for x in (a, b))
        product = spectrum(first @ self.first) * spectrum(second @ self.second)
        top = inverse(product).real * product.shape[1]
        return top.view(n, height * width, -1).sum(1)[:, :, None, None]


def spectrum(x: Tensor) -> Tensor:
    """Return the Fourier transform of each row."""
    return cast("Tensor", torch.fft.fft(x, dim=1))  # untyped


def inverse(x: Tensor) -> Tensor:
    """Return its inverse."""
    return cast("Tensor", torch.fft.ifft(x, dim=1))  # untyped


def projection(sketch: CountSketch) -> Tensor:
    """Return the matrix ``(C, D)`` of a count sketch."""
    matrix = torch.zeros(len(sketch.bins), sketch.num_output)
    matrix[torch.arange(len(sketch.bins)), sketch.bins] = sketch.sign
    return matrix


def step(variant: str, blobs: int, shape: tuple[int, int, int, int], num_output: int) -> Work:
    """Return a forward and backward pass; it returns the gradients."""
    channels = shape[1]
    module = (
        CompactBilinear(channels=(channels, channels), num_output=num_output, sum_pool=True)
        if variant == "ours"
        else Port(channels, num_output)
    )
    inputs = [torch.randn(shape, requires_grad=True) for _ in range(blobs)]
    diff = torch.randn(shape[0], num_output, 1, 1)
    return lambda: torch.autograd.grad(module(inputs[0], inputs[-1]), inputs, diff)


def measure(variant: str, blobs: int) -> Round:
    """Measure one variant in this process: memory of the first pass, seconds of later ones."""
    torch.manual_seed(1701)
    step(variant, blobs, (1, C, H, W), 64)()  # loads code, and MKL takes its buffers
    work = step(variant, blobs, (N, C, H, W), D)
    memory = measured(work)["bytes"] / UNIT
    times = [seconds(work) for _ in range(CALLS[variant])]
    return {"seconds": median(times), "memory": memory}


def compare(name: str, blobs: int) -> None:
    """Print the figures."""
    found = [
        {variant: own_process(__file__, variant, str(blobs)) for variant in CALLS}
        for _ in range(ROUNDS)
    ]
    times = [{variant: one["seconds"] for variant, one in each.items()} for each in found]
    memory = {variant: max(each[variant]["memory"] for each in found) for variant in CALLS}
    figure(f"{name}_speed_vs_fft", ratio(times, "port", "ours"), SPEED, at_least=True)
    figure(f"{name}_memory", memory["ours"], MEMORY)
    print(f"{name}_memory_of_fft  {memory['port']:.2f}")


def main() -> None:
    """Print the figures, or measure the variant that the arguments name."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
        return
    compare("compact_bilinear", 1)
    compare("compact_bilinear_two_blobs", 2)


if __name__ == "__main__":
    main()
