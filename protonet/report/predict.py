"""What a classifier says of images."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.data.tools.photo import Preparing, unreadable
from protonet.diagnostics import did_you_mean
from protonet.net import Net
from protonet.shape import Shape, count

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IMAGE_AXES = 4


class Guess(NamedTuple):
    """A class and its score; its name, if it has one."""

    number: int
    score: float
    label: str = ""


class Prediction(NamedTuple):
    """An image and its best classes, the best first."""

    image: str
    top: Sequence[Guess]


class Classifier(NamedTuple):
    """A net that gives a score for each class.

    Attributes:
        net: The net.
        input: The blob of images.
        output: The blob of scores.
    """

    net: Net
    input: str
    output: str

    @property
    def shape(self) -> Shape:
        """What the net takes: images, channels, height and width."""
        return self.net.inputs[self.input]

    @property
    def classes(self) -> int:
        """How many there are."""
        return count(_shape(self.net, self.output)[1:])


def classifier(net: Net, output: str = "") -> Classifier:
    """Find the images and the scores of a net.

    Args:
        net: The net.
        output: The blob of scores, if the net has several outputs.

    Raises:
        DiagnosticError: PN550, it has no such blob; PN552, it does not take images of one or three
            channels alone, or it is not clear where the scores are.
    """
    inputs = list(net.inputs)
    shape = net.inputs[inputs[0]] if inputs else ()
    if len(inputs) != 1 or len(shape) != _IMAGE_AXES or shape[1] not in (1, 3):
        takes = ", ".join(f"`{name}` {net.inputs[name]}" for name in inputs) or "nothing"
        raise fault(
            Fault.NO_CLASSIFIER,
            f"the net takes {takes}, not one blob of images",
            help="give its deploy.prototxt",
        )
    if output and output not in net.graph.values:
        hint = did_you_mean(output, net.graph.values)
        raise fault(Fault.BLOB, f"the net has no blob `{output}`", help=hint)
    if not output and len(net.outputs) != 1:
        known = ", ".join(f"`{name}`" for name in net.outputs)
        raise fault(
            Fault.NO_CLASSIFIER,
            f"the net has {len(net.outputs)} outputs: {known}",
            help="say which one has the scores: --blob",
        )
    found = Classifier(net, inputs[0], output or net.outputs[0])
    if _shape(net, found.output)[:1] != shape[:1]:
        raise fault(
            Fault.NO_CLASSIFIER,
            f"blob `{found.output}` is {_shape(net, found.output)}, not a row of scores for each of"
            f" {shape[0]} images",
            help="say which blob has the scores: --blob",
        )
    return found


def _shape(net: Net, blob: str) -> Shape:
    return net.shapes.values[net.graph.values[blob]]


def predict(
    found: Classifier,
    preparing: Preparing,
    images: Sequence[str],
    labels: Sequence[str] = (),
    top: int = 5,
) -> Iterator[Prediction]:
    """Yield what a net says of each image; the scores of several crops are averaged.

    Args:
        found: The net.
        preparing: What is done to images.
        images: Their files.
        labels: The names of the classes.
        top: How many classes to name.

    Raises:
        DiagnosticError: PN506, an image cannot be read.
    """
    rows = _scores(found, _crops(preparing, images))
    for image in images:
        scores = np.stack(list(islice(rows, preparing.crops))).mean(0, np.float64).tolist()
        best = sorted(range(len(scores)), key=lambda number: -scores[number])[:top]
        names = [labels[number] if labels else "" for number in best]
        guesses = [Guess(at, scores[at], name) for at, name in zip(best, names, strict=True)]
        yield Prediction(image, guesses)


def _crops(preparing: Preparing, images: Sequence[str]) -> "Iterator[NDArray[np.float32]]":
    for name in images:
        try:
            yield from preparing.prepare(Path(name).read_bytes())
        except ValueError as error:
            raise unreadable(name, error) from error


@torch.no_grad()
def _scores(
    found: Classifier, crops: "Iterator[NDArray[np.float32]]"
) -> "Iterator[NDArray[np.float32]]":
    """Yield a row for each crop; a batch has as many as the net says, the last is filled up."""
    device = next(iter(found.net.parameters()), torch.empty(0)).device
    while group := list(islice(crops, found.shape[0])):
        batch = torch.zeros(found.shape)
        batch[: len(group)] = torch.from_numpy(np.stack(group))
        scores = found.net({found.input: batch.to(device)}, blobs=[found.output])[found.output]
        yield from scores.float().flatten(1)[: len(group)].cpu().numpy()


def prediction_lines(predictions: Iterator[Prediction]) -> Iterator[str]:
    """Yield a table for each image."""
    for image, top in predictions:
        yield image
        width = max(len(str(guess.number)) for guess in top)
        for number, score, label in top:
            yield f"  {score:8.4f}  {number:{width}}  {label}".rstrip()


def prediction_json(predictions: Iterator[Prediction]) -> str:
    """Return all images as JSON."""
    found = [
        {
            "image": image,
            "top": [{"class": one.number, "label": one.label, "score": one.score} for one in top],
        }
        for image, top in predictions
    ]
    return json.dumps(found, indent=2)
