from pathlib import Path

import numpy as np
import pytest

from protonet.data.feed import Feed
from protonet.diagnostics import DiagnosticError
from protonet.layers.window_data import WindowData, WindowDataParameter
from protonet.message.common import TransformationParameter
from protonet.weights.binaryproto import write_blob
from tests.data.builders import data_layer, png, random_images

(IMAGE,) = random_images(1, 3, 12, 14)
MEAN = random_images(1, 3, 11, 11, seed=1)[0].astype(np.float32)


def feed(folder: Path, *, transform: dict[str, object], **fields: object) -> Feed:
    (folder / "a.png").write_bytes(png(IMAGE))
    (folder / "list.txt").write_text("# 0 a.png 3 12 14 1 5 0.9 0 0 4 4")
    write_blob(folder / "mean.binaryproto", MEAN[None])
    param = {"source": "list.txt", "batch_size": 2, "fg_fraction": 1.0, **fields}
    layer = WindowData(
        window_data_param=WindowDataParameter.model_validate(param),
        transform_param=TransformationParameter.model_validate({"crop_size": 5, **transform}),
    )
    return Feed([data_layer(layer)], base=folder, seed=1701)


@pytest.mark.parametrize(
    ("transform", "mean"),
    [
        ({}, np.float32(0)),
        ({"mean_value": (1.0, 2.0, 3.0)}, np.array([[[1]], [[2]], [[3]]], np.float32)),
        ({"mean_file": "mean.binaryproto"}, MEAN[:, 3:8, 3:8]),
    ],
)
def test_the_mean_is_subtracted_and_scale_is_that_of_window_data_param(
    tmp_path: Path, transform: dict[str, object], mean: object
) -> None:
    with feed(tmp_path, transform={"scale": 100.0, **transform}, scale=0.5) as windows:
        batch = windows.next()

    expected = (IMAGE[:, :5, :5] - np.asarray(mean)) * np.float32(0.5)
    np.testing.assert_array_equal(batch["data"].numpy(), np.stack([expected, expected]))
    assert batch["label"].tolist() == [5, 5]
    assert windows.epochs == {"input": 0}


def test_what_lies_outside_the_image_is_zero(tmp_path: Path) -> None:
    with feed(tmp_path, transform={"crop_size": 9, "mean_value": (1.0,)}, context_pad=2) as windows:
        data = windows.next()["data"]

    assert data[0, :, :2].abs().max() == 0
    assert data[0, :, :, :2].abs().max() == 0
    assert data[0, :, 2:, 2:].abs().min() > 0


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ({"mean_value": (1.0, 2.0)}, "PN509.*windows have 3 channels, but `mean_value` has 2"),
        (
            {"mean_file": "mean.binaryproto", "crop_size": 12},
            r"PN509.*is \(3, 11, 11\), which has no centre of \(3, 12, 12\)",
        ),
    ],
)
def test_a_mean_that_does_not_fit_is_refused(
    tmp_path: Path, transform: dict[str, object], message: str
) -> None:
    with pytest.raises(DiagnosticError, match=message):
        feed(tmp_path, transform=transform)
