"""The fine-tuning recipe ft_last_layer: frozen VGG-16, compact bilinear pooling, one classifier.

    python benchmarks/finetune.py [--size N]

zoo/vgg16_compact_bilinear at 448x448 with everything but the classifier frozen, batches of 2,
`iter_size: 4`. Data are random images in memory, weights are random: neither changes the time.

"cached": iterations after each image has passed the frozen prefix, against iterations without a
cache, in one process. "plain": a step of batch 2 against the usual port in torch, which runs the
prefix under no_grad and has a Fourier transform at each place; each in processes of its own, rounds
interleaved. "first_pass": what it costs to keep features, against not keeping them, interleaved in
one process. "cache_bytes": the size of the cache over what paper says, D + 1 numbers an image.
The recipe (60,000 iterations of 4 x 8, 10,597 images; a test of 300 x 4 every 600 iterations, 1,192
images) is then extrapolated, live and cached.
"""

import json
import sys
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from compact_bilinear import Port
from harness import Round, Work, figure, interleaved, measured, own_process, ratio, seconds
from nets import ZOO
from torch import Tensor, nn

from protonet import Solver
from protonet.cli._allocator import keep_freed_memory
from protonet.train.events import Caching

BATCH, ITER_SIZE, IMAGES, CLASSES, D = 2, 4, 16, 200, 8192
CACHED, PLAIN, MEMORY, FIRST, BYTES = 100.0, 0.6, 1.0, 1.05, 1.001
SOLVER = """
base_lr: 0.1
lr_policy: "fixed"
momentum: 0.9
max_iter: 1000000
snapshot_after_train: false
random_seed: 1701
"""
RECIPE = {"iterations": 60_000, "batch": 32, "train": 10_597, "tests": 101, "tested": 1_200}


def net(size: int) -> str:
    """Return the net of the zoo, frozen but for its classifier, with data in memory."""
    text = (ZOO / "vgg16_compact_bilinear" / "train_val.prototxt").read_text()
    frozen = "param { lr_mult: 0 decay_mult: 0 }"
    first, *layers = text.split("\nlayer {")
    kept = [layer for layer in layers if '"ImageData"' not in layer and '"Accuracy"' not in layer]
    for at, layer in enumerate(kept):
        if '"Convolution"' in layer:
            layer = layer.replace("param { lr_mult: 1 decay_mult: 1 }", frozen)  # noqa: PLW2901
            kept[at] = layer.replace("param { lr_mult: 2 decay_mult: 0 }", frozen)
    memory = (
        ' name: "data" type: "MemoryData" top: "data" top: "label" memory_data_param '
        f"{{ batch_size: {BATCH} channels: 3 height: {size} width: {size} }} }}"
    )
    return "\nlayer {".join([first, memory, *kept])


def images(size: int, number: int = IMAGES) -> tuple[Tensor, Tensor]:
    """Return random images and labels."""
    draw = torch.Generator().manual_seed(1701)
    data = torch.randn((number, 3, size, size), generator=draw)
    return data, torch.randint(CLASSES, (number,), generator=draw)


def solver(size: int, cache: str, *, iter_size: int = 1, number: int = IMAGES) -> Solver:
    """Return the solver of the recipe."""
    fields = f"cache_frozen: {cache} iter_size: {iter_size}"
    made = Solver(f"net_param {{ {net(size)} }}\n{SOLVER} {fields}", device="cpu")
    data, labels = images(size, number)
    made.net.feed.set_input_arrays("data", data.numpy(), labels.numpy().astype(np.float32))
    return made


class PlainNet(nn.Module):
    """The net as a person writes it in torch."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs, number in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            layers += [nn.MaxPool2d(2, 2)] if layers else []
            for _ in range(number):
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
                inputs = outputs
        self.features = nn.Sequential(*layers)
        self.bilinear = Port(512, D)
        self.classifier = nn.Linear(D, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        with torch.no_grad():
            x = self.features(x)
            x = self.bilinear(x, x).flatten(1)
            x = nn.functional.normalize(x.sign() * x.abs().sqrt())
        return self.classifier(x)


def plain(size: int) -> Work:
    """Return a step of a plain loop."""
    torch.manual_seed(1701)
    module, criterion = PlainNet(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(module.classifier.parameters(), lr=0.1, momentum=0.9)
    data, labels = images(size, BATCH)

    def step() -> None:
        optimizer.zero_grad()
        criterion(module(data), labels).backward()
        optimizer.step()

    return step


def ours(size: int) -> Work:
    """Return a step of protonet without a cache."""
    made = solver(size, "OFF", number=BATCH)
    return lambda: made.step(1)


VARIANTS: dict[str, Callable[[int], Work]] = {"ours": ours, "plain": plain}


def measure(variant: str, size: int) -> Round:
    """Measure one variant in this process: memory of the first step, seconds of later ones."""
    if variant == "ours":
        keep_freed_memory()
    work = VARIANTS[variant](size)
    memory = measured(work)["bytes"]
    return {"seconds": median(seconds(work) for _ in range(3)), "bytes": memory}


def compare_with_plain(size: int, rounds: int = 2) -> None:
    """Print the figures of uncached steps."""
    found = [{v: own_process(__file__, v, str(size)) for v in VARIANTS} for _ in range(rounds)]
    times = [{v: one["seconds"] for v, one in each.items()} for each in found]
    figure("finetune_uncached_vs_plain", ratio(times, "ours", "plain"), PLAIN)
    memory = {v: min(each[v]["bytes"] for each in found) for v in VARIANTS}
    figure("finetune_memory_vs_plain", memory["ours"] / memory["plain"], MEMORY)


def compare_cached(size: int) -> tuple[float, float]:
    """Print the figures of cached iterations; return seconds of an iteration, live and cached."""
    keep_freed_memory()
    live = solver(size, "OFF", iter_size=ITER_SIZE)
    cached = solver(size, "RAM", iter_size=ITER_SIZE)
    told: list[Caching] = []
    cached.listeners.append(
        lambda event: told.append(event) if isinstance(event, Caching) else None
    )
    cached.step(IMAGES // (BATCH * ITER_SIZE))
    figure("finetune_cache_bytes", told[0].bytes / (4 * IMAGES * (D + 1)), BYTES)
    work = {"live": lambda: live.step(1), "cached": lambda: cached.step(20)}
    rounds = [
        {"live": each["live"], "cached": each["cached"] / 20} for each in interleaved(work, 3)
    ]
    figure("finetune_cached_speed", ratio(rounds, "live", "cached"), CACHED, at_least=True)
    return tuple(median(each[way] for each in rounds) for way in ("live", "cached"))  # pyright: ignore[reportReturnType] # two of them


def first_pass(size: int, rounds: int = 4) -> None:
    """Print what it costs to keep features: each step of the first pass next to one without."""
    live, first = solver(size, "OFF"), solver(size, "RAM")
    work = {"live": lambda: live.step(1), "first": lambda: first.step(1)}
    found = interleaved(work, min(rounds, IMAGES // BATCH - 1))
    figure("finetune_first_pass", ratio(found, "first", "live"), FIRST)


def recipe(live: float, cached: float) -> None:
    """Print the hours of the whole recipe, from the seconds of an iteration of 4 x 2 images."""
    image = (live - cached) / (BATCH * ITER_SIZE)
    head = cached * RECIPE["batch"] / (BATCH * ITER_SIZE)
    trained = RECIPE["iterations"] * (RECIPE["batch"] * image + head)
    tested = RECIPE["tests"] * RECIPE["tested"] * image
    once = (RECIPE["train"] + 1_192) * image + RECIPE["iterations"] * head
    print(f"finetune_recipe_live_hours  {(trained + tested) / 3600:.1f}")
    print(f"finetune_recipe_tests_alone_live_hours  {tested / 3600:.1f}")
    print(f"finetune_recipe_cached_hours  {once / 3600:.2f}")
    print(f"finetune_recipe_cached_speed  {(trained + tested) / once:.0f}", flush=True)


def main(arguments: list[str]) -> None:
    """Print the figures, or measure the variant that the arguments name."""
    if arguments[:1] and arguments[0] in VARIANTS:
        print(json.dumps(measure(arguments[0], int(arguments[1]))))
        return
    size = int(arguments[1]) if arguments[:1] == ["--size"] else 448
    compare_with_plain(size)
    first_pass(size)
    recipe(*compare_cached(size))


if __name__ == "__main__":
    main(sys.argv[1:])
