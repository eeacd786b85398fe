"""Silence."""

from tests.layers.case import LayerCase


def test_laws() -> None:
    LayerCase("Silence", "", bottoms=((2, 3), (1,)), tops=0, differentiable=False).check_laws()
