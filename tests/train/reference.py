"""Caffe's updates written out in float64 (sgd_solver.cpp and its siblings), one blob at a time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from protonet.spec.solver import SolverParameter

Array = NDArray[np.float64]


def caffe_rate(s: SolverParameter, it: int, current_step: int) -> tuple[float, int]:
    """GetLearningRate: the rate, and current_step afterwards."""
    if s.lr_policy == "step":
        current_step = it // s.stepsize
    elif s.lr_policy == "multistep":
        current_step += current_step < len(s.stepvalue) and it >= s.stepvalue[current_step]
    factors = {
        "fixed": lambda: 1.0,
        "step": lambda: s.gamma**current_step,
        "exp": lambda: s.gamma**it,
        "inv": lambda: (1 + s.gamma * it) ** -s.power,
        "multistep": lambda: s.gamma**current_step,
        "poly": lambda: (1 - it / s.max_iter) ** s.power,
        "sigmoid": lambda: 1 / (1 + math.exp(-s.gamma * (it - s.stepsize))),
    }
    return s.base_lr * factors[s.lr_policy](), current_step


@dataclass
class Reference:
    """A solver of blobs whose gradients are given."""

    s: SolverParameter
    weights: list[Array]
    lr_mult: Sequence[float]
    decay_mult: Sequence[float]
    current_step: int = 0
    history: list[list[Array]] = field(default_factory=list[list[Array]])

    def __post_init__(self) -> None:
        count = 2 if self.s.type in {"AdaDelta", "Adam"} else 1
        self.history = [[np.zeros_like(w) for w in self.weights] for _ in range(count)]

    def step(self, diffs: Sequence[Array], it: int) -> None:
        """ApplyUpdate; ``diffs`` are sums over ``iter_size`` batches."""
        s = self.s
        rate, self.current_step = caffe_rate(s, it, self.current_step)
        norm = math.sqrt(sum(float((diff**2).sum()) for diff in diffs))
        clip = s.clip_gradients / norm if 0 <= s.clip_gradients < norm else 1.0
        for at, w in enumerate(self.weights):
            decay = s.weight_decay * self.decay_mult[at]
            decayed = w if s.regularization_type == "L2" else np.sign(w)
            g = diffs[at] * clip / s.iter_size + decay * decayed
            buffers = [buffer[at] for buffer in self.history]
            self.weights[at] = w - self.update(g, buffers, rate * self.lr_mult[at], it)

    def update(self, g: Array, buffers: Sequence[Array], rate: float, it: int) -> Array:
        """ComputeUpdateValue of each type."""
        s, h, m = self.s, buffers[0], self.s.momentum
        match s.type:
            case "SGD":
                h[...] = m * h + rate * g
                return h
            case "Nesterov":
                old = h.copy()
                h[...] = m * h + rate * g
                return (1 + m) * h - m * old
            case "AdaGrad":
                h += g**2
                return rate * g / (np.sqrt(h) + s.delta)
            case "RMSProp":
                h[...] = s.rms_decay * h + (1 - s.rms_decay) * g**2
                return rate * g / (np.sqrt(h) + s.delta)
            case "AdaDelta":
                k = buffers[1]
                h[...] = m * h + (1 - m) * g**2
                v = g * np.sqrt((k + s.delta) / (h + s.delta))
                k[...] = m * k + (1 - m) * v**2
                return rate * v
            case _:
                v, b = buffers[1], s.momentum2
                h[...] = m * h + (1 - m) * g
                v[...] = b * v + (1 - b) * g**2
                correction = math.sqrt(1 - b ** (it + 1)) / (1 - m ** (it + 1))
                return rate * correction * h / (np.sqrt(v) + s.delta)
