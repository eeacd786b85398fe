from collections.abc import Sequence

import pytest
import torch

from protonet.diagnostics import DiagnosticError
from protonet.nets.blobs import Learnable
from protonet.train import torch_classes
from protonet.train.optimizer import RULES, Optimizer
from protonet.train.torch_classes import REFUSED
from tests.train.blobs import DECAY_MULT, ITERATIONS, LR_MULT, Blobs, solver

CLASSES = sorted(set(torch_classes.names()) - set(REFUSED) - {"Muon"})


def run(optimizer: Optimizer, blobs: Blobs, iterations: Sequence[int]) -> None:
    for it in iterations:
        blobs.give_gradients(it)
        optimizer.step(0.1 if it < 5 else 0.01, it)
        optimizer.clear()


@pytest.mark.parametrize(
    ("kind", "fields", "arguments"),
    [
        ("torch.SGD", {"momentum": 0.9}, {"momentum": 0.9}),
        (
            "torch.SGD",
            {"optimizer_arg": ("nesterov=True",), "momentum": 0.5},
            {
                "momentum": 0.5,
                "nesterov": True,
            },
        ),
        (
            "NAdam",
            {"optimizer_arg": ("betas=(0.8, 0.9)", "eps = 1e-3")},
            {
                "betas": (0.8, 0.9),
                "eps": 1e-3,
            },
        ),
        ("torch.Adam", {"optimizer_arg": ("amsgrad=True",)}, {"amsgrad": True}),
        ("RAdam", {}, {}),
        ("Adamax", {}, {}),
        ("ASGD", {}, {}),
    ],
)
def test_update_is_that_of_the_class(
    kind: str, fields: dict[str, object], arguments: dict[str, object]
) -> None:
    mine, theirs = Blobs.make(), Blobs.make()
    optimizer = Optimizer(mine.learnables, solver(type=kind, weight_decay=0.1, **fields))
    groups = [
        {"params": [b.tensor], "weight_decay": 0.1 * decay, "lr": 0.1 * mult}
        for b, mult, decay in zip(theirs.learnables, LR_MULT, DECAY_MULT, strict=True)
        if mult
    ]
    other = getattr(torch.optim, kind.removeprefix("torch."))(groups, **arguments)
    for it in range(ITERATIONS):
        for which in (mine, theirs):
            which.give_gradients(it)
        optimizer.step(0.1, it)
        other.step()

    for blob, expected in zip(mine.learnables, theirs.learnables, strict=True):
        torch.testing.assert_close(blob.tensor, expected.tensor)


def test_class_without_decay_gets_it_in_the_gradient() -> None:
    w = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = Optimizer([Learnable("ip", 0, w, 1.0, 1.0)], solver(type="Rprop", weight_decay=0.5))
    w.grad = torch.tensor([-0.1])  # with the decay 0.9, so the step is downwards

    optimizer.step(0.1, 0)

    torch.testing.assert_close(w.detach(), torch.tensor([1.9]))


@pytest.mark.parametrize("kind", CLASSES)
def test_restored_history_goes_on_to_the_bit(kind: str) -> None:
    s = solver(type=f"torch.{kind}", weight_decay=0.1, momentum=0.9)
    whole, begun, rest = Blobs.make(), Blobs.make(), Blobs.make()
    one = Optimizer(whole.learnables, s)
    run(one, whole, range(ITERATIONS))
    first = Optimizer(begun.learnables, s)
    run(first, begun, range(6))
    for blob, other in zip(rest.learnables, begun.learnables, strict=True):
        blob.tensor.data.copy_(other.tensor.data)
    second = Optimizer(rest.learnables, s)
    saved = [h.float().clone() for h in first.history]

    assert [h.shape for h in second.expected(6)] == [h.shape for h in saved]
    second.restore(saved)
    run(second, rest, range(6, ITERATIONS))

    for blob, other in zip(whole.learnables, rest.learnables, strict=True):
        assert torch.equal(blob.tensor, other.tensor)
    for mine, theirs in zip(one.history, second.history, strict=True):
        assert torch.equal(mine, theirs)


def test_before_the_first_step_there_is_nothing_to_restore() -> None:
    blobs = Blobs.make()
    optimizer = Optimizer(blobs.learnables, solver(type="NAdam"))

    assert (optimizer.history, optimizer.expected(0)) == ([], [])
    optimizer.restore([])
    run(optimizer, blobs, range(2))
    assert len(optimizer.history) == 4 * 4  # blobs that learn, values of NAdam


@pytest.mark.parametrize(
    ("kind", "argument", "reason"),
    [
        ("NAdam", "betas=(2, 0.9)", "Invalid beta parameter at index 0: 2"),
        ("torch.SGD", "nesterov=True", "Nesterov momentum requires a momentum"),
        ("Muon", "eps=1e-7", "Muon only supports 2D parameters"),
    ],
)
def test_what_torch_refuses_is_told(kind: str, argument: str, reason: str) -> None:
    if kind.removeprefix("torch.") not in torch_classes.names():
        pytest.skip("this torch has no such class")
    s = solver(type=kind, optimizer_arg=(argument,))

    with pytest.raises(DiagnosticError) as caught:
        Optimizer(Blobs.make().learnables, s)

    (problem,) = caught.value.diagnostics
    name = kind.removeprefix("torch.")
    assert problem.code == "PN624"
    assert problem.message.startswith(f"`torch.optim.{name}` refuses what the solver gives it: ")
    assert reason in problem.message


def test_classes_are_those_that_torch_has() -> None:
    theirs = {
        name
        for name, value in vars(torch.optim).items()
        if isinstance(value, type)
        and issubclass(value, torch.optim.Optimizer)
        and value is not torch.optim.Optimizer
    }

    assert set(torch_classes.names()) == theirs


@pytest.mark.parametrize("name", ["SGD", "NAdam", "Rprop"])
def test_arguments_are_those_of_the_class(name: str) -> None:
    found = torch_classes.find(f"torch.{name}", RULES)
    code = getattr(torch.optim, name).__init__.__code__

    assert found
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    assert tuple(found.arguments) == given[2:]


@pytest.mark.parametrize("kind", ["RMSprop", "Adagrad", "Adam", "LBFGS", "torch.LBFGS", "Foo"])
def test_these_are_no_classes_to_train_with(kind: str) -> None:
    assert torch_classes.find(kind, RULES) is None


@pytest.mark.parametrize("text", ["eps", "=1", "1x=2", "eps=", "eps=foo", "eps=(1,", "eps=1+'a'"])
def test_what_is_no_argument_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        torch_classes.argument(text)
