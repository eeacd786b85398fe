import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from protonet.data.shapes import source_shapes
from protonet.diagnostics import DiagnosticError
from protonet.layers.base import Layer, LayerError
from protonet.layers.data import Data, DataParameter
from protonet.layers.dummy_data import DummyData, DummyDataParameter
from protonet.layers.hdf5_data import HDF5Data, HDF5DataParameter
from protonet.layers.image_data import ImageData, ImageDataParameter
from protonet.layers.window_data import WindowData, WindowDataParameter
from protonet.message.common import BlobShape, FillerParameter, TransformationParameter
from tests.data.builders import (
    encode_datum,
    png,
    random_images,
    raw_datum,
    write_h5,
    write_images,
    write_lmdb,
)

LMDB = DataParameter.DB.LMDB
IMAGES = random_images(2, 3, 4, 6)


def data(source: str, backend: DataParameter.DB = LMDB, **transform: object) -> Data:
    return Data(
        data_param=DataParameter(source=source, batch_size=5, backend=backend),
        transform_param=TransformationParameter.model_validate(transform),
    )


def diagnosed(layer: Layer) -> tuple[str, str, str]:
    with pytest.raises(DiagnosticError) as raised:
        source_shapes(layer, ["data", "label"])
    (diagnostic,) = raised.value.diagnostics
    return diagnostic.code, diagnostic.message, diagnostic.help


def test_images_from_a_database(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", map(raw_datum, IMAGES))

    shapes = source_shapes(data("db"), ["data", "label"], tmp_path)

    assert shapes == ((5, 3, 4, 6), (5,))
    assert source_shapes(data("db", crop_size=2), ["data"], tmp_path) == ((5, 3, 2, 2),)


@pytest.mark.parametrize(("field", "channels"), [("force_color", 3), ("force_gray", 1)])
def test_encoded_images_may_be_forced_to_colour_or_gray(
    tmp_path: Path, field: str, channels: int
) -> None:
    write_lmdb(tmp_path / "db", [encode_datum(png(IMAGES[0]), encoded=True)])

    shapes = source_shapes(data("db", LMDB, **{field: True}), ["data"], tmp_path)

    assert shapes == ((5, channels, 4, 6),)


def test_the_digits_need_no_numpy() -> None:
    script = (
        "import sys; from protonet.data.shapes import source_shapes;"
        "from protonet.layers.data import Data, DataParameter;"
        "p = DataParameter(source='builtin:digits/train', batch_size=5);"
        "print(source_shapes(Data(data_param=p), ['data', 'label']));"
        "print({'numpy', 'torch', 'cv2', 'h5py', 'lmdb'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "((5, 1, 28, 28), (5,))\nset()\n"


def test_images_from_a_list(tmp_path: Path) -> None:
    write_images(tmp_path, IMAGES, [0, 1])
    layer = ImageData(
        image_data_param=ImageDataParameter(
            source="list.txt", batch_size=2, new_height=8, new_width=9, is_color=False
        ),
        transform_param=TransformationParameter(crop_size=7),
    )

    assert source_shapes(layer, ["data", "label"], tmp_path) == ((2, 1, 7, 7), (2,))


def test_rows_from_hdf5_by_the_names_of_tops(tmp_path: Path) -> None:
    write_h5(tmp_path / "a.h5", x=np.zeros((3, 2, 2)), y=np.zeros(3))
    (tmp_path / "list.txt").write_text("a.h5")
    layer = HDF5Data(hdf5_data_param=HDF5DataParameter(source="list.txt", batch_size=4))

    assert source_shapes(layer, ["y", "x"], tmp_path) == ((4,), (4, 2, 2))


def test_windows_are_of_the_crop_size() -> None:
    layer = WindowData(
        window_data_param=WindowDataParameter(source="list.txt", batch_size=4),
        transform_param=TransformationParameter(crop_size=7),
    )

    assert source_shapes(layer, ["data", "label"]) == ((4, 3, 7, 7), (4,))


def test_other_layers_say_their_shapes_themselves() -> None:
    layer = DummyData(dummy_data_param=DummyDataParameter(shape=(BlobShape(dim=(2, 3)),)))

    assert source_shapes(layer, ["data"]) == ((2, 3),)


@pytest.mark.parametrize(
    "layer",
    [Data(), ImageData(), HDF5Data(), WindowData(), DummyData()],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_that_says_too_little_is_refused(layer: Layer) -> None:
    with pytest.raises(LayerError):
        source_shapes(layer, ["data", "label"])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (
            data("gone"),
            (
                "PN501",
                "the source `gone` does not exist",
                "paths count from the working directory, or from the folder of the prototxt",
            ),
        ),
        (
            data("builtin:digits/trian"),
            (
                "PN501",
                "there is no built-in data set `builtin:digits/trian`",
                "did you mean `builtin:digits/train`?",
            ),
        ),
        (
            data("db", DataParameter.DB.LEVELDB),
            (
                "PN503",
                "`db` is not of `backend: LEVELDB`",
                "it is of `backend: LMDB`",
            ),
        ),
        (
            data("old", LMDB),
            (
                "PN503",
                "`old` is not of `backend: LMDB`",
                "it is of `backend: LEVELDB`",
            ),
        ),
        (
            data("builtin:digits/test", crop_size=29),
            (
                "PN508",
                "`crop_size: 29` is larger than an image of `builtin:digits/test`, 28 x 28",
                "use a smaller `crop_size`, or resize the images",
            ),
        ),
        (
            Data(
                data_param=DataParameter(source="db", batch_size=5, backend=LMDB),
                transform_param=TransformationParameter(mean_value=(1.0, 2.0)),
            ),
            (
                "PN509",
                "an image of `db` has 3 channels, but `mean_value` has 2 values",
                "give one for all channels, or one for each: blue, green, red",
            ),
        ),
    ],
)
def test_a_source_at_fault_is_a_diagnostic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layer: Layer, expected: tuple[str, str, str]
) -> None:
    write_lmdb(tmp_path / "db", map(raw_datum, IMAGES))
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "CURRENT").touch()
    monkeypatch.chdir(tmp_path)

    assert diagnosed(layer) == expected


def test_filler_of_dummy_data_must_be_known() -> None:
    shape = BlobShape(dim=(2, 3))
    filler = FillerParameter(type="gausian")
    layer = DummyData(dummy_data_param=DummyDataParameter(shape=(shape,), data_filler=(filler,)))

    with pytest.raises(LayerError, match="unknown filler type `gausian`"):
        source_shapes(layer, ("data",))
