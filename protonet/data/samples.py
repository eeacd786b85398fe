"""Data sets that a program gives, as the arrays that their samples are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from protonet.data._lazy import np
from protonet.data.faults import Fault, fault
from protonet.diagnostics import DiagnosticError
from protonet.graph.ir import Node
from protonet.message.common import TransformationParameter
from protonet.shape import Shape, count

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Sized(Protocol):
    """A data set: as many samples as ``len`` says, by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a data set: an array for each top.

    Attributes:
        data: The data set.
        name: What it was given for: a phase or a layer.
        tops: What a sample holds, in this order; or by these names.
    """

    data: Sized
    name: str
    tops: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.data)

    def arrays(self, index: int) -> tuple["NDArray[Any]", ...]:
        """Return a sample; bytes stay bytes, other numbers become float32.

        Raises:
            DiagnosticError: PN532, it is not what the tops need; PN533, it cannot be read.
        """
        try:
            sample = self.data[index]
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise fault(
                Fault.UNREADABLE_SAMPLE,
                f"sample {index} of the data for `{self.name}` cannot be read: {said}",
            ) from error
        values = self._values(sample, index)
        return tuple(map(self._array, values, self.tops, [index] * len(values)))

    def fitted(self, array: "NDArray[Any]", top: int, shape: Shape, index: int) -> "NDArray[Any]":
        """Return an array of a top in the shape that it must have; one number is of any shape.

        Raises:
            DiagnosticError: PN532, it is of another shape.
        """
        if array.shape != shape and not array.size == count(shape) == 1:
            wanted = f"top `{self.tops[top]}` takes {shape}, and it is {array.shape}"
            raise self.bad(index, wanted)
        return array.reshape(shape)

    def image(self, array: "NDArray[Any]", index: int) -> "NDArray[Any]":
        """Return what is to be transformed.

        Raises:
            DiagnosticError: PN532, it is no image.
        """
        if array.ndim != 3:  # noqa: PLR2004 # channels, height, width
            raise self.bad(index, f"top `{self.tops[0]}` takes (C, H, W), and it is {array.shape}")
        return array

    def bad(self, index: int, what: str) -> DiagnosticError:
        """Return what is wrong with a sample."""
        names = ", ".join(f"`{top}`" for top in self.tops)
        return fault(
            Fault.SAMPLE,
            f"sample {index} of the data for `{self.name}`: {what}",
            help=f"a sample is a tuple of {names}, each without the axis of the batch"
            if self.tops[1:]
            else f"a sample is {names} without the axis of the batch",
        )

    def _values(self, sample: Any, index: int) -> Sequence[Any]:
        if isinstance(sample, Mapping):
            by_name = cast("Mapping[str, Any]", sample)
            missing = [top for top in self.tops if top not in by_name]
            if missing:
                raise self.bad(index, f"it has no `{missing[0]}`")
            return [by_name[top] for top in self.tops]
        # For one top, a list is its value; a data set of torch gives a tuple of it.
        several = isinstance(sample, tuple if len(self.tops) == 1 else tuple | list)
        values = cast("Sequence[Any]", sample) if several else [sample]
        if len(values) != len(self.tops):
            raise self.bad(index, f"it has {len(values)} values for {len(self.tops)} tops")
        return values

    def _array(self, value: Any, top: str, index: int) -> "NDArray[Any]":
        array = _image(value) if hasattr(value, "getbands") else _numbers(value)
        if array.dtype.kind not in "biuf":
            raise self.bad(index, f"top `{top}` takes numbers, not {type(value).__name__}")
        return array if array.dtype == np.uint8 else array.astype(np.float32, copy=False)


def _numbers(value: Any) -> "NDArray[Any]":
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value  # numpy knows no bfloat16
    return np.asarray(value)


def _image(image: Any) -> "NDArray[Any]":
    """Return an image of Pillow as Caffe would read its file: ``(C, H, W)``, blue first."""
    if len(image.getbands()) == 1 and image.mode != "P":
        return np.asarray(image)[None]
    return np.asarray(image.convert("RGB"))[..., ::-1].transpose(2, 0, 1)


@dataclass(frozen=True, slots=True)
class GivenData:
    """What stands in place of the sources of some data layers.

    Attributes:
        samples: The data set.
        nodes: The layers that it feeds; its tops are theirs, in order.
        batch: How many samples a batch has.
        shapes: Of a batch, a shape for each top; with `oversample`, of ten times as many rows.
        shuffle: Read it in another order in each epoch.
        ahead: Batches to make ahead, in a thread.
        param: What is done to its first top, an image; nothing if None.
    """

    samples: Samples
    nodes: tuple[Node, ...]
    batch: int
    shapes: tuple[Shape, ...]
    shuffle: bool = False
    ahead: int = 0
    param: TransformationParameter | None = None

    @property
    def each(self) -> int:
        """How many rows of a batch are one sample's."""
        return self.shapes[0][0] // self.batch

    def by_node(self) -> Mapping[str, tuple[Shape, ...]]:
        """Return the shapes of the tops of each layer, by its key."""
        shapes = iter(self.shapes)
        return {node.key: tuple(next(shapes) for _ in node.tops) for node in self.nodes}
