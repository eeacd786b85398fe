import random
from itertools import combinations
from operator import eq

from protonet.weights.order import MOST, aligned


def longest(a: str, b: str) -> int:
    """By trying all: every choice of letters of one that stand in the other in that order."""
    return max(
        n for n in range(len(a) + 1) for choice in combinations(a, n) if _is_within(choice, b)
    )


def _is_within(choice: tuple[str, ...], text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in choice)


def test_most_pairs_are_found_in_the_order_of_both() -> None:
    chance = random.Random(1701)
    for _ in range(50):
        a, b = ("".join(chance.choices("abc", k=chance.randint(0, 7))) for _ in range(2))

        pairs = aligned(list(enumerate(a)), list(enumerate(b)), lambda x, y: x[1] == y[1])

        assert len(pairs) == longest(a, b)
        places = [(i, j) for (i, _), (j, _) in pairs]
        assert places == sorted(places)
        assert len({i for i, _ in places}) == len({j for _, j in places}) == len(places)


def test_too_many_are_not_compared() -> None:
    assert aligned(["a"] * (MOST // 2), ["a"] * 3, eq) == []
