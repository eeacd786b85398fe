"""The random numbers of the C library's ``rand()``, which old results depend on."""

from collections.abc import Iterator
from itertools import islice

DEGREE = 31
"""Words of state of glibc's default generator (``TYPE_3``)."""
SEPARATION = 3
"""Distance of the two words that are added."""


def rand(seed: int = 1) -> Iterator[int]:
    """Yield what ``rand()`` gives after ``srand(seed)``, from 0 to 2^31 - 1 (``random_r.c``)."""
    return islice(_words(seed), 10 * DEGREE, None)


def _words(seed: int) -> Iterator[int]:
    state = [seed or 1]
    for _ in range(DEGREE - 1):
        state.append(16807 * state[-1] % (2**31 - 1))
    at = SEPARATION
    while True:
        state[at] = (state[at] + state[at - SEPARATION]) % 2**32
        yield state[at] >> 1
        at = (at + 1) % DEGREE
