"""Shapes of data that are not there: what is shown or said of a net must not need its data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from protonet.data.heads import batch_size
from protonet.data.shapes import Tops, source_shapes
from protonet.diagnostics import Diagnostic, DiagnosticError, Severity
from protonet.layers.base import Layer
from protonet.message.common import Phase, TransformationParameter
from protonet.shape import Shape, extents

COLOURS = 3


@dataclass
class Assumed:
    """Reads the shapes of data layers; images that are not there are of the size of the crop.

    Attributes:
        notes: What was assumed (PN560), a warning a layer; each once.
    """

    notes: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def shapes(self, layer: Layer, tops: Sequence[str], base: Path | None, phase: Phase) -> Tops:
        """Return the shapes of the tops of a data layer.

        Raises:
            DiagnosticError: The source cannot be read, and nothing says what its images are.
            LayerError: The layer is at fault.
        """
        try:
            return source_shapes(layer, tops, base, phase)
        except DiagnosticError as error:
            found = assumed_tops(layer, len(tops))
            if found is None:
                raise
            self._note(error.diagnostics[0], found)
            return found

    def _note(self, problem: Diagnostic, found: Tops) -> None:
        size = extents(found[0])
        note = Diagnostic(
            "PN560",
            f"{problem.message}: batches of {size} are assumed",
            help="height and width are those of the crop; channels are 3, or 1 for gray images",
            severity=Severity.WARNING,
        )
        if note not in self.notes:
            self.notes.append(note)


def assumed_tops(layer: Layer, tops: int) -> Tops | None:
    """Return what the tops of a layer of images are likely to be; None if nothing says their size.

    Args:
        layer: A data layer whose source cannot be read.
        tops: How many it has.
    """
    image, batch = assumed_image(layer), batch_size(layer) or 1
    if image is None:
        return None
    # The boxes of AnnotatedData are a row each; there is one at least.
    label = (1, 1, 1, 8) if type(layer).__name__ == "AnnotatedData" else (batch,)
    return ((batch, *image), *[label] * (tops - 1))


def assumed_image(layer: Layer) -> Shape | None:
    """Return channels, height and width of a layer's images as its fields say them, if they do."""
    transform = getattr(layer, "transform_param", None)
    param = getattr(layer, "image_data_param", None)
    has_images = param is not None or hasattr(layer, "data_param")
    if not isinstance(transform, TransformationParameter) or not has_images:
        return None
    height = transform.crop_size or (param.new_height if param else 0)
    width = transform.crop_size or (param.new_width if param else 0)
    if not height or not width:
        return None
    gray = transform.force_gray or (param is not None and not param.is_color)
    # One mean value may be meant for all channels.
    means = len(transform.mean_value)
    return (1 if gray else means if means > 1 else COLOURS, height, width)
