"""Distributions of the fillers."""

import pytest
import torch

from protonet.message.common import FillerParameter
from protonet.nets.fill import FILLERS, fill
from protonet.spec.filler import FILLERS as NAMES

FAN = FillerParameter.VarianceNorm


def drawn(shape: tuple[int, ...], filler: FillerParameter) -> torch.Tensor:
    blob = torch.full(shape, torch.nan)
    fill(blob, filler, torch.Generator().manual_seed(1701))
    return blob


def test_every_checked_name_has_a_filler() -> None:
    assert frozenset(FILLERS) == NAMES


def test_constant_is_zero_unless_given() -> None:
    assert drawn((2, 3), FillerParameter()).eq(0).all()
    assert drawn((), FillerParameter(value=0.25)) == 0.25


def test_uniform_stays_between_its_bounds() -> None:
    blob = drawn((200, 200), FillerParameter(type="uniform", min=-2, max=6))

    assert -2 <= blob.min() < -1.99
    assert 5.99 < blob.max() <= 6
    assert blob.mean() == pytest.approx(2, abs=0.05)


def test_gaussian_has_its_mean_and_deviation() -> None:
    blob = drawn((200, 200), FillerParameter(type="gaussian", mean=3, std=0.5))

    assert blob.mean() == pytest.approx(3, abs=0.01)
    assert blob.std() == pytest.approx(0.5, abs=0.01)


def test_truncated_normal_ends_2_deviations_from_its_mean() -> None:
    blob = drawn((200, 200), FillerParameter(type="truncated_normal", mean=3, std=0.5))

    assert 2 <= blob.min() < 2.01
    assert 3.99 < blob.max() <= 4
    assert blob.mean() == pytest.approx(3, abs=0.01)
    # of N(0, 1) cut off at 2: sqrt(1 - 4 pdf(2) / (cdf(2) - cdf(-2)))
    assert blob.std() == pytest.approx(0.5 * 0.8796, abs=0.005)


def test_glorot_normal_divides_by_both_fans() -> None:
    blob = drawn((100, 15, 2, 2), FillerParameter(type="glorot_normal"))

    assert blob.mean() == pytest.approx(0, abs=0.005)
    assert blob.std() == pytest.approx((2 / (60 + 400)) ** 0.5, rel=0.03)


def test_sparse_gaussian_keeps_so_many_inputs_for_each_output() -> None:
    blob = drawn((50, 4000), FillerParameter(type="gaussian", sparse=5))

    assert blob.ne(0).float().mean() == pytest.approx(5 / 50, abs=0.005)


def test_rows_of_a_positive_unitball_sum_to_one() -> None:
    blob = drawn((4, 3, 2), FillerParameter(type="positive_unitball"))

    assert blob.min() >= 0
    torch.testing.assert_close(blob.sum((1, 2)), torch.ones(4))


@pytest.mark.parametrize(
    ("norm", "fan"), [(FAN.FAN_IN, 60), (FAN.FAN_OUT, 400), (FAN.AVERAGE, 230)]
)
def test_xavier_and_msra_divide_by_their_fan(norm: FAN, fan: float) -> None:
    xavier = drawn((100, 15, 2, 2), FillerParameter(type="xavier", variance_norm=norm))
    msra = drawn((100, 15, 2, 2), FillerParameter(type="msra", variance_norm=norm))

    assert xavier.abs().max() == pytest.approx((3 / fan) ** 0.5, rel=0.01)
    assert msra.std() == pytest.approx((2 / fan) ** 0.5, rel=0.03)


def test_fan_of_one_axis_is_its_count() -> None:
    blob = drawn((3000,), FillerParameter(type="xavier", variance_norm=FAN.FAN_OUT))

    assert blob.abs().max() == pytest.approx((3 / 3000) ** 0.5, rel=0.01)


@pytest.mark.parametrize(
    ("kernel", "line"), [(4, (0.25, 0.75, 0.75, 0.25)), (3, (0.5, 1.0, 0.5)), (1, (1.0,))]
)
def test_bilinear_is_a_tent(kernel: int, line: tuple[float, ...]) -> None:
    blob = drawn((2, 1, kernel, kernel), FillerParameter(type="bilinear"))

    tent = torch.tensor(line)
    torch.testing.assert_close(blob, torch.outer(tent, tent).expand(2, 1, kernel, kernel))


def test_same_generator_draws_the_same() -> None:
    filler = FillerParameter(type="xavier")

    assert drawn((5, 5), filler).equal(drawn((5, 5), filler))


def test_memory_format_does_not_change_what_is_drawn() -> None:
    filler = FillerParameter(type="gaussian")
    blob = torch.empty(4, 3, 2, 2).to(memory_format=torch.channels_last)

    fill(blob, filler, torch.Generator().manual_seed(1701))

    assert blob.equal(drawn((4, 3, 2, 2), filler))
