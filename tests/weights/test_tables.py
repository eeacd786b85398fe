"""Models of torchvision's give in the zoo's nets what they give in torch."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from protonet.diagnostics import DiagnosticError
from protonet.graph.shapes import infer_shapes
from protonet.net import Net
from protonet.weights.load import load_weights
from protonet.weights.tables import TABLES, refusal
from tests.weights.torch_models import (
    as_caffe_reads,
    as_torchvision_reads,
    randomise,
    resnet,
    vgg16,
)

ROOT = Path(__file__).parents[2]
NARROW = 16
VGG, RESNET18, RESNET50 = TABLES


def deploy(net: str) -> Path:
    return ROOT / net / "deploy.prototxt"


def narrow_vgg(net: str = "zoo/vgg16_torchvision") -> str:
    """The zoo's net with a fraction of its filters: the whole one has half a gigabyte."""
    text = deploy(net).read_text(encoding="utf-8")
    return re.sub(r"num_output: (\d+)", lambda n: f"num_output: {int(n[1]) // NARROW}", text)


def saved(model: nn.Module, folder: Path) -> Path:
    path = folder / "model.pth"
    torch.save(model.state_dict(), path)
    return path


def refused(net: Net, path: Path) -> tuple[str, str, str]:
    before = [blob.tensor.clone() for blob in net.learnables]
    with pytest.raises(DiagnosticError) as caught:
        load_weights(net, path)
    after = [blob.tensor for blob in net.learnables]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message, diagnostic.help


@pytest.mark.parametrize(
    ("model", "spec"),
    [
        (lambda: vgg16(NARROW), narrow_vgg()),
        (lambda: vgg16(NARROW), narrow_vgg("zoo/vgg16")),
        (lambda: resnet((2, 2, 2, 2), bottleneck=False), deploy(RESNET18.zoo)),
        (lambda: resnet((3, 4, 6, 3), bottleneck=True), deploy(RESNET50.zoo)),
    ],
    ids=["vgg16", "vgg16 of Caffe", "resnet18", "resnet50"],
)
@torch.no_grad()
def test_a_net_gives_what_the_model_gives(
    tmp_path: Path, model: Callable[[], nn.Module], spec: str | Path
) -> None:
    torch.manual_seed(1701)
    reference = randomise(model())
    image = torch.randint(256, (1, 3, 224, 224)).float()
    net = Net(spec, weights=saved(reference, tmp_path))

    prob = net({"data": as_caffe_reads(image)})["prob"]

    assert net.match is not None
    assert (net.match.missing, net.match.unused) == ((), ())
    expected = reference(as_torchvision_reads(image)).softmax(1)
    torch.testing.assert_close(prob, expected, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.zoo)
def test_a_table_names_each_layer_of_its_net(table: object) -> None:
    assert isinstance(table, type(VGG))
    params = infer_shapes(deploy(table.zoo), "TEST").params

    assert sorted(table.layers.values()) == sorted(
        name for name in params if not name.startswith("scale")
    )


def test_what_was_folded_is_reported(tmp_path: Path) -> None:
    net = Net(narrow_vgg(), weights=saved(vgg16(NARROW), tmp_path))

    assert net.match is not None
    assert net.match.report().splitlines()[:2] == [
        (
            "adapted                conv1_1 (4, 3, 3, 3) (4,) from `features.0`: RGB to BGR, "
            "divided by 255 std; it wants 0 to 255 less mean_value 103.53 116.28 123.675"
        ),
        "loaded                 conv1_2 (4, 4, 3, 3) (4,) from `features.2`",
    ]


def test_rules_go_with_a_table(tmp_path: Path) -> None:
    text = narrow_vgg().replace('"fc8"', '"birds"').replace("num_output: 62", "num_output: 5")
    net = Net(text)

    found = load_weights(
        net,
        saved(vgg16(NARROW), tmp_path),
        strict=True,
        adapt={"birds": "first"},
        rename={"classifier.6": "birds"},
    )

    assert found.report().splitlines()[-1] == (
        "adapted                birds (5, 256) (5,) from `classifier.6`: the first 5 of 62"
    )


def test_resnet_50_of_caffes_layout_is_another_net(tmp_path: Path) -> None:
    path = saved(resnet((3, 4, 6, 3), bottleneck=True), tmp_path)

    code, message, help_ = refused(Net(deploy("zoo/resnet50")), path)

    assert code == "PN415"
    assert message == (
        "torchvision's ResNet-50 is a different net: `res3a_branch2a` has stride 2, the model's 1; "
        "`res3a_branch2b` has stride 1, the model's 2; "
        "`res4a_branch2a` has stride 2, the model's 1; "
        "`res4a_branch2b` has stride 1, the model's 2; "
        "`res5a_branch2a` has stride 2, the model's 1; "
        "`res5a_branch2b` has stride 1, the model's 2; "
        "`pool1` rounds up, the model's pooling rounds down"
    )
    assert help_ == "use `zoo/resnet50_torchvision`, which is written in its layout"


def names(model: nn.Module) -> set[str]:
    return {key.rpartition(".")[0] for key in model.state_dict()}


def test_models_that_are_other_nets_than_caffes() -> None:
    alexnet = {f"features.{at}" for at in (0, 3, 6, 8, 10)}
    alexnet |= {f"classifier.{at}" for at in (1, 4, 6)}
    googlenet = {"conv1.conv", "inception3a.branch1.conv", "inception5b.branch4.conv", "fc"}

    assert [
        refusal(each).partition(" is not ")[0]
        for each in (alexnet, googlenet, names(vgg16(64, batch_norm=True)), names(vgg16(64)))
    ] == [
        "torchvision's AlexNet",
        "torchvision's GoogLeNet",
        "torchvision's VGG-16 with BatchNorm",
        "",
    ]


def test_a_model_that_is_another_net_is_refused(tmp_path: Path) -> None:
    found = refused(Net(narrow_vgg()), saved(vgg16(NARROW, batch_norm=True), tmp_path))

    assert found == (
        "PN414",
        "torchvision's VGG-16 with BatchNorm is not the same net as VGG-16",
        "write the model as a prototxt and give `--map` or `--by-order`",
    )


def test_a_net_that_has_the_models_own_names_needs_no_table(tmp_path: Path) -> None:
    text = narrow_vgg()
    for theirs, ours in VGG.layers.items():
        text = text.replace(f'name: "{ours}"', f'name: "{theirs}"')
    model = vgg16(NARROW)

    net = Net(text, weights=saved(model, tmp_path))

    torch.testing.assert_close(
        net.params["features.0"][0].detach(), model.state_dict()["features.0.weight"]
    )
