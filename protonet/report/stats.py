"""How large activations and gradients are, layer by layer, before a net has learnt anything.

The experiment behind "xavier" and "msra": Glorot and Bengio (AISTATS 2010), He et al.
(arXiv:1502.01852). Signals should neither fade nor grow with depth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from protonet.graph.ir import Node, Value
from protonet.graph.show import columns
from protonet.message.common import FillerParameter
from protonet.net import Net
from protonet.report.plot import page
from protonet.source import readable
from protonet.spec.read import read_net
from protonet.spec.variant import PRODUCTS, with_batch_norm, with_fillers


@dataclass(frozen=True, slots=True)
class Activation:
    """A top of a layer, over a batch.

    Attributes:
        layer: The layer's name.
        type: Its type.
        blob: The top's name.
        mean: Of all values.
        std: Of all values, about their mean.
        zeros: The part that is exactly 0: units that are off.
        gradient: The standard deviation of the objective's gradient; None where there is none.
    """

    layer: str
    type: str
    blob: str
    mean: float
    std: float
    zeros: float
    gradient: float | None


def variants(
    name: str,
    phase: str,
    *,
    fillers: Mapping[str, Mapping[str, Any]],
    batch_norm: bool = False,
    weights: str | None = None,
    seed: int = 1,
) -> dict[str, tuple[Activation, ...]]:
    """Look at a net as its file says, or with each of some fillers, and with BatchNorm.

    Args:
        name: The net's prototxt.
        phase: ``TRAIN`` or ``TEST``.
        fillers: Fields of a filler, by what the variant is called.
        batch_norm: Also look at each with BatchNorm behind its products.
        weights: Files to load instead of filling.
        seed: Of fillers and data, the same for all variants.

    Raises:
        DiagnosticError: The net is at fault, or a filler.
    """
    file = read_net(name)
    files = {text: with_fillers(file, FillerParameter(**one)) for text, one in fillers.items()}
    files = files or {"as the file says": file}
    if batch_norm:
        files |= {f"{text} + BatchNorm": with_batch_norm(one) for text, one in files.items()}
    found: dict[str, tuple[Activation, ...]] = {}
    for text, one in files.items():
        net = Net(one, phase, weights=weights.split(",") if weights else None, seed=seed)
        torch.manual_seed(seed + 1)  # with the fillers' own, inputs would be the first weights
        found[text] = activations(net)
    return found


def activations(net: Net) -> tuple[Activation, ...]:
    """Run a batch forward, and backward if the net has a loss.

    Data come from the data layers; Input layers are given normal numbers, or zeros where a loss
    reads them as labels.
    """
    watch = _Watch()
    with net.programs.taken_apart() as (_, modules):
        hooks = [
            modules[node.key].register_forward_hook(partial(watch.tops, node))
            for node in net.graph.nodes
            if node.key in modules
        ]
        try:
            loss = net.loss(net(_made_up(net)))
        finally:
            for hook in hooks:
                hook.remove()
    if loss.requires_grad:
        loss.backward()
        for parameter in net.parameters():
            parameter.grad = None
    return tuple(watch.found(net))


def _made_up(net: Net) -> dict[str, Tensor]:
    labels = {
        bottom.blob
        for node in net.graph.nodes
        if node.layer.is_loss or node.type == "Accuracy"
        for bottom in node.bottoms[1:]
    }
    device = next(iter(net.parameters()), torch.empty(0)).device
    return {
        top.blob: torch.zeros(shape, device=device)
        if top.blob in labels
        else torch.randn(shape, device=device)
        for top in net.graph.inputs
        for shape in (net.shapes.values[top],)
    }


class _Watch:
    """What the hooks of one pass see."""

    def __init__(self) -> None:
        self._seen: dict[Value, tuple[Node, float, float, float]] = {}
        self._gradients: dict[Value, float] = {}

    def tops(
        self, node: Node, _: nn.Module, __: object, made: Tensor | tuple[Tensor, ...] | None
    ) -> None:
        """Look at the tops of a layer."""
        tops = (made,) if isinstance(made, Tensor) else made or ()
        for value, top in zip(node.tops, tops, strict=True):
            numbers = top.detach().float()
            std = float(numbers.std(correction=0)) if numbers.numel() else 0.0
            zeros = float((numbers == 0).float().mean()) if numbers.numel() else 0.0
            self._seen[value] = (node, float(numbers.mean()), std, zeros)
            if top.requires_grad:
                top.register_hook(partial(self._keep, value))

    def _keep(self, value: Value, gradient: Tensor) -> None:
        self._gradients[value] = float(gradient.float().std(correction=0))

    def found(self, net: Net) -> Iterator[Activation]:
        """Yield what was seen, but of losses and scores."""
        losses = {value for value, _ in net.graph.losses()}
        for value, (node, mean, std, zeros) in self._seen.items():
            if value not in losses and node.type != "Accuracy":
                gradient = self._gradients.get(value)
                yield Activation(node.name, node.type, value.blob, mean, std, zeros, gradient)


HEADINGS = ("layer", "type", "mean", "std", "zeros", "gradient std")


def table(rows: Sequence[Activation]) -> str:
    """Return activations as a table."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    return "\n".join(columns(cells, right=range(2, len(HEADINGS))))


def _cells(row: Activation) -> tuple[str, ...]:
    gradient = "" if row.gradient is None else f"{row.gradient:.3g}"
    return (row.layer, row.type, f"{row.mean:.3g}", f"{row.std:.3g}", f"{row.zeros:.0%}", gradient)


def verdict(rows: Sequence[Activation]) -> str:
    """Say in a line whether signals and gradients keep their size from layer to layer."""
    products = [row for row in rows if row.type in PRODUCTS and row.std > 0]
    if not products:
        return "all activations are equal: nothing can be learned from such weights"
    if len(products) < 2:  # noqa: PLR2004 # a ratio needs two
        return ""
    ratio = products[-1].std / products[0].std
    way = "fade" if ratio < 1 else "grow"
    span = f"from {products[0].layer} to {products[-1].layer}"
    told = f"signals {way} by {max(ratio, 1 / ratio):.3g} {span}"
    dead = [row.layer for row in rows if row.zeros > _DEAD]
    return f"{told}; nearly everything is 0 after {', '.join(dead)}" if dead else told


_DEAD = 0.95


def compare(variants: Mapping[str, Sequence[Activation]]) -> str:
    """Return the standard deviations of several variants of a net side by side."""
    names = _layers(variants)
    stds = {v: {row.layer: f"{row.std:.3g}" for row in rows} for v, rows in variants.items()}
    cells = [("layer", *variants)]
    cells += [(name, *(stds[variant].get(name, "") for variant in variants)) for name in names]
    return "\n".join(columns(cells, right=range(1, len(cells[0]))))


def _layers(variants: Mapping[str, Sequence[Activation]]) -> list[str]:
    """Return the layers of all variants; the longest, which others are part of, has the order."""
    longest_first = sorted(variants.values(), key=len, reverse=True)
    return list(dict.fromkeys(row.layer for rows in longest_first for row in rows))


def plot(variants: Mapping[str, Sequence[Activation]], path: str | Path) -> None:
    """Draw the standard deviations of activations, and of gradients, from layer to layer.

    Raises:
        DiagnosticError: As for ``report.plot.plot``.
    """
    titles = {"std of activations": "std", "std of gradients": "gradient"}
    layers = _layers(variants)
    places = {name: at for at, name in enumerate(layers)}
    with page(path, len(titles)) as axes:
        for (title, field), ax in zip(titles.items(), axes, strict=True):
            for variant, rows in variants.items():
                points = [(places[r.layer], getattr(r, field)) for r in rows if getattr(r, field)]
                ax.plot([x for x, _ in points], [y for _, y in points], marker=".", label=variant)
            ax.set_yscale("log")
            ax.set_ylabel(title)
            ax.grid(visible=True, alpha=0.3)
            ax.legend(fontsize="small")
        axes[-1].set_xticks(
            range(len(layers)), list(map(readable, layers)), rotation=90, fontsize="small"
        )
