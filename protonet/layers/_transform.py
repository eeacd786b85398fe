"""What is wrong with a ``transform_param``, seen from the message alone."""

from collections.abc import Iterator

from protonet.layers.base import LayerError
from protonet.message.augmentation import (
    ColorJitterParameter,
    DistortionParameter,
    RandomCropParameter,
    ResizeParameter,
)
from protonet.message.common import TransformationParameter

_BOXED = ("emit_constraint", "distort_param", "expand_param")
"""What moves or picks boxes, as SSD's fork does for AnnotatedData alone."""

_MOVING = ("shorter_side", "rotate", "random_crop", "oversample")
"""What moves pixels without telling where boxes go."""

_BEYOND = (
    *("resize_param", "shorter_side", "rotate", "random_crop", "color_jitter", "train_mirror"),
    *("oversample", "channel_order", "min_max", "image_mean", "std_value"),
)
"""What a layer that crops and scales by itself does not do."""

_FULL_TURN = 180.0
_HALF_ROUND = 0.5


def check_transform(transform: TransformationParameter, *, boxes: bool = False) -> None:
    """Refuse options that exclude each other, or whose values make no sense.

    Args:
        transform: The message.
        boxes: The images have boxes, which move with them.

    Raises:
        LayerError: The first that is at fault.
    """
    names = _MOVING if boxes else _BOXED
    refuse(transform, names, "AnnotatedData" if boxes else "a layer without boxes")
    for error in _problems(transform):
        raise error


def check_plain(transform: TransformationParameter, layer: str) -> None:
    """Refuse what only layers do that decode whole images.

    Raises:
        LayerError: A field is set that ``layer`` does not read.
    """
    check_transform(transform)
    refuse(transform, _BEYOND, layer)


def refuse(transform: TransformationParameter, names: tuple[str, ...], layer: str) -> None:
    """Refuse fields that a layer does not read.

    Raises:
        LayerError: One of them is set.
    """
    for name in names:
        if transform.has(name):
            raise LayerError(f"`{name}` has no effect in {layer}", field=("transform_param", name))


def _problems(t: TransformationParameter) -> Iterator[LayerError]:
    yield from _exclusive(t)
    yield from _value_problems(t)
    if t.random_crop is not None:
        yield from _crop_problems(t.random_crop)
    if t.color_jitter is not None:
        yield from _jitter_problems(t.color_jitter)
    if t.resize_param is not None:
        yield from _resize_problems(t.resize_param)
    if t.distort_param is not None:
        yield from _distort_problems(t.distort_param)


def _value_problems(t: TransformationParameter) -> Iterator[LayerError]:
    for name in ("oversample", "random_crop"):
        if t.has(name) and not t.crop_size:
            yield _error(f"`{name}` needs a `crop_size`", name)
    if not 0 <= t.rotate <= _FULL_TURN:
        yield _error(f"`rotate` is {t.rotate:g}, not from 0 to 180 degrees", "rotate")
    if any(value <= 0 for value in t.std_value):
        yield _error("`std_value` holds a value that is not above 0", "std_value")
    if t.expand_param is not None and t.expand_param.max_expand_ratio < 1:
        ratio = t.expand_param.max_expand_ratio
        yield _error(f"`max_expand_ratio` is {ratio:g}, below 1", "expand_param")


def _exclusive(t: TransformationParameter) -> Iterator[LayerError]:
    pairs = (
        ("mean_file", "mean_value"),
        ("mean_file", "image_mean"),
        ("mean_value", "image_mean"),
        ("mean_file", "random_crop"),
        ("force_color", "force_gray"),
        ("mirror", "train_mirror"),
        ("shorter_side", "resize_param"),
    )
    for first, second in pairs:
        if _is_on(t, first) and _is_on(t, second):
            yield LayerError(
                f"`{first}` and `{second}` are both set",
                help="give `mean_value`: a mean image has no place in a random box"
                if second == "random_crop"
                else "keep one of them",
                field=("transform_param", second),
            )


def _is_on(t: TransformationParameter, name: str) -> bool:
    return t.has(name) and getattr(t, name) is not False


def _crop_problems(p: RandomCropParameter) -> Iterator[LayerError]:
    if not 0 < p.min_area <= p.max_area <= 1:
        areas = f"{p.min_area:g} to {p.max_area:g}"
        yield _error(f"areas of {areas} are no range within 0 to 1", "random_crop")
    if not 0 < p.min_aspect <= p.max_aspect:
        aspects = f"{p.min_aspect:g} to {p.max_aspect:g}"
        yield _error(f"aspects of {aspects} are no range above 0", "random_crop")


def _jitter_problems(p: ColorJitterParameter) -> Iterator[LayerError]:
    for name in ("brightness", "contrast", "saturation"):
        value: float = getattr(p, name)
        if value < 0:
            yield _error(f"`{name}` is {value:g}, below 0", "color_jitter", name)
    if not 0 <= p.hue <= _HALF_ROUND:
        yield _error(f"`hue` is {p.hue:g}, not from 0 to 0.5 rounds", "color_jitter", "hue")


def _resize_problems(p: ResizeParameter) -> Iterator[LayerError]:
    if not p.height * p.width:
        yield _error(f"images cannot be resized to {p.height} x {p.width} pixels", "resize_param")


def _distort_problems(p: DistortionParameter) -> Iterator[LayerError]:
    for name, least, most in (
        ("contrast", p.contrast_lower, p.contrast_upper),
        ("saturation", p.saturation_lower, p.saturation_upper),
    ):
        if not 0 <= least <= most:
            yield _error(
                f"`{name}` of {least:g} to {most:g} is no range from 0 on", "distort_param"
            )


def _error(message: str, *field: str) -> LayerError:
    return LayerError(message, field=("transform_param", *field))
