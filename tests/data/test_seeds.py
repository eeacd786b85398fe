import numpy as np

from protonet.data.seeds import Purpose, Seed


def numbers(seed: Seed, purpose: Purpose, place: int, part: int = 0) -> list[float]:
    return seed.at(purpose, place, part).random(3).tolist()


def test_a_place_always_gives_the_same_numbers() -> None:
    first = numbers(Seed.of(1701, 0), Purpose.TRANSFORM, 64)

    assert numbers(Seed.of(1701, 0), Purpose.TRANSFORM, 64) == first


def test_places_purposes_layers_and_seeds_give_numbers_of_their_own() -> None:
    seed = Seed.of(1701, 0)

    drawn = [
        numbers(seed, Purpose.TRANSFORM, 0),
        numbers(seed, Purpose.TRANSFORM, 1),
        numbers(seed, Purpose.SHUFFLE, 0),
        numbers(seed, Purpose.SHUFFLE, 0, part=1),
        numbers(Seed.of(1701, 1), Purpose.TRANSFORM, 0),
        numbers(Seed.of(1702, 0), Purpose.TRANSFORM, 0),
    ]

    assert len(np.unique(drawn)) == 18
