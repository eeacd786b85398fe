"""Parts of a source."""

import numpy as np
import pytest

from protonet.data.part import ALL, Part
from protonet.data.seeds import Seed
from protonet.data.sources.base import Order


def test_all_is_all() -> None:
    assert ALL.records(5) is None
    assert Part(number=5).records(5) is None


def test_a_few_are_spread_over_the_source() -> None:
    found = Part(number=4).records(10)

    assert found is not None
    assert found.tolist() == [0, 2, 5, 7]


@pytest.mark.parametrize("size", [10, 11, 14])
def test_folds_are_disjoint_and_together_all(size: int) -> None:
    held = [Part(folds=5, fold=fold, held_out=True).records(size) for fold in range(5)]
    rest = [Part(folds=5, fold=fold).records(size) for fold in range(5)]

    assert sorted(place for h in held if h is not None for place in h.tolist()) == list(range(size))
    for mine, others in zip(held, rest, strict=True):
        assert mine is not None
        assert others is not None
        assert abs(len(mine) - size / 5) < 1
        assert sorted([*mine, *others]) == list(range(size))


def test_the_seed_decides_the_split() -> None:
    first, again, other = (Part(folds=2, seed=seed).records(40) for seed in (1, 1, 2))

    assert first is not None
    assert again is not None
    assert other is not None
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("seed", [None, Seed.of(1701, 0)])
def test_an_epoch_is_once_over_the_part(seed: Seed | None) -> None:
    order = Order(10, seed, Part(number=4))

    assert (order.size, order.total) == (4, 10)
    assert sorted(order.indices(4, 4).tolist()) == [0, 2, 5, 7]
