"""Layers of a file and a net that have no names in common, matched by their order and shapes."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

MOST = 300_000
"""Comparisons that are made at most: a file may say that it has a million layers."""


def aligned(
    ours: Sequence[A], theirs: Sequence[B], suits: Callable[[A, B], bool]
) -> list[tuple[A, B]]:
    """Return the most pairs that suit each other, in the order of both (longest common sequence).

    Of too many to compare, none is returned.
    """
    if len(ours) * len(theirs) > MOST:
        return []
    # lengths[i][j]: how many pairs ours[i:] and theirs[j:] have
    lengths = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    fits = [[suits(a, b) for b in theirs] for a in ours]
    for i in reversed(range(len(ours))):
        for j in reversed(range(len(theirs))):
            lengths[i][j] = (
                lengths[i + 1][j + 1] + 1
                if fits[i][j]
                else max(lengths[i + 1][j], lengths[i][j + 1])
            )
    return [(ours[i], theirs[j]) for i, j in _walk(fits, lengths)]


def _walk(
    fits: Sequence[Sequence[bool]], lengths: Sequence[Sequence[int]]
) -> Iterator[tuple[int, int]]:
    i = j = 0
    while i < len(lengths) - 1 and j < len(lengths[0]) - 1:
        if fits[i][j]:
            yield i, j
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
