"""``protonet predict``."""

import json
from pathlib import Path

import cv2
import pytest

from protonet.data import digits
from protonet.net import Net
from protonet.weights.load import save_weights
from tests.cli.files import protonet

NET = """\
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 2 dim: 1 dim: 28 dim: 28 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""
BASE = ("predict", "--model", "deploy.prototxt", "--weights", "small.npz", "--scale", "0.004")


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    Path("deploy.prototxt").write_text(NET, encoding="utf-8")
    Path("names.txt").write_text("\n".join("abcdefghij"), encoding="utf-8")
    save_weights(Net(NET, seed=1), "small.npz")
    images, _ = digits.load()
    for at in range(3):
        cv2.imwrite(f"{at}.png", images[at, 0])


def test_prints_a_table_of_the_best_classes() -> None:
    done = protonet(*BASE, "--labels", "names.txt", "--top", "2", "0.png", "1.png", "2.png")

    lines = done.stdout.splitlines()
    assert (done.exit_code, lines[::3]) == (0, ["0.png", "1.png", "2.png"])
    assert all(line.split()[2] == "abcdefghij"[int(line.split()[1])] for line in lines[1:3])


def test_prints_json() -> None:
    done = protonet(*BASE, "--format", "json", "--mean", "33", "--resize", "32x32", "0.png")

    (found,) = json.loads(done.stdout)
    assert (found["image"], len(found["top"])) == ("0.png", 5)


def test_one_number_is_both_sides() -> None:
    outputs = [
        protonet(*BASE, "--oversample", "--resize", size, "0.png").stdout
        for size in ("32", "32x32")
    ]

    assert outputs[0] == outputs[1] != ""


def test_what_is_no_size_is_a_usage_error() -> None:
    assert protonet(*BASE, "--resize", "32by32", "0.png").exit_code == 2


def test_images_that_are_missing_are_told_before_anything_is_loaded() -> None:
    done = protonet("predict", "--model", "none", "--weights", "none", "9.png", "8.png")

    assert (done.exit_code, done.stderr.count("PN506")) == (1, 2)


def test_what_the_weights_do_not_fill_is_told() -> None:
    done = protonet(*BASE, "--reinit", "ip", "0.png")

    assert (done.exit_code, "left as asked" in done.stderr) == (0, True)
