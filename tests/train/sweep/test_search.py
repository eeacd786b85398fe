"""All combinations, and drawn ones."""

from protonet.train.sweep.search import Grid, Random
from protonet.train.sweep.space import Choices, Range

AXES = (Choices("a", ("1", "2")), Choices("b", ("x",)), Range("c", 0, 1, "lin", 2))


def test_a_grid_goes_through_all_combinations() -> None:
    grid = Grid(AXES)

    assert [grid.propose(at) for at in range(grid.trials)] == [
        {"a": "1", "b": "x", "c": "0"},
        {"a": "1", "b": "x", "c": "1"},
        {"a": "2", "b": "x", "c": "0"},
        {"a": "2", "b": "x", "c": "1"},
    ]
    assert Grid(AXES, 3).trials == 3
    assert Grid(AXES, 9).trials == 4
    assert not grid.hopeless(1, 0.0)


def test_a_drawn_trial_depends_on_seed_and_number_alone() -> None:
    one, again, other = (Random(AXES, 5, seed) for seed in (1, 1, 2))

    assert one.trials == 5
    assert one.propose(3) == again.propose(3)
    assert one.propose(3) != one.propose(2)
    assert one.propose(3) != other.propose(3)
    assert {one.propose(at)["b"] for at in range(5)} == {"x"}
    assert all(0 <= float(one.propose(at)["c"]) < 1 for at in range(5))
