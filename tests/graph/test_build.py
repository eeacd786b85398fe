"""Rules applied, names resolved to values."""

from protonet import Net, parse_net
from protonet.graph.ir import Value
from protonet.message.common import Phase
from tests.graph.nets import INPUT, graph_of, helps, problems


def test_in_place_layer_makes_a_new_version_of_its_blob() -> None:
    graph = graph_of(INPUT + 'layer { name: "r" type: "ReLU" bottom: "x" top: "x" }')

    assert graph.nodes[1].bottoms == (Value("x", 0),)
    assert graph.nodes[1].tops == (Value("x", 1),)
    assert graph.outputs == (Value("x", 1),)


def test_one_blob_may_have_several_readers() -> None:
    graph = graph_of(
        INPUT
        + 'layer { name: "a" type: "ReLU" bottom: "x" top: "a" }'
        + 'layer { name: "b" type: "Sigmoid" bottom: "x" top: "b" }'
    )

    assert [node.bottoms for node in graph.nodes[1:]] == [(Value("x"),), (Value("x"),)]


def test_outputs_are_sorted_by_name() -> None:
    graph = graph_of(
        INPUT
        + 'layer { name: "z" type: "ReLU" bottom: "x" top: "z" }'
        + 'layer { name: "a" type: "ReLU" bottom: "x" top: "a" }'
    )

    assert [value.blob for value in graph.outputs] == ["a", "z"]


def test_loss_without_top_is_a_term_but_no_output() -> None:
    graph = graph_of(
        INPUT
        + INPUT.replace('"in"', '"i"').replace('"x"', '"t"')
        + 'layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "t" }'
    )

    assert graph.outputs == ()
    assert [(value.is_automatic, weight) for value, weight in graph.losses()] == [(True, 1.0)]


def test_a_loss_weight_stands_for_the_top_that_a_loss_does_not_name() -> None:
    loss = 'layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" loss_weight: 0.5'

    assert [weight for _, weight in graph_of(INPUT + loss + " }").losses()] == [0.5]
    assert problems(INPUT + loss + " loss_weight: 2 }", graph_of) == [
        "PN208 2:78 layer `l` has 2 `loss_weight`, but 1 top"
    ]


def test_loss_weight_stands_for_each_top() -> None:
    graph = graph_of(
        INPUT + 'layer { name: "r" type: "ReLU" bottom: "x" top: "y" loss_weight: 0.5 }'
    )

    assert list(graph.losses()) == [(Value("y"), 0.5)]


def test_rules_choose_layers_by_phase_level_and_stage() -> None:
    text = INPUT + "".join(
        f'layer {{ name: "{name}" type: "ReLU" bottom: "x" top: "{name}" {rule} }}\n'
        for name, rule in {
            "train": "include { phase: TRAIN }",
            "test": "include { phase: TEST }",
            "not_test": "exclude { phase: TEST }",
            "staged": 'include { stage: "a" stage: "b" }',
            "not_staged": 'include { not_stage: "a" }',
            "high": "include { min_level: 1 }",
            "low": "include { max_level: 0 }",
            "either": 'include { stage: "c" } include { phase: TEST }',
            "always": "include { }",
        }.items()
    )

    def kept(phase: Phase, *stages: str) -> set[str]:
        return {node.name for node in graph_of(text, phase, stages).nodes[1:]}

    assert kept(Phase.TRAIN) == {"train", "not_test", "not_staged", "low", "always"}
    assert kept(Phase.TEST, "a", "b") == {"test", "staged", "low", "either", "always"}
    assert kept(Phase.TRAIN, "a") == {"train", "not_test", "low", "always"}


def test_state_of_the_file_adds_stages_and_level() -> None:
    text = (
        'state { level: 2 stage: "s" }'
        + INPUT
        + 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" '
        + 'include { stage: "s" min_level: 2 } }'
    )

    assert [node.name for node in graph_of(text).nodes] == ["in", "r"]


def test_repeated_layer_names_get_keys_of_their_own() -> None:
    graph = graph_of(
        INPUT
        + 'layer { name: "r" type: "ReLU" bottom: "x" top: "a" }'
        + 'layer { name: "r" type: "ReLU" bottom: "x" top: "b" }'
    )

    assert [node.key for node in graph.nodes] == ["in", "r", "r#2"]


def test_layer_keeps_a_phase_of_its_own() -> None:
    graph = graph_of(
        INPUT + 'layer { name: "d" type: "Dropout" bottom: "x" top: "y" phase: TRAIN }', Phase.TEST
    )

    assert [node.phase for node in graph.nodes] == [Phase.TEST, Phase.TRAIN]


def test_a_type_of_a_fork_is_told_with_the_fork() -> None:
    (told,) = problems(INPUT + 'layer { name: "w" type: "Yolov3" bottom: "x" }\n', graph_of)

    assert told.startswith("PN201 2:25 `Yolov3` is a layer of the YOLO fork")


def test_all_problems_are_told_at_once() -> None:
    text = (
        INPUT
        + 'layer { name: "a" type: "Relu" bottom: "x" top: "a" }\n'
        + 'layer { name: "b" type: "ReLU" bottom: "y" top: "b" }\n'
        + 'layer { name: "c" type: "ReLU" bottom: "x" bottom: "x" top: "c" }\n'
        + 'layer { name: "d" type: "ReLU" bottom: "b" top: "c" }\n'
        + 'layer { name: "e" type: "ReLU" bottom: "x" top: "e" loss_weight: 1 loss_weight: 2 }\n'
        + 'layer { name: "f" type: "ReLU" bottom: "x" top: "f" include { } exclude { } }\n'
        + 'layer { name: "g" type: "AbsVal" bottom: "f" top: "f" }\n'
    )

    assert problems(text, graph_of) == [
        "PN201 2:25 unknown layer type `Relu`",
        "PN203 3:40 layer `b`: unknown bottom `y`",
        "PN205 4:40 layer `c`: `ReLU` has 2 bottoms, it takes 1",
        "PN204 5:49 layer `d`: another layer already makes top `c`",
        "PN208 6:66 layer `e` has 2 `loss_weight`, but 1 top",
        "PN207 7:65 layer `f` has both `include` and `exclude`",
        "PN206 8:51 layer `g`: `AbsVal` cannot work in place",
    ]


def test_bottom_that_comes_later_is_told_so() -> None:
    text = (
        INPUT
        + 'layer { name: "a" type: "ReLU" bottom: "late" top: "a" }'
        + 'layer { name: "b" type: "ReLU" bottom: "x" top: "late" }'
    )

    assert helps(text, graph_of) == ["layer `b` makes it further down; layers run in file order"]


def test_typing_error_in_a_bottom_gets_a_suggestion() -> None:
    text = (
        INPUT.replace('"x"', '"conv1"') + 'layer { name: "a" type: "ReLU" bottom: "conv" top: "a" }'
    )

    assert helps(text, graph_of) == ["did you mean `conv1`?"]


def test_message_without_a_file_has_no_places() -> None:
    message = parse_net(INPUT + 'layer { name: "r" type: "ReLU" bottom: "x" top: "y" }\n')

    assert Net(message).outputs == ("y",)
