"""The fine-tuning recipe on birds: nets and solvers say what its source says."""

from typing import Any

import pytest

from protonet.message.common import Phase
from protonet.spec.net import LayerParameter
from protonet.spec.read import parse_net, parse_solver
from protonet.spec.solver import SolverParameter
from tests.zoo.cases import CASES, ZOO, inferred

FOLDER = ZOO / "vgg16_compact_bilinear"
SOLVERS = ZOO.parent / "solvers"
ALL = SolverParameter(
    net="zoo/vgg16_compact_bilinear/train_val.prototxt",
    test_iter=(300,),
    test_interval=100,
    display=100,
    base_lr=0.001,
    lr_policy="fixed",
    max_iter=20000,
    momentum=0.9,
    weight_decay=0.0005,
    snapshot=10000,
    snapshot_prefix="ft_all",
)
LAST_LAYER = SolverParameter(
    net="zoo/vgg16_compact_bilinear/last_layer.prototxt",
    test_iter=(300,),
    test_interval=600,
    display=100,
    iter_size=4,
    base_lr=0.1,
    lr_policy="multistep",
    gamma=0.25,
    stepvalue=(20000, 30000, 40000, 50000),
    max_iter=60000,
    momentum=0.9,
    weight_decay=0,
    snapshot=10000,
    snapshot_prefix="ft_last_layer",
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ft_last_layer", LAST_LAYER),
        ("ft_all", ALL),
        ("ft_direct", ALL.model_copy(update={"snapshot_prefix": "ft_direct"})),
    ],
)
def test_solvers_have_the_numbers_of_the_source(name: str, expected: SolverParameter) -> None:
    assert parse_solver(SOLVERS / f"{name}.prototxt") == expected


def test_the_stages_differ_in_what_is_frozen_alone() -> None:
    stages = [parse_net(FOLDER / f"{name}.prototxt") for name in ("last_layer", "train_val")]
    first, second = ([without_rates(layer) for layer in net.layer] for net in stages)

    assert first == second
    assert {rates(layer) for layer in stages[0].layer if layer.type == "Convolution"} == {
        ((0, 0), (0, 0))
    }
    assert {rates(layer) for layer in stages[1].layer if layer.type == "Convolution"} == {
        ((1, 1), (2, 0))
    }
    assert {rates(net.layer[-3]) for net in stages} == {((1, 1), (2, 0))}


def test_only_the_classifier_learns_in_the_first_stage() -> None:
    inputs = CASES["vgg16_compact_bilinear"].inputs
    net = inferred(FOLDER / "last_layer.prototxt", Phase.TRAIN, inputs)

    assert [owned.layer for owned in net.ownership.owned if owned.lr_mult] == ["fc8_cub200"] * 2


def test_it_is_vgg_16_with_bilinear_pooling() -> None:
    net = parse_net(FOLDER / "train_val.prototxt")
    vgg = parse_net(ZOO / "vgg16" / "train_val.prototxt")
    at = next(at for at, layer in enumerate(vgg.layer) if layer.name == "pool5")
    convolutions = slice(2, at)
    tail = net.layer[at:]

    assert [shape(layer) for layer in net.layer[convolutions]] == [
        shape(layer) for layer in vgg.layer[convolutions]
    ]
    assert [(layer.type, tuple(layer.bottom)) for layer in tail] == [
        ("CompactBilinear", ("conv5_3", "conv5_3")),
        ("SignedSqrt", ("bilinear",)),
        ("L2Normalize", ("bilinear_sqrt",)),
        ("InnerProduct", ("bilinear_l2",)),
        ("Accuracy", ("fc8_cub", "label")),
        ("SoftmaxWithLoss", ("fc8_cub", "label")),
    ]
    assert field(tail[0], "compact_bilinear_param").num_output == 8192
    classifier = field(tail[3], "inner_product_param")
    filler = classifier.weight_filler
    assert (classifier.num_output, filler.type, filler.std) == (
        200,
        "gaussian",
        pytest.approx(0.0001),
    )


def test_batches_and_crops() -> None:
    train, test = parse_net(FOLDER / "train_val.prototxt").layer[:2]

    assert [field(layer, "image_data_param").batch_size for layer in (train, test)] == [8, 4]
    assert [field(layer, "transform_param").crop_size for layer in (train, test)] == [448, 448]
    assert [field(layer, "transform_param").mirror for layer in (train, test)] == [True, False]


def rates(layer: LayerParameter) -> tuple[tuple[float, float], ...]:
    return tuple((spec.lr_mult, spec.decay_mult) for spec in layer.param)


def without_rates(layer: LayerParameter) -> dict[str, Any]:
    return layer.model_dump(exclude={"param"})


def shape(layer: LayerParameter) -> tuple[object, ...]:
    """What decides a layer's arithmetic."""
    own = {name for name in layer.model_fields_set if name.endswith("_param")}
    kernel = [field(layer, name).model_dump(exclude={"weight_filler"}) for name in sorted(own)]
    return (layer.name, layer.type, layer.bottom, layer.top, kernel)


def field(layer: LayerParameter, name: str) -> Any:
    return getattr(layer, name)
