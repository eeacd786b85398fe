"""One file a layer; a file in this folder is found by itself."""

import pkgutil

from protonet.layers.base import LAYERS, register

LAYERS.add_files(
    module.name
    for module in pkgutil.iter_modules(__path__, f"{__name__}.")
    if not module.name.rpartition(".")[2].startswith("_")
)

__all__ = ["LAYERS", "register"]
