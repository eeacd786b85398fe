"""Log."""

import pytest
import torch

from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f"log_param {{ {params} }}"


@pytest.mark.parametrize("params", ["", "base: 2", "base: 10 scale: 0.5 shift: 1", "shift: 2"])
def test_laws(params: str) -> None:
    LayerCase("Log", text(params), bottoms=((2, 3, 4),), low=0.1).check_laws()


def test_it_is_a_logarithm_to_the_base() -> None:
    case = LayerCase("Log", text("base: 2 scale: 3 shift: -1"), bottoms=((3,),))

    (y,) = case.run(torch.tensor([1.0, 3.0, 2 / 3]))

    torch.testing.assert_close(y, torch.tensor([1.0, 3.0, 0.0]))


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("0", "`base` 0 must be above 0 and finite, or -1 for e"),
        ("1", "`base` 1 has no logarithm"),
    ],
)
def test_a_base_without_logarithms_is_refused(base: str, message: str) -> None:
    assert LayerCase("Log", text(f"base: {base}"), bottoms=((3,),)).refusal() == message
