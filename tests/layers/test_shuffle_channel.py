"""ShuffleChannel."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


@pytest.mark.parametrize("group", [1, 2, 6])
@pytest.mark.parametrize("shape", [(2, 6, 3, 4), (3, 6)])
def test_laws(group: int, shape: Shape) -> None:
    text = f"shuffle_channel_param {{ group: {group} }}"

    LayerCase("ShuffleChannel", text, bottoms=(shape,)).check_laws()


def test_groups_take_turns() -> None:
    case = LayerCase("ShuffleChannel", "shuffle_channel_param { group: 2 }", bottoms=((1, 6),))

    (y,) = case.run(torch.arange(6.0).reshape(1, 6))

    assert y.flatten().tolist() == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]


@pytest.mark.parametrize("group", [0, 4])
def test_groups_that_do_not_divide_the_channels_are_refused(group: int) -> None:
    text = f"shuffle_channel_param {{ group: {group} }}"

    assert LayerCase("ShuffleChannel", text, bottoms=((1, 6, 1, 1),)).refusal() == (
        f"`group` {group} does not divide the 6 channels of the bottom"
    )
