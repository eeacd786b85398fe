"""A net as readable PyTorch: one file that needs torch and safetensors alone."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from torch import Tensor, nn

from protonet.export.source.compose import Source, compose
from protonet.net import Net
from protonet.weights.atomic import replacing
from protonet.weights.torch_files import write_safetensors

__all__ = ["Source", "build", "compose", "write"]


def write(net: Net, path: str | Path) -> list[str]:
    """Write a net as a Python file, and its weights as ``.safetensors`` beside it.

    The file holds what TEST runs. Losses and accuracies are left out: what they are computed from
    is returned.

    Returns:
        The files written.

    Raises:
        DiagnosticError: PN820, layers that have no form in plain torch, and nothing is written;
            PN408, a file cannot be written.
    """
    path = Path(path)
    weights = path.with_suffix(".safetensors")
    source = compose(net, weights.name)
    write_safetensors(weights, stored(source.state))
    with replacing(path) as temporary:
        temporary.write_text(source.text, encoding="utf-8")
    return [str(path), str(weights)]


def build(source: Source, parts: Mapping[str, object] = MappingProxyType({})) -> nn.Module:
    """Run the text of a source, and return its net in eval() with its weights.

    Args:
        source: The source.
        parts: What stands in place of the functions of these names.
    """
    names: dict[str, object] = {"__name__": source.class_name}
    exec(compile(source.text, f"<{source.class_name}>", "exec"), names)  # noqa: S102 # our own text
    names.update({name: part for name, part in parts.items() if name in names})
    kind = names[source.class_name]
    assert isinstance(kind, type)
    assert issubclass(kind, nn.Module)
    module = kind()
    module.load_state_dict(stored(source.state))
    return module.eval()


def stored(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors that share no memory, on the CPU: what a ``.safetensors`` can hold."""
    return {name: tensor.cpu().contiguous().clone() for name, tensor in state.items()}
