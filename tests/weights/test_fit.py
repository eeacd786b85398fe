import numpy as np
import pytest

from protonet.layers.convolution import ConvolutionParameter
from protonet.layers.inner_product import InnerProductParameter
from protonet.shape import Shape, count
from protonet.spec.net import LayerParameter
from protonet.weights.fit import Form, Part, advice, fit, forms, of_file
from protonet.weights.loading import Adapt, Loading
from protonet.weights.stored import ArrayBlob, StoredLayer

FLAT = Form(flat=True)


def blob(*shape: int, legacy: bool = False) -> ArrayBlob:
    values = np.arange(count(shape), dtype=np.float32).reshape(shape)
    return ArrayBlob(shape, lambda: values, legacy)


def note(shape: Shape, stored: ArrayBlob, form: Form) -> str | None:
    found = fit(shape, stored, form)
    return None if found is None else found.note


@pytest.mark.parametrize(
    ("shape", "stored", "legacy", "expected"),
    [
        ((2, 3), (2, 3), False, ""),
        ((2, 3), (3, 2), False, None),
        ((2, 3), (1, 1, 2, 3), False, None),
        ((2, 3), (1, 1, 2, 3), True, "reshaped from (1, 1, 2, 3)"),
        ((3,), (1, 1, 1, 3), True, "reshaped from (1, 1, 1, 3)"),
        ((), (1, 1, 1, 1), True, "reshaped from (1, 1, 1, 1)"),
        ((), (), False, ""),
        ((3,), (3, 1, 1, 1), True, None),
        ((1, 1, 1, 2, 3), (1, 1, 2, 3), True, None),
    ],
)
def test_shapes_are_equal_as_in_caffe(
    shape: Shape, stored: Shape, legacy: bool, expected: str | None
) -> None:
    assert note(shape, blob(*stored, legacy=legacy), Form()) == expected


@pytest.mark.parametrize(
    ("shape", "stored", "legacy", "expected"),
    [
        ((4, 2, 3, 3), (4, 18), False, "reshaped from (4, 18)"),
        ((4, 18), (4, 2, 3, 3), False, "reshaped from (4, 2, 3, 3)"),
        ((4, 2, 3, 3), (1, 1, 4, 18), True, "reshaped from (1, 1, 4, 18)"),
        ((1, 9), (1, 1, 3, 3), True, "reshaped from (1, 1, 3, 3)"),
        ((4, 2, 3, 3), (1, 1, 4, 18), False, None),
        ((4, 2, 3, 3), (3, 24), False, None),
        ((4, 2, 3, 3), (4, 17), False, None),
        ((4, 18, 1, 1), (4, 2, 3, 3), False, None),
        ((4,), (4, 1), False, None),
        ((4, 18), (72,), False, None),
    ],
)
def test_rows_of_a_matrix_are_those_of_a_convolution(
    shape: Shape, stored: Shape, legacy: bool, expected: str | None
) -> None:
    assert note(shape, blob(*stored, legacy=legacy), FLAT) == expected
    if len(shape) != len(stored):
        assert fit(shape, blob(*stored), Form()) is None


@pytest.mark.parametrize(
    ("adapt", "shape", "stored", "expected"),
    [
        (Adapt.FIRST, (2, 3), (4, 3), "the first 2 of 4"),
        (Adapt.FIRST, (2,), (4,), "the first 2 of 4"),
        (Adapt.FIRST, (4, 3), (4, 3), ""),
        (Adapt.FIRST, (5, 3), (4, 3), None),
        (Adapt.FIRST, (2, 3), (4, 2), None),
        (Adapt.FIRST, (), (), ""),
        (Adapt.PAD, (6, 3), (4, 3), "4 of 6, the others are left at the filler"),
        (Adapt.PAD, (3, 3), (4, 3), None),
        (Adapt.FIRST, (2, 3, 1, 1), (4, 3), "the first 2 of 4"),
    ],
)
def test_a_rule_lets_a_part_of_the_classes_in(
    adapt: Adapt, shape: Shape, stored: Shape, expected: str | None
) -> None:
    assert note(shape, blob(*stored), Form(flat=True, adapt=adapt)) == expected


def test_the_first_rows_are_taken() -> None:
    found = fit((2, 3), blob(1, 1, 4, 3, legacy=True), Form(adapt=Adapt.FIRST))

    assert found is not None
    assert (found.blob.shape, found.part) == ((2, 3), None)
    assert found.blob.array().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_columns_count_the_outputs_where_the_weight_is_transposed() -> None:
    found = fit((3, 1), blob(3, 2), Form(class_axis=1, adapt=Adapt.FIRST))

    assert found is not None
    assert found.blob.array().tolist() == [[0], [2], [4]]


def test_a_padded_blob_goes_into_a_part() -> None:
    found = fit((5, 3), blob(1, 1, 4, 3, legacy=True), Form(adapt=Adapt.PAD))

    assert found is not None
    assert (found.blob.shape, found.part) == ((4, 3), Part(0, 4))


def layer(name: str, kind: str, **messages: object) -> LayerParameter:
    return LayerParameter.of({"name": name, "type": kind, **messages})


def test_the_type_of_a_layer_says_its_form() -> None:
    layers = [
        layer("conv", "Convolution"),
        layer("grouped", "Convolution", convolution_param=ConvolutionParameter(group=2)),
        layer("deconv", "Deconvolution"),
        layer("ip", "InnerProduct"),
        layer("turned", "InnerProduct", inner_product_param=InnerProductParameter(transpose=True)),
        layer("bn", "BatchNorm"),
    ]

    found = forms(layers, Loading.of(adapt={"c*": "first", "*p": "pad"}))

    assert found == {
        "conv": Form(flat=True, adapt=Adapt.FIRST),
        "grouped": Form(),
        "deconv": Form(class_axis=1),
        "ip": Form(flat=True, adapt=Adapt.PAD),
        "turned": Form(class_axis=1),
        "bn": Form(),
    }


@pytest.mark.parametrize(
    ("kind", "flat"), [("", True), ("Convolution", True), ("conv", True), ("Deconvolution", False)]
)
def test_the_type_in_the_file_counts_too(kind: str, flat: bool) -> None:
    assert of_file(FLAT, StoredLayer("a", {}, kind)).flat is flat


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ((4, 3), "`--adapt a=first` takes the first 2 of 4; `--reinit a` learns the layer anew"),
        (
            (1, 3),
            (
                "`--adapt a=pad` takes 1 of 2, the others are left at the filler; "
                "`--reinit a` learns the layer anew"
            ),
        ),
        ((2, 2), "`--reinit a` learns the layer anew; or give it the file's shape"),
    ],
)
def test_advice_names_the_rule_to_use(stored: Shape, expected: str) -> None:
    assert advice("a", (2, 3), blob(*stored), Form()) == expected
