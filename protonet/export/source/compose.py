"""A net -> the text of a Python file, and the tensors that go with it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from torch import Tensor, nn

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.export.source.form import Form, NoFormError, Site
from protonet.export.source.forms import FORMS
from protonet.export.source.names import Names, class_name
from protonet.export.source.page import PARTS, RESERVED, Page
from protonet.export.source.select import Part, select
from protonet.export.source.text import WIDTH, statement
from protonet.graph.ir import Node, Value
from protonet.net import Net
from protonet.nets.blobs import in_shape
from protonet.nets.steps import Step, batch_norm_and_scale, steps_of

BODY = 8
"""How far the code of a method is indented."""
_CALL = re.compile(r"[\w.]+\([^()]*(?:\([^()]*\)[^()]*)*\)")


@dataclass(frozen=True, slots=True)
class Source:
    """A net in plain torch.

    Attributes:
        text: The file.
        class_name: What the net is called in it.
        state: Its ``state_dict``.
        inputs: The blobs that it is given, in order.
        outputs: The blobs that it returns, in order.
        no_onnx: Layers that have no ONNX, and why.
    """

    text: str
    class_name: str
    state: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    no_onnx: tuple[tuple[Node, str], ...]


def compose(net: Net, weights: str, *, every: bool = False) -> Source:
    """Write a net in plain torch.

    Args:
        net: The net; losses and accuracies are left out.
        weights: The name of the file of its weights, for the text.
        every: Return all blobs, not the outputs alone.

    Raises:
        DiagnosticError: PN820, layers that have no form in plain torch.
    """
    part = select(net.graph)
    composing = _Composing(net, part)
    for step in _steps(net, part):
        composing.add(step)
    if composing.problems:
        raise DiagnosticError(composing.problems)
    composing.flush()
    outputs = (
        composing.visible() if every else {v.blob: composing.variables[v] for v in part.outputs}
    )
    page = Page(
        net=net.name or "Net",
        origin=net.graph.file.name,
        class_name=class_name(net.name, {*PARTS, *RESERVED}),
        weights=weights,
        inputs={composing.variables[v]: net.shapes.values[v] for v in part.inputs},
        outputs=outputs,
        init=composing.init,
        forward=composing.forward,
        notes=tuple(dict.fromkeys(composing.notes)),
    )
    return Source(
        page.text(),
        page.class_name,
        MappingProxyType(composing.state),
        tuple(value.blob for value in part.inputs),
        tuple(outputs),
        tuple(composing.no_onnx),
    )


def _steps(net: Net, part: Part) -> list[Step]:
    keys = [node.key for node in net.graph.nodes if not node.layer.is_source]
    modules: dict[str, nn.Module] = dict(zip(keys, net.layers.children(), strict=True))
    joined = (batch_norm_and_scale,)
    return steps_of(net.graph, part.nodes, net.ownership, modules, part.outputs, joined)


def _kept(step: Step, form: Form) -> tuple[object, ...]:
    """Return what a layer keeps; one that keeps the same as another is the same module."""
    # Another layer may take the same blob the other way around.
    strides = tuple(tensor.stride() for tensor in form.state.values())
    return (form.init, *(owned.name for owned in step.blobs), strides)


def _written(step: Step, site: Site) -> Form:
    writer = FORMS.get(type(step.module))
    if writer is None:
        raise NoFormError(f"`{step.first.type}` has no form in plain torch")
    return writer(step.module, site)


@dataclass
class _Composing:
    """What is written while steps are added."""

    net: Net
    part: Part
    init: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    state: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    notes: list[str] = field(default_factory=list)
    no_onnx: list[tuple[Node, str]] = field(default_factory=list[tuple[Node, str]])
    problems: list[Diagnostic] = field(default_factory=list)
    variables: dict[Value, str] = field(default_factory=dict[Value, str])
    _pending: tuple[Value, str] | None = None
    _shared: dict[tuple[object, ...], str] = field(default_factory=dict[tuple[object, ...], str])
    _homes: dict[tuple[object, ...], str] = field(default_factory=dict[tuple[object, ...], str])

    def __post_init__(self) -> None:
        self._blobs = Names({*RESERVED, *PARTS}, "blob")
        self._attributes = Names({*dir(nn.Module), *PARTS}, "layer")
        for value in self.part.inputs:
            self.variables[value] = self._blobs[value.blob]

    def add(self, step: Step) -> None:
        """Write a step: the layer that it begins with, and what is joined to it."""
        for top in step.tops:
            self.variables[top] = self._blobs[top.blob]
        nested = self._nested(step)
        form = self._form(step, nested or self._bottoms(step))
        if form is None:
            return
        if nested and self._fits(step, nested[0], form.top):
            self._pending = None
        else:
            self.flush()
            form = self._form(step, self._bottoms(step)) or form
        self._keep(step, form)
        if len(step.tops) == 1:
            self._pending = step.tops[0], form.top
        else:
            self._assign(step.tops, form.top)

    def flush(self) -> None:
        """Write the assignment that waits for an in-place layer to take it in."""
        if self._pending:
            value, code = self._pending
            self._assign((value,), code)
        self._pending = None

    def visible(self) -> dict[str, str]:
        """Return the variables of all blobs that layers of the source make."""
        made = {top.blob: top for node in self.part.nodes for top in node.tops}
        return {blob: self.variables[top] for blob, top in made.items() if top in self.variables}

    def _assign(self, values: Sequence[Value], code: str) -> None:
        head = ", ".join(self.variables[value] for value in values)
        if head != code:
            if len(values) > 1 and BODY + len(f"{head} = {code.partition('(')[0]}(") > WIDTH:
                head = statement("", f"({head})", indent=BODY).lstrip()
            self.forward.append(statement(f"{head} = ", code, indent=BODY))

    def _bottoms(self, step: Step) -> tuple[str, ...]:
        return tuple(self.variables[value] for value in step.first.bottoms)

    def _nested(self, step: Step) -> tuple[str, ...]:
        """Return the code of the bottom, if the layer works in place on what was made just now."""
        bottoms = step.first.bottoms
        if self._pending is None or len(step.tops) != 1 or bottoms != (self._pending[0],):
            return ()
        return (self._pending[1],) if step.tops[0].blob == bottoms[0].blob else ()

    def _fits(self, step: Step, inner: str, code: str) -> bool:
        """Tell whether code holds its bottom once, as an argument or called on, in one line."""
        alone = f"({inner})" in code or f"({inner}, " in code or _CALL.fullmatch(inner)
        width = BODY + len(f"{self.variables[step.tops[0]]} = {code}")
        return code.count(inner) == 1 and bool(alone) and width <= WIDTH

    def _form(self, step: Step, bottoms: tuple[str, ...]) -> Form | None:
        node, shapes = step.first, self.net.shapes
        tops = tuple(shapes.values[top] for top in step.tops)
        blobs = tuple(in_shape(self.net.blob(owned), owned).detach() for owned in step.blobs)
        name = self._attributes.free(node.key)
        site = Site(f"self.{name}", bottoms, shapes.bottoms(node), tops, blobs)
        try:
            form = _written(step, site)
            shared = self._shared.get(_kept(step, form)) if step.blobs else None
            return _written(step, replace(site, name=f"self.{shared}")) if shared else form
        except NoFormError as error:
            label = Label(self.net.graph.place(node, "type"))
            self.problems.append(
                Diagnostic("PN820", f"layer `{node.name}`: {error}", (label,), HELP)
            )
            return None

    def _keep(self, step: Step, form: Form) -> None:
        """Write what a layer keeps, unless it is kept already."""
        self.notes += [form.note] if form.note else []
        self.no_onnx += [(step.first, form.no_onnx)] if form.no_onnx else []
        if not form.init or (step.blobs and _kept(step, form) in self._shared):
            return
        name = self._shared[_kept(step, form)] = self._attributes[step.first.key]
        self.init.append(statement(f"self.{name} = ", form.init, indent=BODY))
        for below, tensor in form.state.items():
            path = f"{name}.{below}".rstrip(".")
            self.state[path] = tensor
            self.init += self._tie(path, tensor)

    def _tie(self, path: str, tensor: Tensor) -> Iterator[str]:
        """Yield the code that makes a blob the same as another layer's."""
        home = self._homes.setdefault((tensor.data_ptr(), tensor.shape, tensor.stride()), path)
        if home != path and tensor.numel():
            yield statement(f"self.{path} = ", f"self.{home}", indent=BODY)


HELP = "plain torch has nothing like it: cut the net before it, or write it by hand"
