from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.source import Source
from protonet.spec.net import LayerParameter, NetParameter, V1LayerParameter
from protonet.spec.read import parse_net, parse_solver, read_net, read_solver
from protonet.spec.solver import SolverParameter
from protonet.syntax.parse import parse

V1 = 'name: "old"\nlayers { name: "r" type: RELU bottom: "x" top: "x" }\n'


def test_what_holds_a_newline_or_a_brace_is_text() -> None:
    assert parse_net('name: "n"\n') == parse_net('state { } name: "n"').model_copy(
        update={"state": None}
    )
    assert parse_solver("max_iter: 3\n").max_iter == 3


def test_anything_else_is_a_path(tmp_path: Path) -> None:
    file = tmp_path / "net.prototxt"
    file.write_text('name: "n"')

    assert parse_net(str(file)) == parse_net(file) == NetParameter(name="n")
    with pytest.raises(DiagnosticError, match="cannot read `max_iter: 3`"):
        parse_solver("max_iter: 3")


def test_parse_leaves_old_nets_as_they_are() -> None:
    assert [layer.name for layer in parse_net(V1).layers] == ["r"]


def test_read_brings_old_nets_to_todays_form_and_keeps_places(tmp_path: Path) -> None:
    path = tmp_path / "old.prototxt"
    path.write_text(V1)

    file = read_net(path)

    assert file.message == NetParameter(
        name="old", layer=(LayerParameter(name="r", type="ReLU", bottom=("x",), top=("x",)),)
    )
    assert (file.name, file.path) == (str(path), path)
    assert str(file.tree.place("layer", 0, "name")) == f"{path}:2:16"


def test_a_net_of_today_is_read_as_it_stands() -> None:
    text = 'layer { name: "r" type: "ReLU" }'
    file = read_net(text)

    assert (file.message, file.name, file.path) == (parse_net(text), "<text>", None)


def test_a_message_may_stand_for_a_file() -> None:
    today = NetParameter(name="n", layer=(LayerParameter(name="r", type="ReLU"),))
    old = NetParameter(layers=(V1LayerParameter(type=V1LayerParameter.LayerType.RELU),))

    assert read_net(today).message is today
    assert read_net(today).tree.source.text.startswith('name: "n"\nlayer {')
    assert read_net(today).name == "<NetParameter>"
    assert read_net(old).message == NetParameter(layer=(LayerParameter(type="ReLU"),))


def test_a_tree_may_stand_for_a_file() -> None:
    tree = parse(Source('name: "n"', "parsed"))

    assert (read_net(tree).message, read_net(tree).name) == (NetParameter(name="n"), "parsed")


def test_mistakes_of_an_old_net_are_told_as_they_stand_in_the_file() -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_net("layers { type: RELUU blob_lr: 1 }")

    assert [(one.message, one.help) for one in caught.value.diagnostics] == [
        ("`type` takes a `LayerType`, not the word `RELUU`", "did you mean `RELU`?"),
        ("unknown field `blob_lr`", "did you mean `blobs_lr`?"),
    ]


def test_mistakes_that_only_todays_form_of_an_old_net_has_are_told() -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_net('layers { name: "a" layer { name: "b" type: "relu" } }')

    assert [one.message for one in caught.value.diagnostics] == ["`name` is given twice"]


def test_old_solvers_are_brought_to_todays_form() -> None:
    file = read_solver("solver_type: NESTEROV\n")

    assert (file.message.type, file.message.has("solver_type")) == ("Nesterov", False)
    assert (file.name, file.path) == ("<text>", None)


def test_a_solver_of_today_is_read_as_it_stands() -> None:
    solver = SolverParameter(base_lr=0.1)

    assert read_solver(solver).message is solver
    assert read_solver("base_lr: 0.1\n").message == solver


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('layer { type: "Pooling" stride: 2 }', "it belongs in `pooling_param { ... }`"),
        ('layer { type: "Data" mirror: true }', "it belongs in `transform_param { ... }`"),
        ("layers { type: POOLING stride: 2 }", "it belongs in `pooling_param { ... }`"),
        (
            'layer { type: "Scale" decay_mult: 0 }',
            "it belongs in `param { decay_mult: ... }`, once for each blob",
        ),
        (
            'layer { type: "Scale" blobs_lr: 0 }',
            "it is of the old `layers`: write `param { lr_mult: ... }` for each blob",
        ),
        ("layer { type: INNER_PRODUCT }", 'write "InnerProduct"'),
        ("layer { type: INNER }", 'put it in quotes: "INNER"'),
        ("layer { include: TEST }", "write `include { phase: TEST }`"),
        ("layer { include: ALWAYS }", "write `include { ... }`"),
    ],
)
def test_what_stands_in_the_wrong_place_is_told_where_it_belongs(text: str, advice: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        parse_net(text)

    assert [problem.help for problem in caught.value.diagnostics] == [advice]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("net: 'n.prototxt'\nbase_lr: 1 layer { }", "a solver, not a net"),
        ("item { name: 'a' }\nitem { }", "a label map: it names the classes of a detector"),
    ],
)
def test_what_is_no_net_is_told_to_be_something_else(text: str, what: str) -> None:
    for read in (parse_net, read_net):
        with pytest.raises(DiagnosticError) as caught:
            read(text)

        assert [d.message for d in caught.value.diagnostics] == [f"`<text>` is {what}"]


def test_a_net_is_no_solver() -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_solver("name: 'n'\nlayers { }")

    assert [d.message for d in caught.value.diagnostics] == ["`<text>` is a net, not a solver"]


def test_types_of_forks_among_v1_s_are_told_as_types_not_as_values() -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_net("layers { type: MASK_OUTPUTS mask_outputs_param { } blob_lr: 1 }")

    assert [d.code for d in caught.value.diagnostics] == ["PN229", "PN101"]
