"""Shapes of data that are not there."""

import pytest

from protonet.data.assume import Assumed, assumed_tops
from protonet.diagnostics import DiagnosticError
from protonet.layers.annotated_data import AnnotatedData
from protonet.layers.base import Layer
from protonet.layers.data import Data, DataParameter
from protonet.layers.hdf5_data import HDF5Data, HDF5DataParameter
from protonet.layers.image_data import ImageData, ImageDataParameter
from protonet.message.common import Phase, TransformationParameter


def database(**transform: object) -> Data:
    param = TransformationParameter.model_validate(transform)
    return Data(data_param=DataParameter(source="gone", batch_size=4), transform_param=param)


def images(**param: object) -> ImageData:
    fields = {"source": "gone.txt", "batch_size": 4} | param
    return ImageData(image_data_param=ImageDataParameter.model_validate(fields))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (database(crop_size=5), (4, 3, 5, 5)),
        (database(crop_size=5, mean_value=(1.0,)), (4, 3, 5, 5)),
        (database(crop_size=5, mean_value=(1.0, 2.0)), (4, 2, 5, 5)),
        (database(crop_size=5, force_gray=True), (4, 1, 5, 5)),
        (images(new_height=6, new_width=7), (4, 3, 6, 7)),
        (images(new_height=6, new_width=7, is_color=False), (4, 1, 6, 7)),
    ],
)
def test_images_have_the_size_that_the_file_brings_them_to(
    layer: Layer, shape: tuple[int, ...]
) -> None:
    assumed = Assumed()

    assert assumed.shapes(layer, ["data", "label"], None, Phase.TRAIN) == (shape, shape[:1])
    assert [note.code for note in assumed.notes] == ["PN560"]


def test_a_layer_is_told_once() -> None:
    assumed = Assumed()
    assumed.shapes(database(crop_size=5), ["data"], None, Phase.TRAIN)
    assumed.shapes(database(crop_size=5), ["data"], None, Phase.TRAIN)

    (note,) = assumed.notes
    assert note.message == "the source `gone` does not exist: batches of 4x3x5x5 are assumed"


def test_data_that_are_there_are_looked_at() -> None:
    param = DataParameter(source="builtin:digits/train", batch_size=4)
    assumed = Assumed()

    assert assumed.shapes(Data(data_param=param), ["data"], None, Phase.TRAIN) == ((4, 1, 28, 28),)
    assert assumed.notes == []


@pytest.mark.parametrize(
    "layer",
    [
        database(),
        images(),
        HDF5Data(hdf5_data_param=HDF5DataParameter(source="gone.txt", batch_size=4)),
    ],
)
def test_what_nothing_is_said_of_stays_unknown(layer: Layer) -> None:
    with pytest.raises(DiagnosticError, match="PN501"):
        Assumed().shapes(layer, ["data"], None, Phase.TRAIN)


def test_boxes_are_a_row_each() -> None:
    param = TransformationParameter(crop_size=5)
    layer = AnnotatedData(data_param=DataParameter(batch_size=4), transform_param=param)

    assert assumed_tops(layer, 2) == ((4, 3, 5, 5), (1, 1, 1, 8))
