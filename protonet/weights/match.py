"""Which blob of a file goes into which parameter of a net: told before anything is copied."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from protonet.diagnostics import Diagnostic, did_you_mean
from protonet.shape import Shape
from protonet.weights.fit import PLAIN, Form, Part, advice, fit, of_file
from protonet.weights.stored import Blob, StoredLayer, StoredLayers


class Shaped(Protocol):
    """A parameter; of it, only the shape matters here."""

    @property
    def shape(self) -> Shape:
        """Axis lengths."""
        ...


T = TypeVar("T", bound=Shaped)


class BlobId(NamedTuple):
    """A blob of a layer; ``number`` counts from 0."""

    layer: str
    number: int

    def __str__(self) -> str:
        return f"{self.layer}/{self.number}"


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """A blob of the net and what it gets.

    Attributes:
        blob: Which.
        target: The parameter.
        stored: The values, of the shape of the parameter, or of a part of it.
        file: Where they are.
        note: What is done to them on the way.
        part: Where in the parameter they go; None for all of it.
        origin: What the file calls the layer, if that is another name.
    """

    blob: BlobId
    target: T
    stored: Blob
    file: Path
    note: str = ""
    part: Part | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A layer whose blobs cannot be copied.

    There are more or fewer (PN405), or they are of other shapes (PN406), which the user's rule does
    not mend (PN413).
    """

    code: str
    layer: str
    reason: str
    file: Path
    help: str = ""

    def diagnostic(self) -> Diagnostic:
        """Return it as a problem of the file."""
        message = f"weights of layer `{self.layer}` do not fit: {self.reason}"
        return Diagnostic(self.code, message, help=self.help, file=str(self.file))


@dataclass(frozen=True, slots=True)
class Unused:
    """A layer of a file that the net does not have; ``blobs`` are their shapes."""

    layer: str
    blobs: tuple[Shape, ...]
    file: Path


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """What of the files goes where.

    Attributes:
        pairs: In the order of the files: of two that go into one parameter, the later is what
            stays.
        missing: Blobs of the net that no file has: they keep what they hold, of a fresh net the
            filler's values.
        unused: Layers with blobs that the net does not have.
        mismatched: Layers that cannot be copied. With any of them, nothing is.
        loaded: The net's blobs that get values, a shared one under each of its layers.
        left: Blobs that keep what they hold because the user asked for it.
    """

    pairs: tuple[Pair[T], ...]
    missing: tuple[BlobId, ...]
    unused: tuple[Unused, ...]
    mismatched: tuple[Mismatch, ...] = ()
    loaded: frozenset[tuple[str, int]] = frozenset()
    left: tuple[BlobId, ...] = ()

    def report(self, *, plain: bool = True) -> str:
        """Return what was loaded and how, what was not used, what keeps its filler: a line each.

        Args:
            plain: Also tell of layers that were loaded as they are.
        """
        rows = [*(self._loaded_rows(plain=plain)), *self._other_rows()]
        return "\n".join(f"{what:<22} {text}".rstrip() for what, text in rows)

    def lacking(self) -> Iterator[Diagnostic]:
        """Yield PN407 for blobs that no file has and layers that the net has not."""
        alone = "load without `strict` to leave it at its filler"
        for blob in self.missing:
            yield Diagnostic("PN407", f"blob `{blob}` of the net is in no file", help=alone)
        known = {pair.blob.layer for pair in self.pairs} | {blob.layer for blob in self.missing}
        for layer in self.unused:
            yield Diagnostic(
                "PN407",
                f"layer `{layer.layer}` is not in the net",
                help=did_you_mean(layer.layer, known) or "load without `strict` to ignore it",
                file=str(layer.file),
            )

    def _loaded_rows(self, *, plain: bool) -> Iterator[tuple[str, str]]:
        layers: dict[str, dict[BlobId, Pair[T]]] = {}
        for pair in self.pairs:
            layers.setdefault(pair.blob.layer, {})[pair.blob] = pair
        for layer, blobs in layers.items():
            shapes = " ".join(str(tuple(pair.target.shape)) for pair in blobs.values())
            origin = dict.fromkeys(f" from `{p.origin}`" for p in blobs.values() if p.origin)
            notes = "; ".join(dict.fromkeys(pair.note for pair in blobs.values() if pair.note))
            if plain or origin or notes:
                told = f"{layer} {shapes}{''.join(origin)}"
                yield ("adapted", f"{told}: {notes}") if notes else ("loaded", told)

    def _other_rows(self) -> Iterator[tuple[str, str]]:
        for bad in self.mismatched:
            yield "does not fit", f"{bad.layer} {bad.reason}"
        for blob in self.missing:
            yield "left at its filler", str(blob)
        for blob in self.left:
            yield "left as asked", str(blob)
        for layer in self.unused:
            yield "not in the net, unused", f"{layer.layer} {' '.join(map(str, layer.blobs))}"


def _nothing(layer: str) -> bool:
    return False


def match(
    target: Mapping[str, Sequence[T]],
    stored: StoredLayers,
    *,
    owners: Container[tuple[str, int]] | None = None,
    forms: Mapping[str, Form] | None = None,
    leaves: Callable[[str], bool] = _nothing,
) -> Match[T]:
    """Pair the blobs of a net with those of a file by layer name, as Caffe does (``net.cpp``).

    Args:
        target: The net's blobs by layer; a layer without any is known too.
        stored: The file.
        owners: Blobs that are no other layer's; None for all. The others may be missing in a file
            that stores shared blobs once.
        forms: How layers may be adapted; those that are not in it go in as they are.
        leaves: Tells the layers that are left alone.
    """
    pairs: list[Pair[T]] = []
    bad: list[Mismatch] = []
    unused: list[Unused] = []
    for layer in stored.layers:
        blobs = target.get(layer.name)
        if blobs is None:
            if layer.blobs:
                unused.append(Unused(layer.origin or layer.name, layer.shapes, stored.path))
            continue
        if leaves(layer.name):
            continue
        own = _expected(layer.name, len(blobs), stored, owners)
        form = of_file((forms or {}).get(layer.name, PLAIN), layer)
        found, problems = _of_layer(layer, blobs, own, form, stored.path)
        bad += problems
        pairs += () if problems else found
    loaded = _loaded(target, pairs)
    rest = [
        BlobId(name, index)
        for name, blobs in target.items()
        for index in range(len(blobs))
        if (name, index) not in loaded and (owners is None or (name, index) in owners)
    ]
    return Match(
        tuple(pairs),
        tuple(blob for blob in rest if not leaves(blob.layer)),
        tuple(unused),
        tuple(bad),
        loaded,
        tuple(blob for blob in rest if leaves(blob.layer)),
    )


def _expected(
    layer: str,
    blobs: int,
    stored: StoredLayers,
    owners: Container[tuple[str, int]] | None,
) -> frozenset[int]:
    """Return the indices that the file must have of a layer."""
    if owners is None or not stored.owners_only:
        return frozenset(range(blobs))
    return frozenset(i for i in range(blobs) if (layer, i) in owners)


def _of_layer(
    layer: StoredLayer, blobs: Sequence[T], own: frozenset[int], form: Form, file: Path
) -> tuple[list[Pair[T]], list[Mismatch]]:
    name = layer.name
    surplus = layer.blobs.keys() - range(len(blobs))
    if surplus or own - layer.blobs.keys():
        reason = f"the file has {_blobs(len(layer.blobs))}, the net's layer {len(blobs)}"
        return [], [Mismatch("PN405", name, reason, file, f"`--reinit {name}` learns it anew")]
    pairs: list[Pair[T]] = []
    bad: list[Mismatch] = []
    for index, blob in sorted(layer.blobs.items()):
        shape = tuple(blobs[index].shape)
        found = fit(shape, blob, form)
        if found is None:
            bad.append(_mismatch(BlobId(name, index), shape, blob, form, file))
        else:
            id_ = BlobId(name, index)
            pairs.append(
                Pair(id_, blobs[index], found.blob, file, found.note, found.part, layer.origin)
            )
    return pairs, bad


def _mismatch(id_: BlobId, shape: Shape, blob: Blob, form: Form, file: Path) -> Mismatch:
    reason = f"blob {id_.number} is {blob.shape} in the file and {shape} in the net"
    hint = advice(id_.layer, shape, blob, form)
    if form.adapt is None:
        return Mismatch("PN406", id_.layer, reason, file, hint)
    return Mismatch(
        "PN413", id_.layer, f"{reason}, which `{form.adapt}` does not cover", file, hint
    )


def _blobs(number: int) -> str:
    return "1 blob" if number == 1 else f"{number} blobs"


def _loaded(
    target: Mapping[str, Sequence[T]], pairs: Sequence[Pair[T]]
) -> frozenset[tuple[str, int]]:
    objects = {id(pair.target) for pair in pairs}
    return frozenset(
        (name, index)
        for name, blobs in target.items()
        for index, blob in enumerate(blobs)
        if id(blob) in objects
    )


def merge(matches: Sequence[Match[T]]) -> Match[T]:
    """Return what several files do together, read one after another."""
    missing = [set(each.missing) for each in matches]
    left = [set(each.left) for each in matches]
    return Match(
        tuple(pair for each in matches for pair in each.pairs),
        tuple(blob for blob in matches[0].missing if all(blob in other for other in missing)),
        tuple(layer for each in matches for layer in each.unused),
        tuple(bad for each in matches for bad in each.mismatched),
        frozenset(blob for each in matches for blob in each.loaded),
        tuple(blob for blob in matches[0].left if all(blob in other for other in left)),
    )
