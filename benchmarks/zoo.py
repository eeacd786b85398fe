"""Every net of zoo/ against the plain torch that ``protonet convert --to torch`` writes of it.

    python benchmarks/zoo.py [NET ...]

Of its deploy net, a forward pass at TEST, and forward and backward at TRAIN; both sides in one
process, in turn, without allocator settings. The figure is the median of the rounds' ratios.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from harness import Work, figure, interleaved, ratio
from torch import Tensor, nn

from protonet import Net
from protonet.export.source import build, compose

ZOO = Path(__file__).parent.parent / "zoo"
BATCHES = {"cifar10_quick": 64, "siamese": 64, "textures": 32, "lenet": 64, "mobilenet": 8}
"""Images at once, by how the net's name begins; of the others 4."""
FEW = {"fcn8s": 1, "vgg16_compact_bilinear": 1}
STEPS, STREAMS, CHARACTERS = 20, 16, 128
BAR = 1.0
ROUNDS, LEAST_SECONDS = 9, 0.05


def text(name: str) -> str:
    """Return the deploy net for a batch."""
    prefix = next((start for start in BATCHES if name.startswith(start)), "")
    batch = FEW.get(name, BATCHES.get(prefix, 4))
    net = (ZOO / name / "deploy.prototxt").read_text(encoding="utf-8")
    if name == "lstm":
        return net.replace("{ dim: 1 dim: 1 }", f"{{ dim: {STEPS} dim: {STREAMS} }}")
    return net.replace("{ dim: 1 dim:", f"{{ dim: {batch} dim:")


def inputs(net: Net) -> dict[str, Tensor]:
    """Draw a batch; of time steps, texts that begin at the first."""
    found = {blob: torch.randn(shape) for blob, shape in net.inputs.items()}
    if "cont" in found:
        found["cont"] = torch.ones(STEPS, STREAMS)
        found["cont"][0] = 0
        found["input"] = torch.randint(CHARACTERS, (STEPS, STREAMS)).float()
    return found


@torch.no_grad()
def fill(net: Net) -> None:
    """Draw weights that let values through; a deploy net has no fillers."""
    for learnable in net.learnables:
        blob = learnable.tensor
        if not isinstance(blob, nn.Parameter):
            blob.fill_(1.0)
        elif blob.dim() > 1:
            blob.normal_(std=(2 / blob[0].numel()) ** 0.5)
        else:
            blob.fill_(0.1 if learnable.index else 1.0)


def backward(tops: tuple[Tensor, ...], weights: Mapping[str, nn.Parameter]) -> None:
    """Propagate ones back to the weights."""
    for weight in weights.values():
        weight.grad = None
    torch.autograd.backward(tops, [torch.ones_like(top) for top in tops])


def measured(ways: Mapping[str, Work]) -> float:
    """Return the ratio of ours to plain torch's time, each repeated until it takes a while."""
    (first,) = interleaved(ways, 1)
    times = max(1, round(LEAST_SECONDS / first["plain"]))

    def repeated(work: Work) -> Work:
        return lambda: [work() for _ in range(times)]

    return ratio(
        interleaved({name: repeated(work) for name, work in ways.items()}, ROUNDS), "ours", "plain"
    )


def of_one(name: str, phase: str) -> dict[str, Work]:
    """Return the passes of both sides."""
    torch.manual_seed(1701)
    net = Net(text(name), phase=phase)
    fill(net)
    source = compose(net, "weights.safetensors")
    plain = build(source).train(phase == "TRAIN")
    given = inputs(net)
    values = [given[blob] for blob in source.inputs]

    def ours() -> tuple[Tensor, ...]:
        return tuple(net(given).values())

    def theirs() -> tuple[Tensor, ...]:
        tops: Tensor | tuple[Tensor, ...] = plain(*values)
        return tops if isinstance(tops, tuple) else (tops,)

    def forward(run: Callable[[], object]) -> Work:
        return torch.inference_mode()(run)

    if phase == "TEST":
        return {"ours": forward(ours), "plain": forward(theirs)}
    mine, other = dict(net.named_parameters()), dict(plain.named_parameters())
    return {"ours": lambda: backward(ours(), mine), "plain": lambda: backward(theirs(), other)}


def main(names: list[str]) -> None:
    """Print the figures."""
    for name in names:
        for phase, kind in (("TEST", "forward"), ("TRAIN", "step")):
            figure(f"zoo_{name}_{kind}_vs_plain_torch", measured(of_one(name, phase)), BAR)


if __name__ == "__main__":
    main(sys.argv[1:] or sorted(folder.name for folder in ZOO.iterdir() if folder.is_dir()))
