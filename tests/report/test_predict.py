import json
from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.data.tools.photo import preparing
from protonet.diagnostics import DiagnosticError
from protonet.net import Net
from protonet.report.predict import (
    Guess,
    Prediction,
    classifier,
    predict,
    prediction_json,
    prediction_lines,
)
from tests.data.builders import png, random_images

NET = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 3 dim: 3 dim: 4 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 6 weight_filler { type: "gaussian" std: 0.01 } } }
"""
PROB = 'layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }\n'
SIDE = 'layer { name: "side" type: "Power" bottom: "data" top: "side" }\n'
PREDICTIONS = [Prediction("a.png", [Guess(12, 0.75, "cat"), Guess(3, 0.25, "dog")])]


def images(folder: Path, number: int) -> list[str]:
    for at, image in enumerate(random_images(number, 3, 4, 4)):
        (folder / f"{at}.png").write_bytes(png(image))
    return [str(folder / f"{at}.png") for at in range(number)]


def code(text: str, output: str = "") -> str:
    with pytest.raises(DiagnosticError) as error:
        classifier(Net(text), output)
    return error.value.diagnostics[0].code


def test_the_best_classes_of_each_image_come_first(tmp_path: Path) -> None:
    """Five images, and a net that takes three at a time."""
    found = classifier(Net(NET + PROB, seed=1))
    names = images(tmp_path, 5)

    predictions = list(predict(found, preparing((3, 4, 4)), names, "ABCDEF", top=2))

    pixels = torch.from_numpy(random_images(5, 3, 4, 4)).float()
    with torch.no_grad():
        batches = [found.net({"data": pixels[at : at + 3]})["prob"] for at in (0, 2)]
    scores = torch.cat((batches[0], batches[1][1:]))
    best = scores.topk(2)
    assert [prediction.image for prediction in predictions] == names
    assert [[guess.number for guess in p.top] for p in predictions] == best.indices.tolist()
    assert [p.top[0].label for p in predictions] == ["ABCDEF"[at] for at in best.indices[:, 0]]
    np.testing.assert_allclose(
        [[guess.score for guess in p.top] for p in predictions], best.values, rtol=1e-5
    )


def test_scores_of_ten_crops_are_averaged(tmp_path: Path) -> None:
    found = classifier(Net(NET, seed=1), "ip")
    prepares = preparing((3, 4, 4), resize=(6, 6), oversample=True)
    names = images(tmp_path, 2)

    (_, prediction) = predict(found, prepares, names, top=9)

    crops = torch.from_numpy(prepares.prepare(Path(names[1]).read_bytes()))
    weights, bias = found.net.params["ip"]
    mean = (crops.flatten(1) @ weights.T + bias).mean(0)
    scores = {guess.number: guess.score for guess in prediction.top}
    np.testing.assert_allclose([scores[at] for at in range(6)], mean.detach(), rtol=1e-4, atol=1e-4)


def test_the_scores_are_of_the_only_output_or_of_that_which_is_named() -> None:
    assert (classifier(Net(NET + PROB)).output, classifier(Net(NET + PROB)).classes) == ("prob", 6)
    assert classifier(Net(NET + PROB), "ip").output == "ip"


def test_nets_that_are_no_classifiers_are_told() -> None:
    two_inputs = NET + NET.replace('"data"', '"more"').replace('"ip"', '"op"')
    scalar = NET + 'layer { name: "sum" type: "Reduction" bottom: "ip" top: "sum" }'

    assert code(NET + SIDE) == "PN552"
    assert code(two_inputs) == "PN552"
    assert code(scalar) == "PN552"
    assert code(NET.replace("dim: 3 dim: 3", "dim: 3 dim: 2")) == "PN552"
    assert code('layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { } } }')
    assert code(NET, "prob") == "PN550"


def test_a_net_without_anything_is_no_classifier() -> None:
    assert code('name: "empty"\n') == "PN552"


def test_an_image_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_text("<html>")

    with pytest.raises(DiagnosticError) as error:
        list(predict(classifier(Net(NET)), preparing((3, 4, 4)), [str(tmp_path / "page.png")]))

    assert error.value.diagnostics[0].code == "PN506"


def test_a_table_has_a_row_for_each_class() -> None:
    assert list(prediction_lines(iter(PREDICTIONS))) == [
        "a.png",
        "    0.7500  12  cat",
        "    0.2500   3  dog",
    ]


def test_json_has_the_same() -> None:
    assert json.loads(prediction_json(iter(PREDICTIONS))) == [
        {
            "image": "a.png",
            "top": [
                {"class": 12, "label": "cat", "score": 0.75},
                {"class": 3, "label": "dog", "score": 0.25},
            ],
        }
    ]
