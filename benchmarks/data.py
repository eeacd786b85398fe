"""Data: how fast they are read, and what they cost a training step.

    python benchmarks/data.py [FIGURE ...]

Everything runs in one process, in turn; a figure is the median of the rounds' ratios. The first
three say how many times as fast ours is; ``step_*`` are training steps with the feed by steps with
one batch that is in memory already.

- jpeg_vs_dataloader: images of 500 x 375 in an LMDB, to batches of 32 x 3 x 227 x 227: decoded,
  resized to 256 x 256, cropped, mirrored, less a mean; torch's DataLoader has two workers that do
  the same with OpenCV, ours two threads.
- raw_vs_protobuf: records of 256 x 256 pixels to arrays, by parsing them with protobuf.
- cifar_vs_per_image: batches of 100 x 3 x 32 x 32 less a mean image, by a loop over the images.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import lmdb
import made_data
import numpy as np
import torch
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from harness import Work, figure, interleaved, ratio
from nets import CASES, SOLVER, with_data
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from protonet import Net, Solver
from protonet.cli._allocator import keep_freed_memory
from protonet.data.sources.database import DatumReader
from protonet.data.sources.lmdb import LMDB
from protonet.message.common import Datum
from protonet.message.emit import PACKAGE, file_descriptor
from protonet.weights.binaryproto import write_blob

ROUNDS = 9
MEAN = (104.0, 117.0, 123.0)
MEAN_VALUES = np.array(MEAN, np.float32).reshape(3, 1, 1)
CROP = f"crop_size: 227 mirror: true {' '.join(f'mean_value: {value}' for value in MEAN)}"
READ = 512
"""Records of the databases of large images."""


def data_layer(source: Path, batch: int, transform: str) -> str:
    """Return a Data layer as text, less its head."""
    return (
        ' name: "data" type: "Data" top: "data" top: "label"\n'
        f'data_param {{ source: "{source}" batch_size: {batch} backend: LMDB }}\n'
        f"transform_param {{ {transform} }} }}"
    )


def data_net(source: Path, batch: int, transform: str) -> Net:
    """Return a net of a Data layer alone."""
    return Net(f"layer {{{data_layer(source, batch, transform)}", phase="TRAIN", seed=1701)


def repeated(work: Work, times: int) -> Work:
    """Return a piece of work, done so often."""

    def done() -> None:
        for _ in range(times):
            work()

    return done


def opened(source: Path, copy: Path) -> lmdb.Environment:
    """Open a copy of an LMDB: one is opened once a process, and ours is that one."""
    return lmdb.open(str(copytree(source, copy)), readonly=True, lock=False)


class Photos(Dataset[tuple[Tensor, int]]):
    """What a user of torch writes to read such an LMDB."""

    def __init__(self, source: Path, number: int) -> None:
        self._source, self._number = str(source), number
        self._records: Any = None
        self._datum = datum_class()

    def __len__(self) -> int:
        return self._number

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if self._records is None:  # after the fork
            cv2.setNumThreads(0)
            self._records = lmdb.open(self._source, readonly=True, lock=False).begin(buffers=True)
        datum = self._datum.FromString(bytes(self._records.get(b"%08d_image" % index)))
        image = cv2.imdecode(np.frombuffer(datum.data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        image = cv2.resize(image, (256, 256))
        top, left = np.random.randint(0, 30, 2)  # noqa: NPY002 # as a user would
        image = image[top : top + 227, left : left + 227]
        if np.random.random() < 0.5:  # noqa: NPY002 # as above
            image = image[:, ::-1]
        pixels = image.transpose(2, 0, 1).astype(np.float32) - MEAN_VALUES
        return torch.from_numpy(pixels), datum.label


def datum_class() -> Any:
    """Return protobuf's class of a Datum."""
    pool = DescriptorPool()
    pool.Add(file_descriptor([Datum]))  # pyright: ignore[reportUnknownMemberType] # protobuf has no types
    return GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.Datum"))


def batches(loader: DataLoader[Any]) -> Iterator[Any]:
    """Yield its batches without an end."""
    while True:
        yield from loader


def jpeg(folder: Path) -> None:
    """Print how many times as fast as a DataLoader we are."""
    source = made_data.write(folder / "jpeg", made_data.jpegs(READ))
    feed = data_net(source, 32, f"resize_param {{ height: 256 width: 256 }} {CROP}").feed
    photos = Photos(Path(copytree(source, folder / "copy")), READ)
    loader = DataLoader(photos, 32, shuffle=True, num_workers=2, persistent_workers=True)
    theirs = batches(loader)
    number = READ // 32
    ways = {"ours": repeated(feed.next, number), "theirs": repeated(lambda: next(theirs), number)}
    value = ratio(interleaved(ways, ROUNDS), "theirs", "ours")
    figure("jpeg_vs_dataloader", value, 1.5, at_least=True)
    feed.close()


def raw(folder: Path) -> None:
    """Print how many times as fast as protobuf we read a large record of pixels."""
    shape = (3, 256, 256)
    path = made_data.write(folder / "raw", made_data.raws(READ, *shape))
    reader, parser = DatumReader(LMDB(path)), datum_class()
    environment = opened(path, folder / "raw copy")
    keys = [b"%08d_image" % at for at in range(READ)]

    def ours() -> None:
        for image in reader.read(range(READ)):
            assert image.pixels.shape == shape

    def theirs() -> None:
        with environment.begin() as transaction:
            for key in keys:
                datum = parser.FromString(transaction.get(key))
                pixels = np.frombuffer(datum.data, np.uint8)
                assert pixels.reshape(datum.channels, datum.height, datum.width).shape == shape

    ways = {"ours": ours, "theirs": theirs}
    value = ratio(interleaved(ways, 5 * ROUNDS), "theirs", "ours")
    figure("raw_vs_protobuf", value, 5.0, at_least=True)


def cifar(folder: Path) -> None:
    """Print how many times as fast as a loop over images we make batches of small ones."""
    shape, batch = (3, 32, 32), 100
    path = made_data.write(folder / "cifar", made_data.raws(5000, *shape))
    mean = np.random.default_rng(1701).random((1, *shape), np.float32) * 255
    write_blob(folder / "mean.binaryproto", mean)
    feed = data_net(path, batch, f'mean_file: "{folder / "mean.binaryproto"}"').feed
    parser, keys = datum_class(), cycle(b"%08d_image" % at for at in range(5000))
    transaction = opened(path, folder / "cifar copy").begin()

    def theirs() -> tuple[Tensor, Tensor]:
        images, labels = np.empty((batch, *shape), np.float32), np.empty(batch, np.float32)
        for at in range(batch):
            datum = parser.FromString(transaction.get(next(keys)))
            pixels = np.frombuffer(datum.data, np.uint8).reshape(shape)
            images[at] = pixels.astype(np.float32) - mean[0]
            labels[at] = datum.label
        return torch.from_numpy(images), torch.from_numpy(labels)

    ways = {"ours": repeated(feed.next, 50), "theirs": repeated(theirs, 50)}
    value = ratio(interleaved(ways, ROUNDS), "theirs", "ours")
    figure("cifar_vs_per_image", value, 1.5, at_least=True)


class Still:
    """A feed that gives one batch, again and again."""

    def __init__(self, batch: dict[str, Tensor]) -> None:
        self._batch = batch
        self.tops = tuple(batch)

    def pull(self, blobs: Collection[str]) -> dict[str, Tensor]:
        """Return the batch."""
        return self._batch


@dataclass(frozen=True)
class Step:
    """A training step whose data come from an LMDB.

    Attributes:
        zoo: The net, a case of `nets.py`.
        records: Makes the records.
        transform: The layer's ``transform_param``.
        bar: What it may take, by the same step with a batch that is in memory.
    """

    zoo: str
    records: Callable[[], Iterable[bytes]]
    transform: str
    bar: float


STEPS = {
    "step_lenet": Step("lenet", lambda: made_data.raws(6000, 1, 28, 28), "scale: 0.0039", 1.08),
    "step_cifar10_quick": Step(
        "cifar10_quick", lambda: made_data.raws(6000, 3, 32, 32), "mean_value: 128", 1.08
    ),
    "step_caffenet": Step("caffenet", lambda: made_data.raws(READ, 3, 256, 256), CROP, 1.08),
    "step_caffenet_jpeg": Step(
        "caffenet",
        lambda: made_data.jpegs(READ),
        f"resize_param {{ height: 256 width: 256 }} {CROP}",
        1.12,
    ),
}


def step(name: str, folder: Path) -> None:
    """Print what a training step takes, by the same step without its data."""
    given = STEPS[name]
    case = CASES[given.zoo]
    path = made_data.write(folder / name, given.records())
    layer = data_layer(path, case.shape[0], given.transform)
    solver = Solver(f"net_param {{ {with_data(case, layer)} }}\n{SOLVER}", device="cpu")
    net, feed = solver.net, solver.net.feed
    still = Still(feed.next())

    def steps(source: Any) -> Work:
        def work() -> None:
            net.feed = source
            solver.step(case.steps)

        return work

    rounds = interleaved({"fed": steps(feed), "unfed": steps(still)}, case.rounds)
    feed.close()
    figure(f"{name}_data", ratio(rounds, "fed", "unfed"), given.bar)


def main(names: list[str]) -> None:
    """Print the figures."""
    torch.manual_seed(1701)
    np.random.seed(1701)  # noqa: NPY002 # of the workers of torch
    keep_freed_memory()
    parts: dict[str, Callable[[Path], None]] = {"jpeg": jpeg, "raw": raw, "cifar": cifar}
    parts |= {name: partial(step, name) for name in STEPS}
    for name in names or parts:
        with TemporaryDirectory() as folder:
            parts[name](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
