"""The nets of zoo/: they parse, fit, count, and compute in both files the same."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from protonet import Net
from protonet.message.common import Phase
from protonet.report.check import check
from protonet.shape import Shape, count
from protonet.source import Source
from protonet.syntax.format import format as canonical
from protonet.syntax.parse import parse
from tests.zoo.cases import CASES, ZOO, Case, inferred

FILES = sorted(ZOO.glob("*/*.prototxt"))
every_net = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
# Compiled by default: what fits in a gigabyte and a second.
every_size = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.slow if case.is_large else (), id=name)
        for name, case in CASES.items()
    ],
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_is_written_as_fmt_writes_it(path: Path) -> None:
    text = path.read_text()

    assert canonical(parse(Source(text, str(path)))) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_check_finds_nothing_but_missing_data(path: Path) -> None:
    assert {problem.code for problem in check(str(path))} <= {"PN501"}


def test_each_net_has_two_files_and_a_page() -> None:
    files = {"README.md", "deploy.prototxt", "train_val.prototxt"}
    found = {folder.name: {file.name for file in folder.iterdir()} for folder in ZOO.iterdir()}

    assert found.pop("vgg16_compact_bilinear") == files | {"last_layer.prototxt"}
    assert found == dict.fromkeys(found, files)
    assert {folder.name for folder in ZOO.iterdir()} >= CASES.keys()


@every_net
@pytest.mark.parametrize("phase", Phase)
def test_ends_in_a_loss(case: Case, phase: Phase) -> None:
    net = inferred(case.path("train_val"), phase, case.inputs)
    losses = {value.blob: weight for value, weight in net.graph.losses()}
    three = {"loss1/loss1": 0.3, "loss2/loss2": 0.3, "loss3/loss3": 1}  # 0.3: section 5

    assert losses == pytest.approx(three if case.name == "googlenet" else {"loss": 1})


@every_net
def test_deploy_has_blobs_and_weights_of_train_val(case: Case) -> None:
    trained = inferred(case.path("train_val"), Phase.TEST, case.inputs)
    deployed = inferred(case.path("deploy"), Phase.TEST, case.deployed(case.inputs))
    blobs = {name: trained.shapes.values[value] for name, value in trained.graph.values.items()}
    weights = {(o.layer, o.index): o.weight.shape for o in trained.ownership.owned}

    assert {
        name: deployed.shapes.values[value]
        for name, value in deployed.graph.values.items()
        if name != "prob"
    }.items() <= blobs.items()
    assert {
        (o.layer, o.index): o.weight.shape for o in deployed.ownership.owned
    }.items() <= weights.items()
    if case.name != "googlenet":  # whose deploy lacks the auxiliary classifiers
        assert len(deployed.ownership.owned) == len(weights)


@every_net
def test_deploy_takes_single_images_of_the_published_size(case: Case) -> None:
    net = inferred(case.path("deploy"), Phase.TEST, {})
    published = case.deployed(case.inputs)
    single = {"cont": (1, 1), "input": (1, 1)}  # of lstm: one step of one text

    assert {value.blob: net.shapes.values[value] for value in net.graph.inputs} == {
        blob: single.get(blob, (1, *shape[1:])) for blob, shape in published.items()
    }


@every_net
def test_has_the_published_number_of_parameters(case: Case) -> None:
    assert parameters(case, "train_val", case.inputs) == case.parameters
    if case.name != "googlenet":
        assert parameters(case, "deploy", case.deployed(case.inputs)) == case.parameters


def test_googlenet_without_auxiliary_classifiers_has_the_published_number() -> None:
    # bvlc_googlenet.caffemodel, main classifier alone.
    assert parameters(CASES["googlenet"], "deploy", {}) == 6_998_552


def test_alexnet_has_the_neurons_of_the_paper() -> None:
    # Krizhevsky et al., section 3.5: "253,440-186,624-64,896-64,896-43,264-4096-4096-1000"; the
    # first number does not follow from its own kernels, 96 * 55 * 55 = 290,400 does.
    net = inferred(CASES["alexnet"].path("deploy"), Phase.TEST, {})
    neurons = [
        count(net.shapes.values[node.tops[0]])
        for node in net.graph.nodes
        if node.type in {"Convolution", "InnerProduct"}
    ]

    assert neurons == [290_400, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]


@pytest.mark.parametrize(
    ("name", "image", "published"),
    [
        # torchvision's table of weights, GFLOPS.
        ("vgg16", 224, "15.47e9"),
        ("resnet18_torchvision", 224, "1.81e9"),
        ("resnet50_torchvision", 224, "4.09e9"),
        ("densenet121", 224, "2.83e9"),
        ("squeezenet", 224, "0.35e9"),
        # Sze et al., arXiv:1703.09039, table II.
        ("alexnet", 227, "724e6"),
        ("resnet50", 224, "3.9e9"),
        # The papers: He et al., table 1; Howard et al., table 4.
        ("resnet18", 224, "1.8e9"),
        ("mobilenet_v1", 224, "569e6"),
    ],
)
def test_has_the_published_number_of_multiplications(name: str, image: int, published: str) -> None:
    multiplications = multiplied(name, image)
    digits = len(published.partition("e")[0].replace(".", "").lstrip("0"))

    assert float(f"{multiplications:.{digits - 1}e}") == float(published)


@pytest.mark.parametrize(
    ("module", "millions"),
    [
        ("3a", 128),
        ("3b", 304),
        ("4a", 73),
        ("4b", 88),
        ("4c", 100),
        ("4d", 119),
        ("4e", 170),
        ("5b", 71),
    ],
)
def test_inception_modules_cost_what_the_paper_says(module: str, millions: int) -> None:
    # Szegedy et al., table 1, column "ops", which is partly rounded and partly cut. Of 5a it says
    # 54, where the numbers in its own row give 51.
    multiplications = multiplied("googlenet", 224, layers=f"inception_{module}/")

    assert multiplications / 1e6 == pytest.approx(millions, abs=1)


@pytest.mark.parametrize(
    ("name", "blob", "shape"),
    [
        # Szegedy et al., table 1; its rows are height x width x channels.
        ("googlenet", "conv1/7x7_s2", (1, 64, 112, 112)),
        ("googlenet", "inception_3a/output", (1, 256, 28, 28)),
        ("googlenet", "inception_3b/output", (1, 480, 28, 28)),
        ("googlenet", "inception_4a/output", (1, 512, 14, 14)),
        ("googlenet", "inception_4d/output", (1, 528, 14, 14)),
        ("googlenet", "inception_4e/output", (1, 832, 14, 14)),
        ("googlenet", "inception_5b/output", (1, 1024, 7, 7)),
        ("googlenet", "pool5/7x7_s1", (1, 1024, 1, 1)),
        # He et al., table 1.
        ("resnet18", "res5b", (1, 512, 7, 7)),
        ("resnet50", "res2c", (1, 256, 56, 56)),
        ("resnet50", "res3d", (1, 512, 28, 28)),
        ("resnet50", "res4f", (1, 1024, 14, 14)),
        ("resnet50", "res5c", (1, 2048, 7, 7)),
        ("resnet50_torchvision", "res5c", (1, 2048, 7, 7)),
        # Huang et al., table 1.
        ("densenet121", "pool2", (1, 128, 28, 28)),
        ("densenet121", "pool3", (1, 256, 14, 14)),
        ("densenet121", "pool4", (1, 512, 7, 7)),
        ("densenet121", "concat_5_16", (1, 1024, 7, 7)),
        # Howard et al., table 1.
        ("mobilenet_v1", "conv5_6/sep", (1, 1024, 7, 7)),
        # Gao et al.: VGG-16 at 448x448, 8192 bins.
        ("vgg16_compact_bilinear", "conv5_3", (1, 512, 28, 28)),
        ("vgg16_compact_bilinear", "bilinear", (1, 8192, 1, 1)),
        ("fcn8s", "score", (1, 21, 500, 500)),
    ],
)
def test_has_the_published_shapes(name: str, blob: str, shape: Shape) -> None:
    net = inferred(CASES[name].path("deploy"), Phase.TEST, {})

    assert net.shapes.values[net.graph.values[blob]] == shape


@every_size
def test_learns_scores_and_deploys(case: Case) -> None:
    learning = Net(case.text("train_val", case.small), phase="TRAIN", seed=1701)
    scoring = Net(case.text("train_val", case.small), phase="TEST")
    deployed = Net(case.text("deploy", case.deployed(case.small)), phase="TEST", seed=1701)
    batch = case.batch(case.small)

    learning.loss(learning(batch)).backward()
    # Running statistics are of use from here on: TEST divides by the deviation.
    scoring.share_weights(learning)
    deployed.share_weights(learning)
    with torch.no_grad():
        scored = scoring(batch, blobs=[case.last, *case.deployed(case.small)])
        inputs = {blob: scored[blob] for blob in case.deployed(case.small)}
        top = deployed(inputs, blobs=[case.last])[case.last]

    assert without_gradient(learning) == set()
    assert scored[case.last].isfinite().all()
    assert top.shape[1 if case.name != "lstm" else 2] == case.classes
    torch.testing.assert_close(top, scored[case.last])


@pytest.mark.slow
@every_net
def test_runs_at_the_published_size(case: Case) -> None:
    net = Net(case.path("deploy"), phase="TEST", seed=1701)
    with torch.no_grad():
        outputs = net(case.batch(dict(net.inputs)))
    (top,) = outputs.values()

    assert top.shape[1 if case.name != "lstm" else 2] == case.classes


def parameters(case: Case, file: str, inputs: Mapping[str, Shape]) -> int:
    """Count what a solver may change; running statistics are not."""
    net = inferred(case.path(file), Phase.TEST, inputs)
    return sum(count(o.weight.shape) for o in net.ownership.owned if o.weight.learnable)


def multiplied(name: str, image: int, layers: str = "") -> int:
    """Count the multiplications of convolutions and inner products, as publications do."""
    net = inferred(CASES[name].path("deploy"), Phase.TEST, {"data": (1, 3, image, image)})
    return sum(
        node.layer.multiplications(*net.shapes.bottoms(node))
        for node in net.graph.nodes
        if node.type in {"Convolution", "InnerProduct"} and node.name.startswith(layers)
    )


def without_gradient(net: Net) -> set[tuple[str, int]]:
    """Name the blobs that learn, but got no gradient, or one that is no number."""

    def learns(tensor: Tensor) -> bool:
        return tensor.grad is not None and bool(tensor.grad.isfinite().all())

    return {
        (blob.layer, blob.index)
        for blob in net.learnables
        if blob.tensor.requires_grad and not learns(blob.tensor)
    }
