"""Files that DetectionOutput writes."""

from typing import TYPE_CHECKING, Annotated

from protonet.layers._torch import ops
from protonet.layers.base import LayerError
from protonet.message.augmentation import ResizeParameter
from protonet.message.base import Message, Tag, UInt32

if TYPE_CHECKING:
    from protonet.ops.detection_files import DetectionFiles, Resize

_FORMATS = ("VOC", "COCO", "ILSVRC")


class SaveOutputParameter(Message):
    """Where DetectionOutput writes what it finds; it does so if the three file names are set."""

    output_directory: Annotated[str, Tag(1)] = ""
    output_name_prefix: Annotated[str, Tag(2)] = ""
    output_format: Annotated[str, Tag(3)] = ""
    label_map_file: Annotated[str, Tag(4)] = ""
    name_size_file: Annotated[str, Tag(5)] = ""
    num_test_image: Annotated[UInt32 | None, Tag(6)] = None
    resize_param: Annotated[ResizeParameter | None, Tag(7)] = None


def check_files(p: SaveOutputParameter, *field: str) -> None:
    """Refuse files that cannot be written.

    Raises:
        LayerError: The format is not known, or the size of resized images is not set.
    """
    if not _saves(p):
        return
    if p.output_format not in _FORMATS:
        raise LayerError(
            f"`output_format` is `{p.output_format}`, not one of {', '.join(_FORMATS)}",
            field=(*field, "output_format"),
        )
    resized = p.resize_param
    if resized is not None and not resized.height * resized.width:
        raise LayerError(
            f"images cannot have been resized to {resized.height} x {resized.width} pixels",
            field=(*field, "resize_param"),
        )


def detection_files(p: SaveOutputParameter, *, background: int) -> "DetectionFiles | None":
    """Return what writes detections; None if not all three file names are set, as in the fork."""
    if not _saves(p):
        return None
    return ops.detection_files.DetectionFiles(
        p.output_directory,
        p.output_name_prefix,
        ops.detection_files.Format(p.output_format),
        label_map=p.label_map_file,
        name_size=p.name_size_file,
        images=p.num_test_image,
        resize=None if p.resize_param is None else _resize(p.resize_param),
        background=background,
    )


def _saves(p: SaveOutputParameter) -> bool:
    return bool(p.output_directory and p.label_map_file and p.name_size_file)


def _resize(p: ResizeParameter) -> "Resize":
    return ops.detection_files.Resize(
        ops.detection_files.ResizeMode(p.resize_mode),
        size=(p.height, p.width),
        scale=(p.height_scale, p.width_scale),
    )
