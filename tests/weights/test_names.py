from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from protonet.diagnostics import DiagnosticError
from protonet.shape import Shape
from protonet.spec.net import LayerParameter
from protonet.weights.fit import Form
from protonet.weights.loading import Loading
from protonet.weights.names import Wanted, named
from protonet.weights.stored import ArrayBlob, StoredLayer, StoredLayers

Layers = Mapping[str, Sequence[Shape]]


def stored(layers: Layers, *, foreign: bool = True) -> StoredLayers:
    found = (
        StoredLayer(name, {i: blob(shape) for i, shape in enumerate(shapes)})
        for name, shapes in layers.items()
    )
    return StoredLayers(Path("m.pth"), tuple(found), foreign=foreign)


def blob(shape: Shape) -> ArrayBlob:
    return ArrayBlob(shape, lambda: np.zeros(shape, np.float32))


def wanted(layers: Layers, forms: Mapping[str, Form] | None = None) -> Wanted:
    messages = [LayerParameter.of({"name": name, "type": "Convolution"}) for name in layers]
    blobs = {name: dict(enumerate(shapes)) for name, shapes in layers.items()}
    return Wanted(messages, blobs, forms or {})


def calls(found: StoredLayers) -> list[tuple[str, str]]:
    return [(layer.name, layer.origin) for layer in found.layers]


def refused(file: StoredLayers, net: Wanted, loading: Loading) -> tuple[str, str, str]:
    with pytest.raises(DiagnosticError) as caught:
        named(file, net, loading)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message, diagnostic.help


def test_names_stay_where_no_rule_is() -> None:
    file = stored({"a": [(1,)], "x": [(2,)]})

    assert calls(named(file, wanted({"a": [(1,)]}), Loading())) == [("a", ""), ("x", "")]


def test_a_layer_is_renamed_and_takes_the_place_of_another() -> None:
    file = stored({"a": [(1,)], "b": [(1,)]})

    found = named(file, wanted({"b": [(1,)]}), Loading.of(rename={"a": "b"}))

    assert calls(found) == [("b", "a"), ("b (replaced)", "")]


def test_two_layers_may_change_places() -> None:
    file = stored({"a": [(1,)], "b": [(1,)]})

    found = named(file, wanted({"b": [(1,)]}), Loading.of(rename={"a": "b", "b": "a"}))

    assert calls(found) == [("b", "a"), ("a", "b")]


def test_a_renamed_batch_norm_takes_its_scale_along() -> None:
    messages = [
        {"name": "norm", "type": "BatchNorm", "top": ("y",)},
        {"name": "scale", "type": "Scale", "bottom": ("y",)},
    ]
    net = Wanted(list(map(LayerParameter.of, messages)), {"norm": {}, "scale": {}}, {})
    file = stored({"bn": [(1,)], "bn (affine)": [(1,)], "bn2 (affine)": [(1,)]})

    found = named(file, net, Loading.of(rename={"bn": "norm"}))

    assert calls(found) == [("norm", "bn"), ("scale", "bn"), ("bn2 (affine)", "")]


FEATURES: Layers = {"f.0": [(4, 3, 3, 3), (4,)], "f.2": [(8, 4, 3, 3)], "c.1": [(9, 32)]}
CONVS: Layers = {
    "conv1": [(4, 3, 3, 3), (4,)],
    "none": [],
    "extra": [(5, 5)],
    "conv2": [(8, 4, 3, 3)],
    "fc": [(9, 8, 2, 2)],
}
FLAT = {"fc": Form(flat=True)}


def test_a_file_that_names_no_layer_is_a_proposal() -> None:
    code, message, help_ = refused(stored(FEATURES), wanted(CONVS, FLAT), Loading())

    assert code == "PN416"
    assert message == (
        "`m.pth` names no layer of the net; "
        "by their order and shapes 3 of its 3 layers go into the net's 4"
    )
    assert help_.splitlines() == [
        "`--by-order` takes these, `--map old=new` others:",
        "      conv1 from f.0 (4, 3, 3, 3) (4,)",
        "      conv2 from f.2 (8, 4, 3, 3)",
        "      fc from c.1 (9, 32)",
    ]


def test_where_nothing_fits_there_is_no_proposal() -> None:
    file = stored({"f.0": [(7, 7)]})

    assert refused(file, wanted(CONVS), Loading()) == (
        "PN416",
        (
            "`m.pth` names no layer of the net; "
            "by their order and shapes 0 of its 1 layers go into the net's 4"
        ),
        "say by `--map old=new` which layer of the file is which of the net",
    )


def test_a_file_of_ours_or_of_caffe_may_have_nothing_for_the_net() -> None:
    file = stored(FEATURES, foreign=False)

    assert named(file, wanted(CONVS), Loading()) == file


@pytest.mark.parametrize("foreign", [True, False])
def test_the_proposal_is_taken_on_demand(foreign: bool) -> None:
    file = stored({**FEATURES, "conv1": [(6, 6)]}, foreign=foreign)

    found = named(file, wanted(CONVS, FLAT), Loading(by_order=True))

    assert calls(found) == [
        ("conv1", "f.0"),
        ("conv2", "f.2"),
        ("fc", "c.1"),
        ("conv1 (no place)", "conv1"),
    ]
