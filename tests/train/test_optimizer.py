import numpy as np
import pytest
import torch
from torch import Tensor

from protonet.net import Net
from protonet.nets.blobs import Learnable
from protonet.spec.solver import SolverParameter
from protonet.train import lr
from protonet.train.events import Clipped
from protonet.train.optimizer import Optimizer
from tests.train.blobs import ITERATIONS, Blobs, solver

POLICIES: dict[str, dict[str, object]] = {
    "fixed": {},
    "step": {"gamma": 0.1, "stepsize": 5},
    "exp": {"gamma": 0.9},
    "inv": {"gamma": 0.1, "power": 0.75},
    "multistep": {"gamma": 0.1, "stepvalue": (3, 3, 8)},
    "poly": {"power": 2.0, "max_iter": 12},
    "sigmoid": {"gamma": 0.5, "stepsize": 4},
}
TYPES: dict[str, dict[str, object]] = {
    "SGD": {"momentum": 0.9},
    "Nesterov": {"momentum": 0.95},
    "AdaGrad": {},
    "RMSProp": {"rms_decay": 0.9},
    "AdaDelta": {"momentum": 0.95, "delta": 1e-6, "base_lr": 1.0},
    "Adam": {"momentum": 0.9, "momentum2": 0.99},
}
SETTINGS: tuple[dict[str, object], ...] = (
    {"iter_size": 3},
    {"clip_gradients": 2.0},
    {"clip_gradients": 100.0},
    {"clip_gradients": 0.0},
    {"iter_size": 4, "clip_gradients": 2.0, "weight_decay": 0.1},
    {"iter_size": 2, "regularization_type": "L1", "weight_decay": 0.1},
    {"momentum": 0.0},
    {"base_lr": 0.0},
    {"base_lr": 1e-11},
)


def assert_equals_caffe(s: SolverParameter, *, fused: bool = True) -> None:
    blobs = Blobs.make()
    optimizer = Optimizer(blobs.learnables, s, fused=fused)
    reference = blobs.reference(s)
    step = 0
    for it in range(ITERATIONS):
        reference.step(blobs.give_gradients(it), it)
        step = lr.advance(s, it, step)
        optimizer.step(lr.rate(s, it, step), it)
        optimizer.clear()
    for blob, expected in zip(blobs.learnables, reference.weights, strict=True):
        np.testing.assert_allclose(blob.tensor.detach().numpy(), expected, rtol=2e-5, atol=2e-6)
    expected = [h for buffer in reference.history for h in buffer]
    for mine, theirs in zip(optimizer.history, expected, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "direct"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", TYPES)
def test_rules_under_policies_equal_caffe(kind: str, policy: str, fused: bool) -> None:
    s = solver(type=kind, lr_policy=policy, weight_decay=0.1, **(POLICIES[policy] | TYPES[kind]))

    assert_equals_caffe(s, fused=fused)


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "direct"])
@pytest.mark.parametrize("fields", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", TYPES)
def test_rules_with_any_setting_equal_caffe(
    kind: str, fields: dict[str, object], fused: bool
) -> None:
    assert_equals_caffe(solver(**{"type": kind, **TYPES[kind], **fields}), fused=fused)


def test_sgd_keeps_the_old_rate_in_its_buffer_after_a_drop() -> None:
    w = torch.nn.Parameter(torch.tensor(1.0))
    s = solver(lr_policy="step", gamma=0.1, stepsize=3, momentum=0.9)
    optimizer = Optimizer([Learnable("ip", 0, w, 1.0, 1.0)], s)

    for it in range(4):
        w.grad = torch.tensor(1.0)
        optimizer.step(lr.rate(s, it, it // 3), it)

    # v: 0.1, 0.19, 0.271, 0.9 * 0.271 + 0.01; torch.optim.SGD would take 0.034 in the last step.
    torch.testing.assert_close(w.detach(), torch.tensor(1 - 0.1 - 0.19 - 0.271 - 0.2539))


@pytest.mark.parametrize("kind", TYPES)
def test_frozen_blob_stays_and_only_decay_reaches_its_history(kind: str) -> None:
    w = torch.nn.Parameter(torch.tensor([2.0]), requires_grad=False)
    s = solver(type=kind, weight_decay=0.5, **TYPES[kind])
    optimizer = Optimizer([Learnable("ip", 0, w, 0.0, 1.0)], s)

    optimizer.step(0.1, 0)

    assert w.item() == 2.0
    grown = {
        "SGD": 0.0,
        "Nesterov": 0.0,
        "AdaGrad": 1.0,
        "RMSProp": 0.1,
        "AdaDelta": 0.05,
        "Adam": 0.1,
    }
    assert optimizer.history[0].item() == pytest.approx(grown[kind])


@pytest.mark.parametrize("kind", TYPES)
def test_frozen_blob_without_decay_is_left_alone(kind: str) -> None:
    buffer = torch.tensor([2.0])
    optimizer = Optimizer([Learnable("bn", 0, buffer, 0.0, 0.0)], solver(type=kind, **TYPES[kind]))

    optimizer.step(0.1, 0)

    assert (buffer.item(), optimizer.history[0].item()) == (2.0, 0.0)


@pytest.mark.parametrize("kind", ["SGD", "Nesterov"])
def test_frozen_blob_with_restored_momentum_keeps_moving(kind: str) -> None:
    w = torch.nn.Parameter(torch.tensor([2.0]), requires_grad=False)
    optimizer = Optimizer([Learnable("ip", 0, w, 0.0, 1.0)], solver(type=kind, momentum=0.5))
    optimizer.restore([torch.tensor([[1.0]])])

    optimizer.step(0.1, 0)

    moved = 0.5 if kind == "SGD" else 0.25  # (1 + m) m - m
    assert (w.item(), optimizer.history[0].item()) == (2.0 - moved, 0.5)


def test_forced_gradient_of_a_frozen_blob_reaches_adagrads_history() -> None:
    w = torch.nn.Parameter(torch.tensor([2.0]))
    w.grad = torch.tensor([3.0])
    optimizer = Optimizer([Learnable("ip", 0, w, 0.0, 1.0)], solver(type="AdaGrad"))

    optimizer.step(0.1, 0)

    assert (w.item(), optimizer.history[0].item()) == (2.0, 9.0)


def test_blob_without_gradient_still_decays() -> None:
    w = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = Optimizer([Learnable("ip", 0, w, 1.0, 1.0)], solver(weight_decay=0.5))

    optimizer.step(0.1, 0)

    torch.testing.assert_close(w.detach(), torch.tensor([1.9]))


def test_clipping_tells_the_norm_and_the_factor() -> None:
    w = torch.nn.Parameter(torch.zeros(2))
    w.grad = torch.tensor([3.0, 4.0])
    optimizer = Optimizer([Learnable("ip", 0, w, 1.0, 1.0)], solver(clip_gradients=2.0))

    assert optimizer.step(0.1, 0) == Clipped(norm=5.0, limit=2.0, scale=0.4)
    torch.testing.assert_close(w.detach(), torch.tensor([-0.12, -0.16]))


@pytest.mark.parametrize("kind", TYPES)
def test_tensors_of_other_layouts_are_updated_alike(kind: str) -> None:
    s = solver(type=kind, **TYPES[kind])
    results: list[Tensor] = []
    for layout in (torch.contiguous_format, torch.channels_last):
        generator = torch.Generator().manual_seed(1701)
        w = torch.nn.Parameter(
            torch.randn(4, 3, 2, 2, generator=generator).to(memory_format=layout)
        )
        optimizer = Optimizer([Learnable("conv", 0, w, 1.0, 1.0)], s)
        for it in range(3):
            gradient = torch.randn(4, 3, 2, 2, generator=generator)
            w.grad = gradient  # always contiguous
            optimizer.step(0.1, it)
        results.append(w.detach().contiguous())

    torch.testing.assert_close(results[0], results[1])


def bounded(blob: Tensor, max_norm: float, *, lr_mult: float = 1.0) -> Optimizer:
    return Optimizer([Learnable("ip", 0, blob, lr_mult, 1.0, max_norm)], solver())


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_rows_are_scaled_back_to_the_bound_after_the_update(layout: torch.memory_format) -> None:
    w = torch.nn.Parameter(torch.ones(2, 3, 2, 2).to(memory_format=layout))
    w.grad = torch.stack([torch.full((3, 2, 2), -10.0), torch.full((3, 2, 2), 9.0)])

    bounded(w, 2.0).step(0.1, 0)

    # 1 + 1 = 2 has the norm 2 sqrt(12) and becomes 2 / sqrt(12); 1 - 0.9 has the norm 0.1 sqrt(12)
    expected = torch.stack([torch.full((3, 2, 2), 2 / 12**0.5), torch.full((3, 2, 2), 0.1)])
    torch.testing.assert_close(w.detach().contiguous(), expected)


@pytest.mark.parametrize("shape", [(3,), ()])
def test_each_value_of_a_bias_is_a_row(shape: tuple[int, ...]) -> None:
    w = torch.nn.Parameter(torch.full(shape, -5.0))

    bounded(w, 2.0).step(0.1, 0)

    torch.testing.assert_close(w.detach(), torch.full(shape, -2.0))


def test_a_frozen_blob_is_not_scaled_back() -> None:
    w = torch.nn.Parameter(torch.tensor([5.0]), requires_grad=False)

    bounded(w, 2.0, lr_mult=0.0).step(0.1, 0)

    assert w.item() == 5.0


def test_a_net_carries_the_bound_of_its_file() -> None:
    net = Net(
        """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" param { max_norm: 3 }
          inner_product_param { num_output: 2 } }"""
    )

    assert [blob.max_norm for blob in net.learnables] == [3.0, 0.0]


@pytest.mark.parametrize("kind", TYPES)
def test_history_that_is_looked_at_in_between_is_caffes(kind: str) -> None:
    """Nesterov keeps it in other units, and at rates that change in ever other ones."""
    s = solver(type=kind, lr_policy="exp", gamma=0.5, iter_size=2, **TYPES[kind])
    blobs = Blobs.make()
    optimizer, reference = Optimizer(blobs.learnables, s), blobs.reference(s)
    for it in range(ITERATIONS):
        reference.step(blobs.give_gradients(it), it)
        optimizer.step(lr.rate(s, it, 0), it)
        if it % 3 == 2:
            expected = [h for buffer in reference.history for h in buffer]
            for mine, theirs in zip(optimizer.history, expected, strict=True):
                np.testing.assert_allclose(mine.numpy(), theirs, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("size", [1, 4])
def test_values_are_clipped_in_the_mean_gradient(size: int) -> None:
    w = torch.nn.Parameter(torch.zeros(3))
    w.grad = torch.tensor([3.0, -40.0, 0.4])
    optimizer = Optimizer([Learnable("ip", 0, w, 1.0, 1.0)], solver(clip_value=0.5, iter_size=size))

    optimizer.step(1.0, 0)

    torch.testing.assert_close(w.detach(), torch.tensor([-0.5, 0.5, -0.4 / size]))


def test_norm_is_clipped_before_values() -> None:
    w = torch.nn.Parameter(torch.zeros(2))
    w.grad = torch.tensor([3.0, 4.0])
    s = solver(clip_value=0.7, clip_gradients=1.0, weight_decay=0.1)
    optimizer = Optimizer([Learnable("ip", 0, w, 1.0, 1.0)], s)

    optimizer.step(1.0, 0)

    torch.testing.assert_close(w.detach(), torch.tensor([-0.6, -0.7]))
