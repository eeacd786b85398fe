"""Which fork's layer a type is."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.graph.build import build
from protonet.message.common import Phase
from protonet.spec.dialect import names, resolve
from protonet.spec.net import NetState
from protonet.spec.read import NetFile, read_net

SEGNET = "bn_param { bn_mode: LEARN }"
PSPNET = "bn_param { frozen: true }"
SCALED = "bn_param { scale_filler { } }"


def net(*params: str) -> NetFile:
    """A net with a ReLU and then a BN for each text of parameters, each on a line of its own."""
    lines = [
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }',
        'layer { name: "r" type: "ReLU" bottom: "x" top: "x" }',
        *(f'layer {{ name: "b" type: "BN" bottom: "x" top: "x" {text} }}' for text in params),
    ]
    return read_net("\n".join(lines))


def notes(file: NetFile, dialect: str | None = None) -> list[tuple[str, str, str]]:
    return [(str(d.severity), d.message, d.help) for d in resolve(file, dialect)[1]]


def problems(file: NetFile, dialect: str | None = None) -> list[tuple[str, str, str]]:
    with pytest.raises(DiagnosticError) as caught:
        resolve(file, dialect)
    return [(d.code, d.message, d.help) for d in caught.value.diagnostics]


def test_these_forks_differ() -> None:
    assert {"happynear", "pspnet", "segnet"} <= set(names())
    assert list(names()) == sorted(names())


@pytest.mark.parametrize(
    ("params", "dialect"),
    [
        ((SEGNET,), "segnet"),
        ((PSPNET,), "pspnet"),
        (("bn_param { decay: 0.9 }",), "happynear"),
        (("", SEGNET), "segnet"),
        ((SCALED, "bn_param { decay: 0.9 }", SCALED), "happynear"),
    ],
)
def test_the_fields_of_all_layers_together_decide(params: tuple[str, ...], dialect: str) -> None:
    file, told = resolve(net(*params))

    assert file.dialects == {"BN": dialect}
    assert [(d.code, d.message) for d in told] == [
        ("PN220", f"`BN` is read as `{dialect}` means it: its fields are of that fork")
    ]


@pytest.mark.parametrize(
    ("params", "dialect", "other"),
    [(("", ""), "pspnet", "segnet"), ((SCALED,), "segnet", "happynear")],
)
def test_where_nothing_decides_the_first_fork_is_taken_and_said(
    params: tuple[str, ...], dialect: str, other: str
) -> None:
    file = net(*params)

    assert resolve(file)[0].dialects == {"BN": dialect}
    assert notes(file) == [
        (
            "warning",
            f"`BN` is read as `{dialect}` means it: nothing in the file says which fork",
            f"`--dialect {other}` reads it differently",
        )
    ]


def test_what_is_asked_for_is_taken_in_silence() -> None:
    file, told = resolve(net(SCALED, ""), "happynear")

    assert (dict(file.dialects), told) == ({"BN": "happynear"}, ())


def test_a_net_without_such_types_is_left_as_it_is() -> None:
    file, told = resolve(net())

    assert (file, told) == (net(), ())


def test_the_graph_holds_layers_of_the_dialect() -> None:
    file, _ = resolve(net("", SEGNET))

    graph = build(file, NetState(phase=Phase.TEST))

    assert [node.layer.asked_dialect for node in graph.nodes] == ["", "", "segnet", "segnet"]


def test_an_unknown_dialect_is_refused() -> None:
    assert problems(net(), "segnut") == [
        ("PN221", "unknown dialect `segnut`", "did you mean `segnet`?")
    ]


def test_a_dialect_that_is_like_none_gets_the_list() -> None:
    assert problems(net(), "xyz") == [
        ("PN221", "unknown dialect `xyz`", f"dialects are {', '.join(names())}")
    ]


def test_fields_of_another_fork_than_the_one_asked_for_are_refused() -> None:
    assert problems(net("", SCALED), "pspnet") == [
        (
            "PN222",
            "`BN` has fields that `pspnet` does not have",
            "this is `segnet` or `happynear`",
        )
    ]


def test_layers_of_two_forks_are_refused_and_shown() -> None:
    with pytest.raises(DiagnosticError) as caught:
        resolve(net(SCALED, "", PSPNET))

    (problem,) = caught.value.diagnostics
    assert problem.message == "layers of type `BN` have fields of different forks"
    assert [(str(label.span), label.text) for label in problem.labels] == [
        ("<text>:3:25", "this is `segnet` or `happynear`"),
        ("<text>:5:25", "this is `pspnet`"),
    ]


def test_a_layer_of_no_fork_is_left_to_its_own_complaint() -> None:
    file, told = resolve(net("bn_param { frozen: true bn_mode: LEARN }"))

    assert (dict(file.dialects), told) == ({}, ())
