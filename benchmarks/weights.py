"""Reading and writing the weights of a VGG-16, 138 M floats, against safetensors.

    python benchmarks/weights.py [--small]

Every variant runs in processes of its own, rounds interleaved, on files in memory; a ratio is the
median of the rounds' ratios. Reading goes into the parameters of a module whose memory was never
touched. "memory" is what the process grows by at most, as a part of the model. ``--small`` shows in
one round that all of it runs; there the fixed costs outweigh, and the bars say nothing.
"""

import json
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from harness import Round, Work, figure, measured, own_process, ratio
from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType] # `PathLike` of what
from torch import nn

from protonet.spec.net import LayerParameter
from protonet.weights.caffemodel import read_caffemodel
from protonet.weights.load import load_weights, save_weights

ROUNDS = 7
CHANNELS = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
CLASSIFIER = (512 * 7 * 7, 4096, 4096, 1000)
SMALL = 16
"""How many times thinner every layer of the small one is."""

MEMORY_FOLDER = Path("/dev/shm")


class Vgg16(nn.Module):
    """The blobs of VGG-16 (arXiv:1409.1556, table 1, D) without its arithmetic."""

    name = "VGG_ILSVRC_16_layers"

    def __init__(self, thinner: int) -> None:
        super().__init__()
        self.params: dict[str, list[nn.Parameter]] = {}
        shapes = [(n, c, 3, 3) for c, n in pairwise(CHANNELS)]
        shapes += [(n, k) for k, n in pairwise(CLASSIFIER)]
        for number, (outputs, inputs, *kernel) in enumerate(shapes):
            n, c = max(1, outputs // thinner), max(1, inputs // thinner)
            blobs = [torch.empty(n, c, *kernel), torch.empty(n)]
            self.params[f"layer{number}"] = [nn.Parameter(blob) for blob in blobs]
        for layer, blobs in self.params.items():
            for index, blob in enumerate(blobs):
                self.register_parameter(f"{layer}/{index}", blob)

    @property
    def layer_messages(self) -> list[LayerParameter]:
        """A layer a pair of blobs."""
        return [LayerParameter.of({"name": name, "type": "Convolution"}) for name in self.params]

    @property
    def owners(self) -> frozenset[tuple[str, int]]:
        """Nothing is shared."""
        return frozenset((name, index) for name in self.params for index in range(2))


def model_bytes(net: nn.Module) -> int:
    """Return the bytes of all parameters."""
    return sum(parameter.nbytes for parameter in net.parameters())


def variant(name: str, folder: Path, thinner: int) -> Round:
    """Run one variant in this process; return seconds and ``memory``, as a part of the model."""
    ours, theirs = folder / "vgg.caffemodel", folder / "vgg.safetensors"
    net = Vgg16(thinner)
    saving = name.startswith("save")
    if saving:
        for parameter in net.parameters():
            nn.init.normal_(parameter, std=0.01)
    works: Mapping[str, Work] = {
        "open": lambda: read_caffemodel(ours),
        "load": lambda: load_weights(net, ours),
        "load safetensors": lambda: net.load_state_dict(load_file(theirs)),
        "save": lambda: save_weights(net, ours),
        "save safetensors": lambda: save_file(net.state_dict(), theirs),
    }
    found = measured(works[name])
    return {"seconds": found["seconds"], "memory": found["bytes"] / model_bytes(net)}


def rounds(folder: Path, thinner: int, number: int) -> list[dict[str, Round]]:
    """Run all variants in turn; those that save come first and leave the files."""
    names = ("save", "save safetensors", "open", "load", "load safetensors")
    arguments = str(folder), str(thinner)
    return [{n: own_process(__file__, n, *arguments) for n in names} for _ in range(number)]


def figures(found: list[dict[str, Round]]) -> dict[str, tuple[float, float]]:
    """Return value and bar of every figure."""
    times = [{name: one["seconds"] for name, one in each.items()} for each in found]
    return {
        "load_vs_safetensors": (ratio(times, "load", "load safetensors"), 1.0),
        "load_memory": (max(each["load"]["memory"] for each in found), 1.1),
        "open_ms": (1000 * median(each["open"] for each in times), 10.0),
        "save_vs_safetensors": (ratio(times, "save", "save safetensors"), 1.3),
        "save_memory": (max(each["save"]["memory"] for each in found), 0.05),
    }


def main() -> None:
    """Print the figures, or run the variant that the arguments name."""
    if len(sys.argv) > 2:
        print(json.dumps(variant(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
        return
    thinner, number = (SMALL, 1) if "--small" in sys.argv else (1, ROUNDS)
    with TemporaryDirectory(dir=MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None) as folder:
        for name, (value, bar) in figures(rounds(Path(folder), thinner, number)).items():
            figure(name, value, bar)


if __name__ == "__main__":
    main()
