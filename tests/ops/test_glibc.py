"""The C library's random numbers."""

from itertools import islice

import pytest

from protonet.ops.glibc import rand


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (1, [1804289383, 846930886, 1681692777, 1714636915, 1957747793]),
        (0, [1804289383, 846930886, 1681692777, 1714636915, 1957747793]),
        (1701, [1261625523, 264924384, 608310849, 1039934068, 561024023]),
    ],
)
def test_rand_is_that_of_glibc(seed: int, expected: list[int]) -> None:
    """Measured with glibc 2.36."""
    assert list(islice(rand(seed), 5)) == expected


def test_the_thousandth_number_is_that_of_glibc() -> None:
    """Measured with glibc 2.36: by then every word of the state was replaced many times."""
    assert next(islice(rand(1), 999, None)) == 1143565421
