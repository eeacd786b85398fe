from pathlib import Path

import pytest

from protonet.message.common import Phase
from protonet.spec.net import NetParameter, NetState
from protonet.spec.read import read_solver
from protonet.train import sources
from protonet.train.sources import NetSource

INLINE = NetParameter(name="inline")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in "abc":
        Path(name).touch()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('net: "a"', Path("a")),
        ('train_net: "a"', Path("a")),
        ('net_param { name: "inline" }', INLINE),
        ('train_net_param { name: "inline" }', INLINE),
    ],
)
def test_train_net_is_what_one_field_says(fields: str, expected: object) -> None:
    file = read_solver(f"{fields}\n")

    assert sources.train_net(file) == NetSource(expected, Phase.TRAIN)  # pyright: ignore[reportArgumentType] # a Path or a message


def test_test_nets_are_messages_then_files_then_the_net() -> None:
    file = read_solver("""
        test_net: "b" test_net: "c" net: "a" test_net_param { name: "inline" }
        test_iter: 1 test_iter: 1 test_iter: 1 test_iter: 1 test_iter: 1
    """)

    assert [source.spec for source in sources.test_nets(file)] == [
        INLINE,
        Path("b"),
        Path("c"),
        Path("a"),
        Path("a"),
    ]


def test_solver_without_test_iter_tests_nothing() -> None:
    assert sources.test_nets(read_solver('net: "a"\n')) == []
    assert sources.test_nets(read_solver('train_net: "a"\n')) == []


def test_each_test_net_has_its_state() -> None:
    file = read_solver("""
        net: "a" test_iter: 1 test_iter: 1
        test_state { stage: "x" } test_state { level: 3 } train_state { level: 2 }
    """)

    assert [source.state for source in sources.test_nets(file)] == [
        NetState(stage=("x",)),
        NetState(level=3),
    ]
    assert sources.train_net(file).state == NetState(level=2)


def test_later_states_win_and_stages_add_up() -> None:
    states = (NetState(level=1, stage=("a",)), None, NetState(phase=Phase.TEST, stage=("b",)))

    assert sources.merged(Phase.TRAIN, *states) == NetState(
        phase=Phase.TEST, level=1, stage=("a", "b")
    )
    assert sources.merged(Phase.TRAIN) == NetState(phase=Phase.TRAIN, level=0, stage=())


def test_weights_may_be_lists_with_commas() -> None:
    file = read_solver('weights: "a, b" weights: "c,"\n')

    assert list(sources.weights(file)) == [Path("a"), Path("b"), Path("c")]


def test_nets_beside_the_solver_are_found(tmp_path: Path) -> None:
    (tmp_path / "d").touch()
    (tmp_path / "solver.prototxt").write_text('net: "d"')

    assert sources.train_net(read_solver(tmp_path / "solver.prototxt")).spec == tmp_path / "d"
