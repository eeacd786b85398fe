"""The public net: graph, code, blobs and data in one module."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, Self, runtime_checkable

import torch
from torch import Tensor, fx, nn

from protonet.data.culprit import culprit
from protonet.data.feed import Feed
from protonet.data.given import DataSets, Given, data_layers
from protonet.data.paths import resolve
from protonet.data.resolve import resolve_net
from protonet.data.shard import WHOLE, Shard
from protonet.diagnostics import Diagnostic, DiagnosticError, Label, did_you_mean
from protonet.graph.ir import Node
from protonet.graph.rules import merged
from protonet.graph.share import Owned
from protonet.message.common import Phase
from protonet.nets.blobs import Learnable, in_shape, name_with_dots
from protonet.nets.compile import Program, attribute, identifiers
from protonet.nets.execution import PLAIN, Execution
from protonet.nets.fill import fill
from protonet.nets.outputs import Outputs, objective
from protonet.nets.programs import Programs
from protonet.ops.counting import Count, Counting
from protonet.shape import Shape
from protonet.spec.net import LayerParameter, NetParameter, NetState
from protonet.spec.read import NetFile, read_net
from protonet.weights.binaryproto import read_blob
from protonet.weights.copying import copy
from protonet.weights.load import plan
from protonet.weights.loading import Loading

CONV_AXES = 4


@runtime_checkable
class ReadsFile(Protocol):
    """A layer's module that holds what a file says: InfogainLoss, its matrix."""

    source: str

    def read(self, blob: Callable[[str], Tensor]) -> None:
        """Read ``source`` through ``blob``."""
        ...


@runtime_checkable
class FillsBlobs(Protocol):
    """A layer's module that gives its blobs their first values itself: Python."""

    def fill(self, at: int, blob: Tensor) -> None:
        """Write the first values of blob ``at``."""
        ...


class Net(nn.Module):
    """A Caffe net as a torch module.

    Attributes:
        graph: The layers that take part.
        shapes: Shapes of all values and blobs.
        ownership: Which layer owns each blob.
        feed: Reads the data layers.
        programs: What it was compiled to.
        match: What ``weights`` gave.
        shortcut: Runs the next batch in another way, with the same results (`train/cache.py`).

    Args:
        spec: A path, the text of a prototxt, or a message.
        phase: ``"TRAIN"`` or ``"TEST"``; decides which layers take part, and train() or eval().
        stages: Stages for the layers' rules.
        level: Level for the layers' rules; the file's own if not given.
        weights: Files to load, later ones over earlier ones; blobs that they hold are never filled.
        device: Where the blobs live, as ``"cpu"`` or ``"cuda:0"``.
        loading: How ``weights`` go into a net that is not quite theirs.
        state: The whole state, instead of phase, stages and level.
        seed: For fillers and data; if not given, torch's own generator draws the former, and the
            order of data differs from run to run.
        shard: What its data layers read, where several processes train together.
        execution: How it is run, `Execution.prepared`.
        dialect: The fork of Caffe that the file was written for, where a layer's meaning depends on
            it; if not given, its fields decide.
        data: Data sets in place of what data layers would read, by phase or layer (``data/given``).
        variants: So many crops and mirrorings of each image, instead of another one each time.

    Raises:
        DiagnosticError: The file is at fault.
    """

    def __init__(  # noqa: PLR0917 # the public signature
        self,
        spec: str | Path | NetParameter | NetFile,
        phase: Phase | str = Phase.TEST,
        stages: Sequence[str] = (),
        level: int | None = None,
        weights: str | Path | Sequence[str | Path] | None = None,
        device: str | torch.device = "cpu",
        *,
        loading: Loading | None = None,
        state: NetState | None = None,
        seed: int | None = None,
        shard: Shard = WHOLE,
        execution: Execution = PLAIN,
        dialect: str | None = None,
        data: DataSets | Given | None = None,
        variants: int = 0,
    ) -> None:
        super().__init__()
        file = spec if isinstance(spec, NetFile) else read_net(spec)
        phase = Phase[phase] if isinstance(phase, str) else phase
        if state is None:
            state = merged(file.message.state, phase, level=level, stages=tuple(stages))
        self.execution = execution
        given = data if isinstance(data, Given) else Given(data or {})
        resolved = resolve_net(file, state, dialect, given.groups)
        if given is not data:
            given.check(phases=False)
        self.graph, self.shapes = resolved.graph, resolved.shapes
        self.ownership = resolved.ownership
        self.feed = Feed(
            data_layers(self.graph, resolved.given),
            base=file.folder,
            seed=seed,
            device=device,
            shard=shard,
            variants=variants,
            part=given.part(self.graph.phase),
        )
        self.layers = nn.Module()
        self._operators: dict[str, nn.Module] = {}
        self.shortcut: Callable[[], Outputs] | None = None
        self.programs = Programs(self.graph, self.ownership, execution, self._operators, self.blob)
        self._add_modules(torch.device(device))
        self._add_blobs(torch.device(device))
        self.train(state.phase == Phase.TRAIN)
        name_with_dots(self)
        self.match = plan(self, weights, loading or Loading()) if weights else None
        self._fill(None if seed is None else torch.Generator(device).manual_seed(seed))
        if self.match:
            copy(self.match)

    def _fill(self, generator: torch.Generator | None) -> None:
        """Give the blobs their first values, but those that will be loaded whole."""
        pairs = self.match.pairs if self.match else ()
        loaded: set[tuple[str, int]] = {pair.blob for pair in pairs if pair.part is None}
        for owned in self.ownership.owned:
            if (owned.layer, owned.index) in loaded:
                continue
            blob, module = self.blob(owned), self._operators.get(owned.key)
            if isinstance(module, FillsBlobs):
                module.fill(owned.index, blob)
            else:
                fill(blob, owned.weight.filler, generator)

    def _add_modules(self, device: torch.device) -> None:
        nodes = [node for node in self.graph.nodes if not node.layer.is_source]
        names = identifiers([node.key for node in nodes])
        for node in nodes:
            module = node.layer.build(*self.shapes.bottoms(node)).to(device)
            self._operators[node.key] = module
            self.layers.add_module(names[node.key], module)
            if isinstance(module, ReadsFile) and module.source:
                self._read(node, module)

    def _read(self, node: Node, module: ReadsFile) -> None:
        def blob(name: str) -> Tensor:
            return torch.from_numpy(read_blob(resolve(name, self.graph.file.folder)))

        try:
            module.read(blob)
        except ValueError as error:
            raise DiagnosticError([self._refusal(node, error)]) from error

    def _add_blobs(self, device: torch.device) -> None:
        for owned in self.ownership.owned:
            blob = torch.empty(owned.weight.shape, device=device)
            as_one = owned.name not in self.ownership.reshaped  # whose memory must be in one order
            if blob.dim() == CONV_AXES and as_one and self.execution.has_channels_last(device):
                # Convolution follows its weights' format; pooling and more are faster in this one.
                blob = blob.to(memory_format=torch.channels_last)
            if owned.weight.learnable:
                learns = bool(owned.lr_mult) or self.graph.force_backward
                self.register_parameter(
                    attribute(owned.name), nn.Parameter(blob, requires_grad=learns)
                )
            else:
                self.register_buffer(attribute(owned.name), blob)

    def blob(self, owned: Owned) -> Tensor:
        """The tensor of an owned blob."""
        name = attribute(owned.name)
        parameter = self._parameters.get(name)
        blob = self._buffers[name] if parameter is None else parameter
        assert blob is not None
        return blob

    @property
    def name(self) -> str:
        """The net's name in its file."""
        return self.graph.name

    @property
    def phase(self) -> Phase:
        """The phase that it was built for."""
        return self.graph.phase

    @property
    def params(self) -> Mapping[str, list[Tensor]]:
        """The blobs of every layer that has some, in Caffe's order.

        Of layers of one name, the first counts.
        """
        found: dict[str, list[Tensor]] = {}
        for node in self.graph.nodes:
            slots = self.ownership.slots.get(node.key)
            if slots and node.name not in found:
                found[node.name] = [in_shape(self.blob(owned), owned) for owned in slots]
        return MappingProxyType(found)

    @property
    def owners(self) -> frozenset[tuple[str, int]]:
        """The blobs that are owned where they stand, as (layer, index)."""
        return frozenset((owned.layer, owned.index) for owned in self.ownership.owned)

    @property
    def learnables(self) -> tuple[Learnable, ...]:
        """Every owned blob once, in Caffe's order: the order of a solver state."""
        return tuple(
            Learnable(o.layer, o.index, self.blob(o), o.lr_mult, o.decay_mult, o.max_norm)
            for o in self.ownership.owned
        )

    @property
    def layer_messages(self) -> tuple[LayerParameter, ...]:
        """What the file says of the layers that take part."""
        return tuple(node.spec for node in self.graph.nodes)

    @property
    def inputs(self) -> Mapping[str, Shape]:
        """Shapes of what a caller gives: Input layers' tops, then data layers'."""
        tops = [*self.graph.inputs, *(top for node in self.graph.sources for top in node.tops)]
        return MappingProxyType({top.blob: self.shapes.values[top] for top in tops})

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the blobs that no layer reads, sorted as Caffe does."""
        return tuple(value.blob for value in self.graph.outputs)

    @property
    def counts(self) -> Mapping[str, Count]:
        """Of how many items the last run's outputs were means, of those that say so."""
        tops = (
            (top.blob, count)
            for node in self.graph.nodes
            if isinstance(module := self._operators.get(node.key), Counting)
            for top, count in zip(node.tops, module.counts, strict=False)
        )
        return {blob: count for blob, count in tops if blob in self.outputs}

    @property
    def loss_weights(self) -> Mapping[str, float]:
        """What each top weighs in the objective, for those that weigh something."""
        return MappingProxyType({value.blob: weight for value, weight in self.graph.losses()})

    @property
    def program(self) -> fx.GraphModule:
        """The generated module."""
        return self.programs.get().module

    @property
    def code(self) -> str:
        """The generated Python code."""
        return self.program.code

    def forward(
        self, inputs: Mapping[str, Tensor] | None = None, blobs: Sequence[str] | None = None
    ) -> Outputs:
        """Run the net.

        Args:
            inputs: Blobs by name; what data layers make and is left out is read from them.
            blobs: Names to return instead of the outputs; only the layers that they need are run.
                The name of an in-place blob means its last version.

        Raises:
            ValueError: An input is missing or unknown.
            DiagnosticError: A layer refused its input at run time, as a label that is out of range.
        """
        if self.shortcut is not None and blobs is None and not inputs:
            return self.shortcut()
        program = self.programs.get(None if blobs is None else tuple(blobs))
        outputs = self.run(program, self._gather(program, inputs or {}), inputs or {})
        if self.execution.amp:
            outputs.to_float()
        return outputs

    def run(
        self, program: Program, values: Iterable[Tensor], given: Collection[str] = ()
    ) -> Outputs:
        """Run one of the net's programs; with 16 bits, outputs may be of these.

        Args:
            program: The program.
            values: Its inputs, in order.
            given: The names of those that are not read by data layers.

        Raises:
            DiagnosticError: PN302, a layer refused its input.
        """
        values = tuple(values)
        try:
            found, losses = (program.module if program.run is None else program.run)(*values)
        except (ValueError, IndexError) as error:
            node = self.programs.failed(error.__traceback__)
            if node is None:
                raise
            read = {b: v for b, v in zip(program.inputs, values, strict=True) if b not in given}
            raise DiagnosticError([self._refusal(node, error, read)]) from error
        outputs = Outputs(found)
        outputs.terms = tuple(zip(losses, program.weights, strict=True))
        return outputs

    def _gather(self, program: Program, inputs: Mapping[str, Tensor]) -> Iterator[Tensor]:
        if inputs and not inputs.keys() <= self.inputs.keys():
            unknown = next(iter(inputs.keys() - self.inputs.keys()))
            hint = did_you_mean(unknown, self.inputs) or f"its inputs are {', '.join(self.inputs)}"
            raise ValueError(f"the net has no input `{unknown}`; {hint}")
        missing = [b for b in program.inputs if b not in inputs and b in self.feed.tops]
        pulled = self.feed.pull(missing) if missing else {}
        for blob in program.inputs:
            value = inputs.get(blob, pulled.get(blob))
            if value is None:
                raise ValueError(f"the net needs the input `{blob}`")
            yield value

    def _refusal(
        self, node: Node, error: Exception, read: Mapping[str, Tensor] = MappingProxyType({})
    ) -> Diagnostic:
        label = Label(self.graph.place(node, "type"))
        help = culprit(node, error, read, self.shapes, self.feed)  # noqa: A001 # a diagnostic's own word
        return Diagnostic("PN302", f"layer `{node.name}`: {error}", (label,), help=help)

    def loss(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """Return the objective: over all tops, the sum of loss weight times sum of elements."""
        return objective(outputs, self.loss_weights)

    def share_weights(self, other: "Net") -> None:
        """Use the blobs of another net, layer by layer name (``Net::ShareTrainedLayersWith``).

        Raises:
            ValueError: A layer of that name has other blobs.
        """
        theirs = other.params
        for owned in self.ownership.owned:
            if owned.layer in theirs:
                blobs = theirs[owned.layer]
                if owned.index >= len(blobs) or blobs[owned.index].shape != owned.weight.shape:
                    raise ValueError(
                        f"layer `{owned.layer}` has other blobs in net `{other.name}` "
                        f"than in `{self.name}`"
                    )
                name, blob = attribute(owned.name), blobs[owned.index]
                if isinstance(blob, nn.Parameter):
                    self._parameters[name] = blob
                else:
                    self._buffers[name] = blob
        self.programs.clear()

    def train(self, mode: bool = True) -> Self:
        """Set the mode of all layers but those that have a ``phase`` of their own."""
        super().train(mode)
        for node in self.graph.nodes:
            if node.key in self._operators and node.spec.has("phase"):
                self._operators[node.key].train(node.phase == Phase.TRAIN)
        self.programs.clear()
        return self

    def _apply(self, *args: Any, **kwargs: Any) -> Self:
        """Drop generated code when blobs move (``to``, ``double``): it holds the old ones."""
        super()._apply(*args, **kwargs)
        self.programs.clear()
        return self
