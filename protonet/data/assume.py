"""Shapes of data that are not there: what is shown of a net must not need its data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from protonet.data.shapes import Tops, image_tops, source_shapes
from protonet.diagnostics import Diagnostic, DiagnosticError, Severity
from protonet.layers.base import Layer
from protonet.message.common import Phase, TransformationParameter

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
            found = _of_the_crop(layer, tops)
            if found is None:
                raise
            self._note(error.diagnostics[0], found)
            return found

    def _note(self, problem: Diagnostic, found: Tops) -> None:
        size = "x".join(map(str, found[0]))
        note = Diagnostic(
            "PN560",
            f"{problem.message}: batches of {size} are assumed",
            help="that is the size of the crop; channels are 3, or 1 of gray images",
            severity=Severity.WARNING,
        )
        if note not in self.notes:
            self.notes.append(note)


def _of_the_crop(layer: Layer, tops: Sequence[str]) -> Tops | None:
    transform = getattr(layer, "transform_param", None)
    params = [getattr(layer, name) for name in _PARAMS if hasattr(layer, name)]
    if not isinstance(transform, TransformationParameter) or not params:
        return None
    param = getattr(layer, "image_data_param", None)
    height = transform.crop_size or (param.new_height if param else 0)
    width = transform.crop_size or (param.new_width if param else 0)
    if not height or not width:
        return None
    gray = transform.force_gray or (param is not None and not param.is_color)
    # One mean value may be meant for all channels.
    colours = len(transform.mean_value) if len(transform.mean_value) > 1 else COLOURS
    return image_tops(params[0].batch_size, (1 if gray else colours, height, width), tops)


_PARAMS = ("data_param", "image_data_param", "window_data_param")
