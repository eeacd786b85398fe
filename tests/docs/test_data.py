"""docs/recipes/data.md does what it says."""

import re
from pathlib import Path

import pytest
import torch

import protonet
from protonet.message.common import TransformationParameter
from tests.diagnostics.golden import FOLDER

TEXT = (Path(__file__).parents[2] / "docs" / "recipes" / "data.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(
    re.findall(r"^```prototxt (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
)


def test_every_field_has_its_place_in_the_order() -> None:
    table = TEXT[TEXT.index("In this order:") : TEXT.index("(Caffe mirrors last.")]
    boxes = {"distort_param", "expand_param", "emit_constraint"}

    assert {name for name in TransformationParameter.slots() if f"`{name}" not in table} == boxes


def test_ten_crops_are_averaged(tmp_path: Path) -> None:
    torch.manual_seed(1701)
    path = tmp_path / "net.prototxt"
    path.write_text(FILES["ten_crops.prototxt"])
    net = protonet.Net(path, phase="TEST", seed=1701)

    found = net({}, blobs=["prob", "label", "scores", "labels", "accuracy"])

    mean, labels = found["prob"].view(-1, 10, 10).mean(1), found["label"].view(-1, 10)[:, 0]
    assert found["scores"].shape == (20, 10)
    torch.testing.assert_close(found["scores"], mean)
    torch.testing.assert_close(found["labels"].flatten(), labels)
    accuracy = (mean.argmax(1) == labels).float().mean()
    assert float(found["accuracy"]) == pytest.approx(float(accuracy))


def test_the_diagnostic_is_what_is_printed() -> None:
    (golden,) = FOLDER.glob("PN515*.txt")
    printed = golden.read_text(encoding="utf-8").splitlines()

    assert f"    {printed[0]}" in TEXT
    assert f"    {printed[-1]}" in TEXT or f"    {printed[-2]}" in TEXT
