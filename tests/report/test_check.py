"""Everything that is wrong with a file, without torch."""

from pathlib import Path

import pytest

from protonet.graph.rules import states
from protonet.lint.rule import Selection
from protonet.message.common import Phase
from protonet.report.check import check
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


TRAINED = (
    INPUT
    + 'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" '
    + "inner_product_param { num_output: 3 } }\n"
    + 'layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "loss" }\n'
)


def test_good_files_have_no_problems() -> None:
    assert problems(INPUT) == problems(SOLVER, TRAINED) == []


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
        ('layer { type: "VideoData" top: "x" include { phase: TRAIN } }', [Phase.TRAIN]),
        ('layer { type: "Python" top: "x" include { phase: TEST } }', [Phase.TEST]),
    ],
)
def test_a_net_is_checked_in_the_phases_that_have_data(text: str, phases: list[Phase]) -> None:
    assert [state.phase for state in states(parse_net(f"{text}\n"))] == phases


DATA = """\
layer {{
  name: "d"
  type: "{}"
  top: "x"
  top: "t"
  transform_param {{ crop_size: 8 }}
  {} {{ source: "away" batch_size: 2 }}
}}
layer {{ name: "relu" type: "ReLU" bottom: "x" top: "x" lrn_param {{ }} }}
layer {{
  name: "bn"
  type: "BatchNorm"
  bottom: "x"
  top: "y"
  batch_norm_param {{ use_global_stats: false }}
}}
layer {{ name: "sum" type: "Eltwise" bottom: "y" bottom: "y" bottom: "t" top: "z" }}
"""


@pytest.mark.parametrize(
    ("kind", "param"), [("Data", "data_param"), ("ImageData", "image_data_param")]
)
def test_rules_look_at_a_net_whose_data_are_away(kind: str, param: str) -> None:
    """What does not fit the guessed shapes may fit the data, and is not told."""
    text = DATA.format(kind, param)
    fitting = text.replace(' bottom: "t"', "")

    assert [code for code, _ in problems(text)] == ["PN701", "PN501"]
    assert [code for code, _ in problems(fitting)] == ["PN701", "PN501", "PN733", "PN738"]


def test_weights_that_a_solver_names_are_read_once_nothing_else_is_wrong() -> None:
    Path("bad.caffemodel").write_bytes(b"nonsense")

    assert [code for code, _ in problems(f'{SOLVER}weights: "bad.caffemodel"', TRAINED)] == [
        "PN401"
    ]


def test_only_what_is_selected_is_told() -> None:
    Path("checked.prototxt").write_text("layer { } base: 1", encoding="utf-8")

    assert check("checked.prototxt", Selection(ignore=("PN1",))) == ()
