"""PN702."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.spec.edit import removal

if TYPE_CHECKING:
    from protonet.message.common import TransformationParameter

_MOVED = {
    "data_param": ("Data", ("scale", "mean_file", "crop_size", "mirror")),
    "image_data_param": ("ImageData", ("scale", "mean_file", "crop_size", "mirror")),
    # Its `scale` is read to this day.
    "window_data_param": ("WindowData", ("mean_file", "crop_size", "mirror")),
}
"""Fields that only the upgrade of `layers` moves to `transform_param` (``upgrade_proto.cpp``)."""


@NET.rule("PN702")
def legacy_transform(net: FileView) -> Iterator[Finding]:
    """A transformation stands where only nets of 2014 had it."""
    for name, (kind, fields) in _MOVED.items():
        for index, layer, message in net.messages(name):
            # cast: LayerParameter has checked it
            transform = cast(
                "TransformationParameter | None", layer.param_message("transform_param")
            )
            for field in fields if layer.type == kind else ():
                if message.has(field):
                    told = transform is not None and transform.has(field)
                    yield _finding(net, ("layer", index, name, field), told=told)


def _finding(net: FileView, path: tuple[str, int, str, str], *, told: bool) -> Finding:
    _, _, name, field = path
    return Finding(
        f"`{field}` has no effect in the `{name}` of a `layer`",
        net.tree.place(*path),
        "`transform_param` says it already; remove it"
        if told
        else "write it in `transform_param { }`",
        removal(net.tree, *path) if told else None,
    )
