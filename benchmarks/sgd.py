"""One update of all weights, as a ratio to `torch.optim` doing the same rule in one fused pass.

    python benchmarks/sgd.py

Both update parameters of their own in one process, in turn; the figure is the median of the rounds'
ratios, half of them of a pair that was built in the other order, for where parameters lie in memory
matters. Biases have twice the rate and no decay, as in Caffe's nets: two parameter groups each. SGD
is measured on the parameters of three nets, the other rules on those of one. RMSProp and AdaDelta,
which torch has in no fused form, are held against its `foreach=True`.
"""

from collections.abc import Callable, Iterator

import torch
from harness import Round, Work, figure, interleaved, ratio, seconds
from torch import nn, optim

from protonet.nets.blobs import Learnable
from protonet.spec.solver import SolverParameter
from protonet.train.optimizer import Optimizer

ROUNDS = 8
SECONDS = 0.2
"""How long a variant runs in a round, about."""
BAR = 1.0
RATE, MOMENTUM, DECAY = 0.01, 0.9, 0.0005

Shapes = list[tuple[int, ...]]


def lenet() -> Shapes:
    """Return the weights of Caffe's LeNet, 0.43 M floats."""
    return [(20, 1, 5, 5), (50, 20, 5, 5), (500, 800), (10, 500)]


def caffenet() -> Shapes:
    """Return the weights of CaffeNet, 61 M floats."""
    convolutions: Shapes = [(96, 3, 11, 11), (256, 48, 5, 5), (384, 256, 3, 3)]
    convolutions += [(384, 192, 3, 3), (256, 192, 3, 3)]
    return [*convolutions, (4096, 9216), (4096, 4096), (1000, 4096)]


def resnet18() -> Shapes:
    """Return the weights of ResNet-18, 11.7 M floats; BatchNorm's scale stands for a weight."""
    shapes: Shapes = [(64, 3, 7, 7), (64,)]
    below = 64
    for width in (64, 128, 256, 512):
        for kernel in (below, width, width, width):
            shapes += [(width, kernel, 3, 3), (width,)]
        if below != width:
            shapes += [(width, below, 1, 1), (width,)]
        below = width
    return [*shapes, (1000, 512)]


def parameters(shapes: Shapes) -> Iterator[tuple[nn.Parameter, bool]]:
    """Yield a parameter and a bias for each shape, with gradients, and whether it is a bias."""
    for shape in shapes:
        for size in (shape, shape[:1]):
            parameter = nn.Parameter(0.1 * torch.randn(size))
            parameter.grad = 0.1 * torch.randn(size)
            yield parameter, size is not shape


def ours(kind: str, shapes: Shapes) -> Work:
    """Return a step of protonet."""
    fields = {"type": kind, "base_lr": RATE, "weight_decay": DECAY, "lr_policy": "fixed"}
    if kind not in {"AdaGrad", "RMSProp"}:
        fields["momentum"] = MOMENTUM
    solver = SolverParameter.model_validate(fields)
    learnables = [
        Learnable("layer", int(is_bias), parameter, 1.0 + is_bias, 1.0 - is_bias)
        for parameter, is_bias in parameters(shapes)
    ]
    optimizer = Optimizer(learnables, solver)
    return lambda: optimizer.step(RATE, 1000)


def theirs(kind: str, shapes: Shapes) -> Work:
    """Return a step of `torch.optim`."""
    weights: list[nn.Parameter] = []
    biases: list[nn.Parameter] = []
    for parameter, is_bias in parameters(shapes):
        (biases if is_bias else weights).append(parameter)
    groups = [
        {"params": weights, "weight_decay": DECAY, "lr": RATE},
        {"params": biases, "weight_decay": 0.0, "lr": 2 * RATE},
    ]
    optimizers: dict[str, Callable[[], optim.Optimizer]] = {
        "SGD": lambda: optim.SGD(groups, momentum=MOMENTUM, fused=True),
        "Nesterov": lambda: optim.SGD(groups, momentum=MOMENTUM, nesterov=True, fused=True),
        "AdaGrad": lambda: optim.Adagrad(groups, fused=True),
        "RMSProp": lambda: optim.RMSprop(groups, foreach=True),
        "AdaDelta": lambda: optim.Adadelta(groups, foreach=True),
        "Adam": lambda: optim.Adam(groups, betas=(MOMENTUM, 0.999), fused=True),
    }
    return optimizers[kind]().step


def repeated(step: Work, times: int) -> Work:
    """Return a measurement of so many steps."""

    def steps() -> None:
        for _ in range(times):
            step()

    return steps


def compare(name: str, kind: str, shapes: Shapes) -> None:
    """Print one figure."""
    torch.manual_seed(1701)
    builders = {"ours": ours, "theirs": theirs}
    rounds: list[Round] = []
    for order in (("ours", "theirs"), ("theirs", "ours")):
        pair = {side: builders[side](kind, shapes) for side in order}
        times = max(1, round(3 * SECONDS / seconds(repeated(pair["theirs"], 3))))
        rounds += interleaved({side: repeated(step, times) for side, step in pair.items()}, ROUNDS)
    figure(name, ratio(rounds, "ours", "theirs"), BAR)


def main() -> None:
    """Print the figures."""
    for net in (lenet, resnet18, caffenet):
        compare(f"sgd_step_vs_fused_{net.__name__}", "SGD", net())
    for kind in ("Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"):
        form = "foreach" if kind in {"RMSProp", "AdaDelta"} else "fused"
        compare(f"{kind.lower()}_step_vs_{form}_resnet18", kind, resnet18())


if __name__ == "__main__":
    main()
