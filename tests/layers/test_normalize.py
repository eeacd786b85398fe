"""Normalize."""

import numpy as np
import pytest
import torch

from protonet.message.common import FillerParameter
from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 3, 4, 5)


def text(params: str) -> str:
    return f"norm_param {{ {params} }}"


@pytest.mark.parametrize("across", ["true", "false"])
@pytest.mark.parametrize("shared", ["true", "false"])
@pytest.mark.parametrize("bottom", [SHAPE, (2, 3), (2, 3, 4)])
def test_laws(across: str, shared: str, bottom: Shape) -> None:
    params = text(f"across_spatial: {across} channel_shared: {shared} eps: 1e-3")
    LayerCase("Normalize", params, bottoms=(bottom,)).check_laws()


@pytest.mark.parametrize("across", [True, False])
def test_eps_is_added_below_the_root(across: bool) -> None:
    params = text(f"across_spatial: {str(across).lower()} channel_shared: false eps: 0.5")
    case = LayerCase("Normalize", params, bottoms=(SHAPE,))
    x, scale = (t.detach() for t in case.inputs())

    (y,) = case.run(x, scale)

    expected = np.empty(SHAPE)
    for n, c, h, w in np.ndindex(SHAPE):
        values = x[n].numpy() if across else x[n, :, h, w].numpy()
        expected[n, c, h, w] = scale[c] * x[n, c, h, w] / np.sqrt((values**2).sum() + 0.5)
    torch.testing.assert_close(y, torch.from_numpy(expected))


def test_zeros_stay_zeros_with_a_finite_gradient() -> None:
    x = torch.zeros(SHAPE, requires_grad=True)

    (y,) = LayerCase("Normalize", "", bottoms=(SHAPE,)).run(x, torch.tensor(20.0))
    y.sum().backward()

    assert x.grad is not None
    assert (y.abs().sum().item(), bool(x.grad.isfinite().all())) == (0, True)


@pytest.mark.parametrize(
    ("params", "shape", "filler"),
    [
        ("", (), FillerParameter(value=1.0)),
        ("scale_filler { value: 20 }", (), FillerParameter(value=20.0)),
        ("channel_shared: false scale_filler { }", (3,), FillerParameter()),
    ],
)
def test_scales_start_at_1_unless_told(params: str, shape: Shape, filler: FillerParameter) -> None:
    (scale,) = LayerCase("Normalize", text(params), bottoms=(SHAPE,)).weights

    assert (scale.shape, scale.filler.value) == (shape, filler.value)


@pytest.mark.parametrize(
    ("bottom", "message"),
    [
        ((3,), "Normalize needs at least 2 axes, the bottom is (3,)"),
        ((1,) * 5, "a bottom of shape (1, 1, 1, 1, 1) has more than four axes (N, C, H, W)"),
    ],
)
def test_refusals(bottom: Shape, message: str) -> None:
    assert LayerCase("Normalize", "", bottoms=(bottom,)).refusal() == message


def of_type(params: str, tops: int = 1, bottom: Shape = SHAPE) -> LayerCase:
    kinks = (0.0,) if "L1" in params else ()
    return LayerCase(
        "Normalize", f"normalize_param {{ {params} }}", bottoms=(bottom,), tops=tops, kinks=kinks
    )


@pytest.mark.parametrize("params", ["", 'normalize_type: "L1"', "bp_norm: true"])
@pytest.mark.parametrize("bottom", [SHAPE, (2, 3)])
def test_laws_of_happynears(params: str, bottom: Shape) -> None:
    of_type(params, bottom=bottom).check_laws()


@pytest.mark.parametrize("params", ["", 'normalize_type: "L1"'])
def test_laws_of_happynears_with_its_norm(params: str) -> None:
    of_type(f"{params} bp_norm: true", tops=2).check_laws()


@pytest.mark.parametrize(("kind", "norm"), [("L2", (25 + 1e-6) ** 0.5), ("L1", 7 + 1e-6)])
def test_happynears_divides_by_the_norm_of_the_channels(kind: str, norm: float) -> None:
    case = of_type(f'normalize_type: "{kind}"', tops=2, bottom=(1, 2))

    y, size = case.run(torch.tensor([[3.0, -4.0]]))

    torch.testing.assert_close(y.flatten(), torch.tensor([3.0, -4.0]) / norm)
    torch.testing.assert_close(size, torch.full((1, 1, 1, 1), norm))
    assert case.weights == ()


@pytest.mark.parametrize(("params", "passes"), [("", False), ("bp_norm: true", True)])
def test_the_norm_passes_a_gradient_if_told(params: str, passes: bool) -> None:
    case = of_type(params, tops=2)

    _, norm = case.run(*case.inputs())

    assert norm.requires_grad is passes


def test_an_unknown_norm_is_refused() -> None:
    assert of_type('normalize_type: "L3"').refusal() == "unknown `normalize_type` `L3`"


def test_ssds_gives_no_norm() -> None:
    assert LayerCase("Normalize", "", bottoms=(SHAPE,), tops=2).refusal() == (
        "the norm is a top in the dialect `happynear` only"
    )
