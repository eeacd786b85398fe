"""Everything that is wrong with a file, without torch."""

from pathlib import Path

import pytest

from protonet.message.common import Phase
from protonet.report.check import check, states
from protonet.spec.read import parse_net

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }\n'
SOLVER = 'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def problems(text: str, net: str = INPUT) -> list[tuple[str, str]]:
    """Check a file; ``net`` stands beside it as net.prototxt."""
    Path("net.prototxt").write_text(net, encoding="utf-8")
    Path("checked.prototxt").write_text(text, encoding="utf-8")
    return [(problem.code, problem.message) for problem in check("checked.prototxt")]


def test_good_files_have_no_problems() -> None:
    assert problems(INPUT) == problems(SOLVER) == []


def test_a_problem_of_both_phases_is_told_once() -> None:
    text = INPUT + 'layer { name: "r" type: "ReLU" bottom: "y" top: "r" }'

    assert problems(text) == [("PN203", "layer `r`: unknown bottom `y`")]


def test_a_problem_of_one_phase_is_found() -> None:
    text = INPUT + 'layer { name: "r" type: "Rel" bottom: "x" top: "r" include { phase: TEST } }'

    assert problems(text) == [("PN201", "unknown layer type `Rel`")]


def test_a_solver_is_checked_with_its_nets() -> None:
    net = INPUT + 'layer { name: "r" type: "ReLU" bottom: "y" top: "r" }'

    assert problems(SOLVER, net) == [("PN203", "layer `r`: unknown bottom `y`")]
    assert problems(SOLVER.replace("net.", "none.")) == [
        ("PN021", "cannot read `none.prototxt`: no such file or directory")
    ]


def test_a_faulty_solver_hides_its_nets() -> None:
    assert problems(SOLVER.replace("fixed", "fix"), "nonsense") == [
        ("PN601", "unknown learning-rate policy `fix`")
    ]


def test_warnings_do_not_hide_what_comes_after() -> None:
    net = INPUT + 'layer { name: "r" type: "ReLU" bottom: "y" top: "r" }'

    assert [code for code, _ in problems(SOLVER + "gamma: 0.1", net)] == ["PN613", "PN203"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("base_lr: 0.1 layr { }", "PN101"), ("layer { } base: 1", "PN101"), ("", "")],
)
def test_a_file_is_what_most_of_its_fields_are(text: str, code: str) -> None:
    assert {found for found, _ in problems(text)} <= {code, "PN201"}


SOURCE = (
    'layer {{ name: "d" type: "DummyData" top: "d" {} dummy_data_param {{ shape {{ dim: 1 }} }} }}'
)


@pytest.mark.parametrize(
    ("text", "phases"),
    [
        (INPUT, [Phase.TRAIN, Phase.TEST]),
        (SOURCE.format("include { phase: TRAIN }"), [Phase.TRAIN]),
        (SOURCE.format("include { phase: TEST }"), [Phase.TEST]),
        ('layer { name: "r" type: "ReLU" bottom: "x" top: "r" }', [Phase.TRAIN, Phase.TEST]),
        ('layer { name: "r" type: "Nothing" }', [Phase.TRAIN, Phase.TEST]),
    ],
)
def test_a_net_is_checked_in_the_phases_that_have_data(text: str, phases: list[Phase]) -> None:
    assert [state.phase for state in states(parse_net(f"{text}\n"))] == phases
