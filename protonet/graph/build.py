"""NetParameter and state -> Graph: rules applied, every name resolved to a value."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from protonet.diagnostics import Diagnostic, DiagnosticError, Label, did_you_mean
from protonet.graph.ir import Graph, Node, Value
from protonet.graph.rules import takes_part
from protonet.layers import LAYERS
from protonet.layers._unknown import Unknown, UnknownSource
from protonet.layers.base import Layer
from protonet.message.common import Phase
from protonet.spec.foreign import closest_type
from protonet.spec.fork_types import fork_type
from protonet.spec.net import LayerParameter, NetState
from protonet.spec.read import NetFile


def build(
    file: NetFile,
    state: NetState,
    inputs: Collection[str] = (),
    *,
    takes_unknown: bool = False,
) -> Graph:
    """Resolve a net in one state.

    Args:
        file: The net.
        state: Phase, level and stages that the layers' rules ask for.
        inputs: Blobs that the caller gives: a layer without bottoms that makes only these is an
            Input.
        takes_unknown: Layers of types that are not known are nodes, too (``layers/_unknown``).

    Raises:
        DiagnosticError: PN201 to PN208, all that were found.
    """
    building = _Building(file, state, takes_unknown=takes_unknown)
    for index, said in enumerate(file.message.layer):
        building.rule_kinds(index, said)
        given = said.top and not said.bottom and all(top in inputs for top in said.top)
        spec = said.model_copy(update={"type": "Input"}) if given else said
        if takes_part(spec, state):
            building.add(index, spec)
    if building.problems:
        raise DiagnosticError(building.problems)
    return Graph(
        name=file.message.name,
        phase=state.phase,
        nodes=tuple(building.nodes),
        force_backward=file.message.force_backward,
        file=file,
    )


def unknown_type(file: NetFile, index: int, spec: LayerParameter) -> Diagnostic:
    """Return PN201 for a layer of no known type."""
    known = fork_type(spec.type)
    if not spec.type:
        message, hint = f"layer `{spec.name}` has no `type`", 'write `type: "..."`'
    elif known is not None:
        message, hint = known.message, known.advice
    else:
        message, hint = f"unknown layer type `{spec.type}`", closest_type(spec.type)
    place = file.tree.place("layer", index, "type")
    return Diagnostic("PN201", message, (Label(place),), hint)


@dataclass
class _Building:
    """What is known while layers are added in file order."""

    file: NetFile
    state: NetState
    takes_unknown: bool = False
    nodes: list[Node] = field(default_factory=list)
    newest: dict[str, Value] = field(default_factory=dict)
    keys: Counter[str] = field(default_factory=Counter)
    problems: list[Diagnostic] = field(default_factory=list)

    def add(self, index: int, spec: LayerParameter) -> None:
        layer_type = LAYERS.get(spec.type)
        if layer_type is None and self.takes_unknown:
            layer_type = Unknown if spec.bottom else UnknownSource
        before = len(self.problems)
        bottoms = tuple(self._bottoms(index, spec))
        if layer_type is None:
            self.problems.append(unknown_type(self.file, index, spec))
        else:
            self._counts(index, spec, layer_type)
        tops = tuple(self._tops(index, spec, layer_type))
        self.newest |= {top.blob: top for top in tops}
        if layer_type is not None and len(self.problems) == before:
            self._append(index, spec, layer_type, bottoms, tops)

    def _append(
        self,
        index: int,
        spec: LayerParameter,
        layer_type: type[Layer],
        bottoms: tuple[Value, ...],
        tops: tuple[Value, ...],
    ) -> None:
        self.keys[spec.name] += 1
        phase = spec.phase if spec.has("phase") else self.state.phase
        nth = self.keys[spec.name]
        unnamed = _unnamed(layer_type, len(tops))
        key = spec.name if nth == 1 else f"{spec.name}#{nth}"
        tops += tuple(Value(f"({key} {at})") for at in range(unnamed))
        self.nodes.append(
            Node(
                name=spec.name,
                key=key,
                type=spec.type,
                layer=self._layer(index, spec, layer_type, len(tops), phase),
                spec=spec,
                index=index,
                bottoms=bottoms,
                tops=tops,
                loss_weights=_loss_weights(spec, layer_type, len(tops)),
                phase=phase,
            )
        )

    def _layer(
        self,
        index: int,
        spec: LayerParameter,
        layer_type: type[Layer],
        tops: int,
        phase: Phase,
    ) -> Layer:
        """Make a layer, or take what another state of the file has made."""
        dialect = self.file.dialects.get(spec.type, "")
        asked = phase if "phase" in layer_type.model_fields else None
        key = index, spec.type, tops, dialect, asked
        made = self.file.layers.get(key)
        if made is None:
            made = self.file.layers[key] = spec.layer(layer_type, tops, dialect, phase)
        return made

    def _bottoms(self, index: int, spec: LayerParameter) -> Iterator[Value]:
        for at, blob in enumerate(spec.bottom):
            if blob in self.newest:
                yield self.newest[blob]
            else:
                self._unknown_bottom(index, spec, at)

    def _tops(
        self, index: int, spec: LayerParameter, layer_type: type[Layer] | None
    ) -> Iterator[Value]:
        for at, blob in enumerate(spec.top):
            known = self.newest.get(blob)
            in_place = at < len(spec.bottom) and spec.bottom[at] == blob
            if known is not None and not in_place:
                self._duplicate_top(index, spec, at)
            elif in_place and layer_type is not None and not layer_type.may_be_in_place:
                self._problem(
                    "PN206",
                    f"layer `{spec.name}`: `{spec.type}` cannot work in place",
                    self._label(index, "top", at),
                    "give its top a name of its own",
                )
            yield Value(blob, known.version + 1 if known else 0)

    def rule_kinds(self, index: int, spec: LayerParameter) -> None:
        """A layer says either when it is in or when it is out."""
        if spec.include and spec.exclude:
            self._problem(
                "PN207",
                f"layer `{spec.name}` has both `include` and `exclude`",
                self._label(index, "exclude"),
                "keep one of them: Caffe refuses both",
            )

    def _counts(self, index: int, spec: LayerParameter, layer_type: type[Layer]) -> None:
        bottoms, tops = len(spec.bottom), len(spec.top)
        if bottoms not in layer_type.bottoms:
            self._wrong_count(index, spec, "bottom", str(layer_type.bottoms))
        few = tops < layer_type.tops.least and not layer_type.is_loss
        many = tops > layer_type.tops.least and tops not in layer_type.tops
        if few or many:
            self._wrong_count(index, spec, "top", str(layer_type.tops))
        elif layer_type.equal_bottoms_and_tops and bottoms != tops:
            self._wrong_count(index, spec, "top", f"as many as bottoms, {bottoms}")
        made = tops + _unnamed(layer_type, tops)
        for name, expected in (("loss_weight", made), ("propagate_down", bottoms)):
            given = len(getattr(spec, name))
            if given not in (0, expected):
                kind = "top" if name == "loss_weight" else "bottom"
                self._problem(
                    "PN208",
                    f"layer `{spec.name}` has {given} `{name}`, but {_many(expected, kind)}",
                    self._label(index, name),
                    f"write one `{name}` for each {kind}, or none",
                )

    def _wrong_count(self, index: int, spec: LayerParameter, kind: str, takes: str) -> None:
        given = len(spec.bottom if kind == "bottom" else spec.top)
        self._problem(
            "PN205",
            f"layer `{spec.name}`: `{spec.type}` has {_many(given, kind)}, it takes {takes}",
            self._label(index, kind) if given else self._label(index, "type"),
        )

    def _unknown_bottom(self, index: int, spec: LayerParameter, at: int) -> None:
        blob = spec.bottom[at]
        later = next((s.name for s in self.file.message.layer[index + 1 :] if blob in s.top), "")
        hint = did_you_mean(blob, self.newest)
        if blob in spec.top and not hint:
            hint = "a layer cannot make its own bottom: is the layer before it missing?"
        elif later:
            hint = f"layer `{later}` makes it further down; layers run in file order"
        self._problem(
            "PN203",
            f"layer `{spec.name}`: unknown bottom `{blob}`",
            self._label(index, "bottom", at),
            hint,
        )

    def _duplicate_top(self, index: int, spec: LayerParameter, at: int) -> None:
        blob = spec.top[at]
        labels = self._label(index, "top", at)
        for node in self.nodes:
            tops = [value.blob for value in node.tops]
            if blob in tops:
                labels += self._label(node.index, "top", tops.index(blob), text="made here first")
                break
        self._problem(
            "PN204",
            f"layer `{spec.name}`: another layer already makes top `{blob}`",
            labels,
            "only an in-place layer may reuse a name: top and bottom of the same name and index",
        )

    def _label(self, index: int, *path: str | int, text: str = "") -> tuple[Label, ...]:
        return (Label(self.file.tree.place("layer", index, *path), text),)

    def _problem(self, code: str, message: str, labels: tuple[Label, ...], hint: str = "") -> None:
        self.problems.append(Diagnostic(code, message, labels, hint))


def _many(number: int, kind: str) -> str:
    return f"{number} {kind}" if number == 1 else f"{number} {kind}s"


def _unnamed(layer_type: type[Layer], tops: int) -> int:
    """Return how many tops a loss makes beyond those that the file names."""
    return max(0, layer_type.tops.least - tops) if layer_type.is_loss else 0


def _loss_weights(spec: LayerParameter, layer_type: type[Layer], tops: int) -> tuple[float, ...]:
    given = spec.loss_weight or ((1.0,) if layer_type.is_loss else ())
    return (*given, *(0.0,) * (tops - len(given)))
