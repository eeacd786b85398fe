"""Writes the train_val prototxt of a bottleneck ResNet, a long net to time the parser with.

He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, table 1: a stem, four
stages of bottleneck units that halve the image, a pooled classifier. Every convolution is followed
by BatchNorm and Scale, as Caffe wants it.

    python benchmarks/resnet_prototxt.py 152 > resnet152.prototxt
"""

import sys
from collections.abc import Iterator

UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Bottleneck units in each of the four stages, by the number of weight layers."""

WIDTHS = (64, 128, 256, 512)
"""Channels inside a unit; it leaves four times as many."""

Lines = Iterator[str]


def resnet(depth: int) -> str:
    """Return the net of 50, 101 or 152 weight layers; 152 is about 6,800 lines long."""
    return "\n".join(_net(depth)) + "\n"


def _net(depth: int) -> Lines:
    yield f'name: "ResNet-{depth}"'
    yield from _data("TRAIN", 16, "true")
    yield from _data("TEST", 8, "false")
    yield from _convolution("data", "conv1", kernel=7, stride=2, channels=64, relu=True)
    yield from _pooling("conv1", "pool1", "pool: MAX", "kernel_size: 3", "stride: 2")
    below = "pool1"
    for stage, (units, width) in enumerate(zip(UNITS[depth], WIDTHS, strict=True), start=2):
        for unit in range(units):
            name = f"res{stage}_{unit}"
            yield from _unit(
                below, name, width, stride=2 if stage > 2 and not unit else 1, first=not unit
            )
            below = name
    yield from _pooling(below, "pool5", "pool: AVE", "global_pooling: true")
    yield from _classifier("pool5", "fc1000")


def _unit(below: str, name: str, width: int, *, stride: int, first: bool) -> Lines:
    """Yield 1x1, 3x3 and 1x1 convolutions, and the shortcut around them."""
    shortcut = below
    if first:
        shortcut = f"{name}_shortcut"
        yield from _convolution(below, shortcut, kernel=1, stride=stride, channels=4 * width)
    a, b, c = (f"{name}_{part}" for part in "abc")
    yield from _convolution(below, a, kernel=1, stride=stride, channels=width, relu=True)
    yield from _convolution(a, b, kernel=3, stride=1, channels=width, relu=True)
    yield from _convolution(b, c, kernel=1, stride=1, channels=4 * width)
    yield from _layer(
        "Eltwise", name, [shortcut, c], name, _block("eltwise_param", "operation: SUM")
    )
    yield from _relu(name)


def _convolution(
    bottom: str, name: str, *, kernel: int, stride: int, channels: int, relu: bool = False
) -> Lines:
    fields = [
        f"num_output: {channels}",
        f"kernel_size: {kernel}",
        f"pad: {kernel // 2}",
        f"stride: {stride}",
        "bias_term: false",
        *_block("weight_filler", 'type: "msra"'),
    ]
    yield from _layer("Convolution", name, [bottom], name, _block("convolution_param", *fields))
    statistics = _block("batch_norm_param", "moving_average_fraction: 0.9")
    yield from _layer("BatchNorm", f"{name}_bn", [name], name, statistics)
    yield from _layer(
        "Scale", f"{name}_scale", [name], name, _block("scale_param", "bias_term: true")
    )
    if relu:
        yield from _relu(name)


def _relu(blob: str) -> Lines:
    yield from _layer("ReLU", f"{blob}_relu", [blob], blob, [])


def _pooling(bottom: str, name: str, *fields: str) -> Lines:
    yield from _layer("Pooling", name, [bottom], name, _block("pooling_param", *fields))


def _data(phase: str, batch_size: int, mirror: str) -> Lines:
    means = [f"mean_value: {mean}" for mean in (104, 117, 123)]
    fields = [
        'top: "label"',
        *_block("include", f"phase: {phase}"),
        *_block("transform_param", f"mirror: {mirror}", "crop_size: 224", *means),
        *_block(
            "data_param",
            f'source: "ilsvrc12_{phase.lower()}_lmdb"',
            f"batch_size: {batch_size}",
            "backend: LMDB",
        ),
    ]
    yield from _layer("Data", "data", [], "data", fields)


def _classifier(bottom: str, name: str) -> Lines:
    fields = [
        *_block("param", "lr_mult: 1", "decay_mult: 1"),
        *_block("param", "lr_mult: 2", "decay_mult: 0"),
        *_block(
            "inner_product_param", "num_output: 1000", *_block("weight_filler", 'type: "msra"')
        ),
    ]
    yield from _layer("InnerProduct", name, [bottom], name, fields)
    yield from _layer("SoftmaxWithLoss", "loss", [name, "label"], "loss", [])
    for top_k in (1, 5):
        fields = [*_block("include", "phase: TEST"), *_block("accuracy_param", f"top_k: {top_k}")]
        yield from _layer("Accuracy", f"top{top_k}", [name, "label"], f"top{top_k}", fields)


def _layer(kind: str, name: str, bottoms: list[str], top: str, fields: list[str]) -> Lines:
    bottom = [f'bottom: "{blob}"' for blob in bottoms]
    yield from _block(
        "layer", f'name: "{name}"', f'type: "{kind}"', *bottom, f'top: "{top}"', *fields
    )


def _block(name: str, *fields: str) -> list[str]:
    return [f"{name} {{", *(f"  {line}" for line in fields), "}"]


if __name__ == "__main__":
    sys.stdout.write(resnet(int(sys.argv[1])))
