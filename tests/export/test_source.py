"""A net as a Python file: what it holds, how it reads, and that it computes the same."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import protonet
from protonet import DiagnosticError, Net
from protonet.export.source import build, compose, write
from protonet.layers import LAYERS
from protonet.layers.base import Layer
from protonet.shape import Shape
from tests.export.nets import draw_weights, relative, small_batch, zoo_net
from tests.zoo.cases import CASES, Case

every_size = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.slow if case.is_large else (), id=name)
        for name, case in CASES.items()
    ],
)
ALONE = """
import importlib.abc, json, runpy, sys
class Nothing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "protonet":
            raise ImportError(name)
sys.meta_path.insert(0, Nothing())
import numpy, torch
for file, inputs, expected in json.loads(sys.argv[1]):
    net = runpy.run_path(file)["load"]().double()
    given, wanted = numpy.load(inputs), numpy.load(expected)
    with torch.no_grad():
        top = net(*(torch.from_numpy(given[name]).double() for name in given.files))
    apart = abs(top.numpy() - wanted["top"]).max() / abs(wanted["top"]).max()
    assert apart < 1e-6, (file, apart)
"""


def text_of(text: str) -> str:
    return compose(Net(text, phase="TEST"), "net.safetensors").text


def body(text: str) -> list[str]:
    """Return the statements of the class."""
    lines = text_of(text).split("(nn.Module):\n", 1)[1].split("\n\n\n", 1)[0].splitlines()
    return [line.strip() for line in lines if line.startswith("        ")][1:]


DATA = """
layer {
  name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 dim: 6 dim: 6 } }
}
"""


@torch.no_grad()
@every_size
def test_a_zoo_net_is_the_same_function(case: Case) -> None:
    net, x = zoo_net(case), small_batch(case)
    source = compose(net, f"{case.name}.safetensors", every=True)
    module = build(source)
    assert set(net.outputs) <= set(source.outputs)
    assert "protonet" not in source.text.replace("written by protonet", "")

    # In 64 bits what is left is ours. In 32 two ways to add up differ by some 1e-6 of the largest,
    # which Softmax multiplies by the size of what it takes: so there, what it takes is compared.
    checks = [(torch.float32, 1e-5, [case.last]), (torch.float64, 1e-6, source.outputs)]
    for dtype, most, compared in checks[:1] if case.is_large else checks:
        given = {blob: value.to(dtype) for blob, value in x.items()}
        tops = dict(
            zip(source.outputs, module.to(dtype)(*(given[b] for b in source.inputs)), strict=True)
        )
        expected = net.to(dtype)(given, blobs=source.outputs)
        for blob in compared:
            assert relative(tops[blob], expected[blob]) < most, blob


def test_a_file_runs_where_protonet_is_not(tmp_path: Path) -> None:
    cases: list[tuple[str, ...]] = []
    for name in ("lenet", "squeezenet", "siamese", "lstm"):
        net, x = zoo_net(CASES[name]), small_batch(CASES[name])
        path = tmp_path / f"{name}.py"
        assert write(net, path) == [str(path), str(path.with_suffix(".safetensors"))]
        with torch.no_grad():
            (top,) = net.double()({blob: value.double() for blob, value in x.items()}).values()
        files = tmp_path / f"{name}_given.npz", tmp_path / f"{name}_top.npz"
        np.savez(files[0], allow_pickle=False, **{blob: x[blob].numpy() for blob in net.inputs})
        np.savez(files[1], top=top.numpy(), allow_pickle=False)
        cases.append((str(path), *map(str, files)))

    done = subprocess.run(
        [sys.executable, "-c", ALONE, json.dumps(cases)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stderr, done.returncode) == ("", 0)


def test_zoo_files_are_as_ruff_writes_them(tmp_path: Path) -> None:
    for name, case in CASES.items():
        if case.is_large:
            continue
        net = Net(case.text("deploy", case.deployed(case.small)), phase="TEST")
        text = compose(net, f"{name}.safetensors").text
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")

    for command in (("format", "--diff"), ("check",)):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", command[0], "--isolated", *command[1:], str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout.replace("All checks passed!\n", ""), done.returncode) == ("", 0)


def test_lenet_reads_as_a_person_writes_it() -> None:
    net = Net("zoo/lenet/deploy.prototxt")

    assert compose(net, "lenet.safetensors").text == (
        Path(__file__).with_name("lenet.py.txt").read_text(encoding="utf-8")
    )


def test_a_train_val_net_returns_what_its_losses_are_computed_from() -> None:
    net = Net("zoo/lenet_digits/train_val.prototxt", phase="TEST")
    source = compose(net, "")

    assert (source.inputs, source.outputs) == (("data",), ("ip2",))
    assert "loss" not in "".join(line for line in source.text.splitlines() if "=" in line)


def test_what_only_labels_are_read_for_is_left_out() -> None:
    net = Net("zoo/siamese/train_val.prototxt", phase="TEST")
    source = compose(net, "")

    assert (source.inputs, source.outputs) == (("pair_data",), ("feat", "feat_p"))
    assert source.text.count("nn.Conv2d(") == 2  # two towers, one set of weights
    assert "self.conv1(data_p)" in source.text


@torch.no_grad()
@pytest.mark.parametrize("rows", [4, 9])
def test_a_blob_may_be_taken_the_other_way_around(rows: int) -> None:
    layers = f"""
    layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ dim: 2 dim: 4 }} }} }}
    layer {{ name: "a" type: "InnerProduct" bottom: "x" top: "a" param {{ name: "w" }}
      inner_product_param {{ num_output: {rows} bias_term: false }} }}
    layer {{ name: "b" type: "InnerProduct" bottom: "x" top: "b"
      param {{ name: "w" share_mode: PERMISSIVE }}
      inner_product_param {{ num_output: {rows} bias_term: false transpose: true }} }}
    """
    net, x = Net(layers, phase="TEST"), torch.randn(2, 4)
    draw_weights(net)
    source = compose(net, "")

    for blob, top in zip(source.outputs, build(source)(x), strict=True):
        assert relative(top, net({"x": x})[blob]) < 1e-5


def test_a_net_of_inputs_alone_returns_them() -> None:
    assert body(DATA) == ["return data"]


def test_a_net_whose_blobs_are_all_silenced_returns_nothing() -> None:
    silence = 'layer { name: "s" type: "Silence" bottom: "data" }\n'

    assert body(DATA + silence) == ["return ()"]


def test_in_place_layers_are_taken_into_the_line_before() -> None:
    layers = """
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
      num_output: 4 kernel_size: 1 } }
    layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
    layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true
      } }
    layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
    layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "conv" top: "sum" }
    layer { name: "relu2" type: "ReLU" bottom: "sum" top: "sum" }
    layer { name: "power" type: "Power" bottom: "sum" top: "sum" power_param { scale: 2 } }
    layer { name: "slice" type: "Slice" bottom: "sum" top: "sum" }
    layer { name: "swish" type: "Swish" bottom: "sum" top: "sum" swish_param { beta: 2 } }
    """

    assert body(DATA + layers) == [
        "self.conv = nn.Conv2d(4, 4, kernel_size=1)",
        "self.bn = nn.BatchNorm2d(4, momentum=0.001)",
        "conv = F.relu(self.bn(self.conv(data)))",
        "sum = 2.0 * F.relu(data + conv)",
        "sum = sum * torch.sigmoid(2.0 * sum)",
        "return sum",
    ]


def test_a_sum_is_not_taken_into_a_product() -> None:
    layers = """
    layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "data" top: "sum" }
    layer { name: "power" type: "Power" bottom: "sum" top: "sum" power_param { scale: 2 } }
    """

    assert body(DATA + layers) == ["sum = data + data", "sum = 2.0 * sum", "return sum"]


def test_a_scale_without_a_bias_is_taken_into_the_batch_norm() -> None:
    layers = """
    layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }
    layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" }
    """
    net = Net(DATA + layers, phase="TEST")
    draw_weights(net)
    source = compose(net, "")
    x = torch.randn(2, 4, 6, 6)

    assert list(source.state)[:2] == ["bn.weight", "bn.bias"]
    with torch.no_grad():
        assert relative(build(source)(x), net({"data": x})["scale"]) < 1e-6


def test_three_names_that_are_one_in_python_are_numbered() -> None:
    layers = "".join(
        f'layer {{ name: "{name}" type: "ReLU" bottom: "data" top: "{name}" }}\n'
        for name in ("a/b", "a_b", "a-b")
    )

    assert body(DATA + layers)[:3] == [
        "a_b = F.relu(data)",
        "a_b_2 = F.relu(data)",
        "a_b_3 = F.relu(data)",
    ]


def test_a_layer_of_the_users_own_has_no_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LAYERS, "_types", dict(LAYERS))

    @protonet.layer
    class Twice(Layer):  # pyright: ignore[reportUnusedClass] # the net finds it by its name
        """``2 x``."""

        def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
            return bottoms

        def build(self, *bottoms: Shape) -> torch.nn.Module:
            return torch.nn.Identity()

    net = Net(DATA + 'layer { name: "twice" type: "Twice" bottom: "data" top: "t" }\n')

    with pytest.raises(DiagnosticError, match="layer `twice`: `Twice` has no form in plain torch"):
        compose(net, "")


def test_names_are_pythons_and_no_other_has_them() -> None:
    layers = """
    layer { name: "fire2/1x1" type: "ReLU" bottom: "data" top: "fire2/1x1" }
    layer { name: "fire2_1x1" type: "InnerProduct" bottom: "fire2/1x1" top: "fire2_1x1"
      inner_product_param { num_output: 1 } }
    layer { name: "1x1" type: "InnerProduct" bottom: "data" top: "1x1" inner_product_param {
      num_output: 1 } }
    layer { name: "type" type: "InnerProduct" bottom: "data" top: "class" inner_product_param {
      num_output: 1 } }
    layer { name: "forward" type: "InnerProduct" bottom: "data" top: "torch" inner_product_param
      { num_output: 1 } }
    """

    assert body(DATA + layers) == [
        "self.fire2_1x1 = nn.Linear(144, 1)",
        "self.layer_1x1 = nn.Linear(144, 1)",
        "self.type_2 = nn.Linear(144, 1)",
        "self.forward_2 = nn.Linear(144, 1)",
        "fire2_1x1 = F.relu(data)",
        "fire2_1x1_2 = self.fire2_1x1(fire2_1x1.flatten(1))",
        "blob_1x1 = self.layer_1x1(data.flatten(1))",
        "class_ = self.type_2(data.flatten(1))",
        "torch_2 = self.forward_2(data.flatten(1))",
        "return blob_1x1, class_, fire2_1x1_2, torch_2",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VGG_ILSVRC_16_layers", "VGGILSVRC16Layers"),
        ("", "Net"),
        ("3d", "Net3d"),
        ("tensor", "NetTensor"),
        ("none", "NetNone"),
        (r"a \"quoted\" name", "AQuotedName"),
    ],
)
def test_the_class_is_named_after_the_net(name: str, expected: str) -> None:
    text = text_of(f'name: "{name}"\n{DATA}')

    assert f"class {expected}(nn.Module):" in text
    compile(text, "net.py", "exec")


def test_weights_that_layers_share_are_tied() -> None:
    def layer(name: str, bias: str) -> str:
        return (
            f'layer {{ name: "{name}" type: "InnerProduct" bottom: "data" top: "{name}" '
            f'param {{ name: "w" }} param {{ name: "{bias}" }} inner_product_param {{ '
            f"num_output: 2 }} }}\n"
        )

    net = Net(DATA + layer("a", "x") + layer("b", "y") + layer("c", "x"))
    draw_weights(net)
    source = compose(net, "")

    assert "self.b.weight = self.a.weight" in source.text
    assert "c = self.a(data.flatten(1))" in source.text
    assert sorted(source.state) == ["a.bias", "a.weight", "b.bias", "b.weight"]
    module = build(source)
    assert module.get_parameter("b.weight") is module.get_parameter("a.weight")


@torch.no_grad()
def test_layers_that_share_weights_and_differ_otherwise_are_two() -> None:
    layers = "".join(
        f"""
        layer {{
          name: "conv{stride}" type: "Convolution" bottom: "data" top: "conv{stride}"
          param {{ name: "w" }}
          convolution_param {{ num_output: 2 kernel_size: 3 stride: {stride} bias_term: false }}
        }}
        """
        for stride in (1, 2)
    )
    net = Net(DATA + layers)
    draw_weights(net)
    source, x = compose(net, ""), torch.randn(2, 4, 6, 6)

    tops = build(source)(x)

    assert "self.conv2.weight = self.conv1.weight" in source.text
    for blob, top in zip(("conv1", "conv2"), tops, strict=True):
        assert relative(top, net({"data": x})[blob]) < 1e-6


def test_long_lines_are_broken_as_ruff_breaks_them(tmp_path: Path) -> None:
    long = "a_name_that_is_longer_than_most_names_of_layers"
    layers = f"""
    layer {{ name: "{long}" type: "Convolution" bottom: "data" top: "{long}" convolution_param
      {{ num_output: 2 kernel_size: 3 stride: 2 pad: 1 }} }}
    layer {{ name: "slice" type: "Slice" bottom: "{long}" top: "{long}_0" top: "{long}_1" }}
    layer {{ name: "cat" type: "Concat" bottom: "{long}_0" bottom: "{long}_1" top: "cat" }}
    layer {{ name: "sum" type: "Eltwise" bottom: "{long}_0" bottom: "{long}_1" top: "sum_{long}"
      }}
    layer {{ name: "add" type: "Eltwise" bottom: "{long}_0" bottom: "{long[:12]}" top: "add" }}
    layer {{ name: "{long}_in" type: "Input" top: "{long}_in" top: "{long}_in_2" input_param {{
      shape {{ dim: 2 }} }} }}
    layer {{ name: "{long}_cat" type: "Concat" bottom: "{long}_in" bottom: "{long}_in_2" top:
      "in" concat_param {{ axis: 0 }} }}
    """.replace(
        f'bottom: "{long[:12]}"', f'bottom: "{long}_1" eltwise_param {{ coeff: 2 coeff: -3 }}'
    )
    path = tmp_path / "net.py"
    path.write_text(text_of(DATA + layers), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("", 0)


def test_every_layer_without_a_form_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    layers = """
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param {
      num_output: 4 kernel_size: 1 axis: 0 } }
    layer { name: "files" type: "DetectionOutput" bottom: "loc" bottom: "conf" bottom: "prior"
      top: "found"
      detection_output_param { num_classes: 2 save_output_param { output_directory: "out"
        output_name_prefix: "x" label_map_file: "l" name_size_file: "n" output_format: "VOC" } }
        }
    layer { name: "spp" type: "SPP" bottom: "data" top: "spp" spp_param { pyramid_height: 1
      pool: STOCHASTIC } }
    layer { name: "cols" type: "Im2col" bottom: "data" top: "cols" convolution_param {
      kernel_size: 2 axis: 2 } }
    layer { name: "bn" type: "BatchNorm" bottom: "six" top: "bn" }
    """
    inputs = """
    layer { name: "in" type: "Input" top: "loc" top: "conf" top: "prior" top: "six" input_param {
      shape { dim: 1 dim: 8 } shape { dim: 1 dim: 4 } shape { dim: 1 dim: 2 dim: 8 }
      shape { dim: 1 dim: 2 dim: 1 dim: 1 dim: 1 dim: 1 } } }
    """
    layers = layers.replace("kernel_size: 1 axis: 0", "kernel_size: 1 axis: -1")

    with pytest.raises(DiagnosticError) as caught:
        write(Net(DATA + inputs + layers), tmp_path / "net.py")

    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("PN820", "layer `conv`: torch has no convolution over 0 axes"),
        ("PN820", "layer `files`: `save_output_param` writes files"),
        ("PN820", "layer `spp`: a pyramid of STOCHASTIC pooling is not written in plain torch"),
        ("PN820", "layer `cols`: torch unfolds `(N, C, H, W)` only"),
        ("PN820", "layer `bn`: torch normalizes no batch of 6 axes"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_docstring_says_what_differs_in_training() -> None:
    fixed = DATA + (
        'layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" batch_norm_param '
        "{ use_global_stats: true } }\n"
    )

    assert "Its BatchNorm layers use fixed statistics in training, too" in text_of(fixed)
    assert "torch averages batch statistics" in text_of(fixed.replace("use_global_stats: true", ""))


def test_names_may_be_no_utf8(tmp_path: Path) -> None:
    layers = r"""
    name: "caf\351"
    layer { name: "x\351" type: "Input" top: "x\351" input_param { shape { dim: 2 dim: 4 } } }
    layer { name: "a\351" type: "InnerProduct" bottom: "x\351" top: "a\351"
      inner_product_param { num_output: 3 } }
    """

    write(Net(layers, phase="TEST"), tmp_path / "net.py")

    assert (tmp_path / "net.py").read_text(encoding="utf-8").startswith('"""caf\ufffd, written by')
