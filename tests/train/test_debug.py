"""Lines of `debug_info`, against values computed layer by layer with torch's own functions."""

import re
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.report.log import SEVERITIES, lines
from protonet.train import debug, events
from protonet.train.events import Event, Magnitude, Norms
from protonet.train.solver import Solver
from tests.train.runs import Told, write

NET = """
name: "small"
layer {
  name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param {
    shape { dim: 2 dim: 3 } shape { dim: 2 }
    data_filler { type: "constant" value: 0.5 } data_filler { type: "constant" value: 1 }
  }
}
layer {
  name: "frozen" type: "InnerProduct" bottom: "data" top: "x"
  param { lr_mult: 0 } param { lr_mult: 0 }
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } }
}
layer { name: "relu" type: "ReLU" bottom: "x" top: "x" relu_param { negative_slope: 0.5 } }
layer {
  name: "ip" type: "InnerProduct" bottom: "x" top: "ip" param { name: "w" }
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } }
}
layer { name: "tanh" type: "TanH" bottom: "ip" top: "ip" }
layer {
  name: "double" type: "Eltwise" bottom: "ip" bottom: "ip" top: "sum"
  eltwise_param { coeff: 1 coeff: 2 }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "sum" bottom: "label" }
layer { name: "silence" type: "Silence" bottom: "x" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(fields: str, steps: int, net: str = NET) -> tuple[Solver, list[Event]]:
    listener = Told()
    solver = Solver(write(Path(), fields, net=net), listeners=[listener])
    solver.step(steps)
    return solver, listener.events


def texts(found: list[Event]) -> list[str]:
    kinds = (Magnitude, Norms)
    return [text.strip() for e in found if isinstance(e, kinds) for _, text in lines(e)]


def size(x: torch.Tensor) -> str:
    return f"{x.detach().abs().mean():g}"


def split(text: str) -> tuple[str, list[float]]:
    """Return the words of a line, and its numbers."""
    number = r"(?<=[ (])[-\d.]+(?:e-?\d+)?(?=$|[;,)])"
    return re.sub(number, "v", text), [float(value) for value in re.findall(number, text)]


def test_a_displayed_iteration_is_told_layer_by_layer() -> None:
    solver, found = told("display: 10 debug_info: true", steps=1)

    before = Solver(write(Path(), net=NET))
    (fw, fb), (w, b) = (before.net.params[name] for name in ("frozen", "ip"))
    data, label = torch.full((2, 3), 0.5), torch.ones(2, dtype=torch.long)
    hidden = F.linear(data, fw, fb)
    active = F.leaky_relu(hidden, 0.5)
    score = F.linear(active, w, b)
    squashed = score.tanh()
    total = squashed * 3
    loss = F.cross_entropy(total, label)
    grads = torch.autograd.grad(loss, [total, squashed, score, w, b])
    parameters = [fw, fb, w, b]
    diffs = [grads[3], grads[4]]
    l1 = [sum(float(x.detach().abs().sum()) for x in values) for values in (parameters, diffs)]
    l2 = [
        sum(float(x.detach().square().sum()) for x in values) ** 0.5
        for values in (parameters, diffs)
    ]
    steps = [0.05 * (grads[3] + 0.0005 * w), 0.05 * grads[4]]
    norms = f"L1 norm = ({l1[0]:g}, {l1[1]:g}); L2 norm = ({l2[0]:g}, {l2[1]:g})"

    expected = [
        "[Forward] Layer data, top blob data data: 0.5",
        "[Forward] Layer data, top blob label data: 1",
        f"[Forward] Layer frozen, top blob x data: {size(hidden)}",
        f"[Forward] Layer frozen, param blob 0 data: {size(fw)}",
        "[Forward] Layer frozen, param blob 1 data: 0",
        f"[Forward] Layer relu, top blob x data: {size(active)}",
        f"[Forward] Layer ip, top blob ip data: {size(score)}",
        f"[Forward] Layer ip, param blob w data: {size(w)}",
        "[Forward] Layer ip, param blob 1 data: 0",
        f"[Forward] Layer tanh, top blob ip data: {size(squashed)}",
        f"[Forward] Layer double, top blob sum data: {size(total)}",
        f"[Forward] Layer loss, top blob (automatic) data: {size(loss)}",
        f"[Backward] Layer loss, bottom blob sum diff: {size(grads[0])}",
        f"[Backward] Layer double, bottom blob ip diff: {size(grads[0])}",
        f"[Backward] Layer double, bottom blob ip diff: {size(2 * grads[0])}",
        f"[Backward] Layer tanh, bottom blob ip diff: {size(grads[2])}",
        f"[Backward] Layer ip, param blob 0 diff: {size(grads[3])}",
        f"[Backward] Layer ip, param blob 1 diff: {size(grads[4])}",
        f"[Backward] All net params (data, diff): {norms}",
        f"[Update] Layer frozen, param 0 data: {size(fw)}; diff: 0",
        "[Update] Layer frozen, param 1 data: 0; diff: 0",
        f"[Update] Layer ip, param w data: {size(w)}; diff: {size(steps[0])}",
        f"[Update] Layer ip, param 1 data: 0; diff: {size(steps[1])}",
    ]
    assert [split(text)[0] for text in texts(found)] == [split(text)[0] for text in expected]
    for mine, theirs in zip(texts(found), expected, strict=True):
        assert split(mine)[1] == pytest.approx(split(theirs)[1], rel=1e-4)
    assert solver.iter == 1


def test_other_iterations_are_not_told() -> None:
    _, found = told("display: 2 debug_info: true", steps=4)

    # Iterations 0 and 2.
    assert sum(text.startswith("[Backward] All") for text in texts(found)) == 2


def test_each_of_iter_size_passes_is_told() -> None:
    _, found = told("display: 2 debug_info: true iter_size: 3", steps=1)

    assert sum(text.startswith("[Forward] Layer data, top blob data") for text in texts(found)) == 3
    assert sum(text.startswith("[Backward] All") for text in texts(found)) == 3
    assert sum(text.startswith("[Update] Layer ip, param w") for text in texts(found)) == 1


def test_every_pass_of_a_test_is_told() -> None:
    _, found = told("debug_info: true test_iter: 3 test_interval: 5", steps=1)

    told_of = [text.partition(" data:")[0] for text in texts(found)]
    assert told_of.count("[Forward] Layer tanh, top blob ip") == 3
    assert not any(text.startswith(("[Backward]", "[Update]")) for text in told_of)


def test_without_debug_info_nothing_is_told() -> None:
    _, found = told("display: 1 test_iter: 1 test_interval: 1", steps=2)

    assert texts(found) == []


def test_training_is_the_same_when_watched() -> None:
    watched, _ = told("display: 1 debug_info: true", steps=5)
    plain, _ = told("", steps=5)

    for mine, theirs in zip(watched.net.learnables, plain.net.learnables, strict=True):
        torch.testing.assert_close(mine.tensor, theirs.tensor)


def test_hooks_go_when_a_layer_refuses() -> None:
    solver, _ = told("", steps=1)
    usual = solver.net.program

    with pytest.raises(ZeroDivisionError), debug.watched(solver.net, lambda _: None):
        raise ZeroDivisionError
    assert solver.net.program is usual


def test_net_that_has_not_run_has_no_program_of_its_own_afterwards() -> None:
    solver = Solver(write(Path(), net=NET))
    with debug.watched(solver.net, lambda _: None):
        apart = solver.net.program

    assert solver.net.program is not apart


def test_severity_of_the_norms_is_that_of_caffe() -> None:
    assert SEVERITIES[events.Norms] == "E"
