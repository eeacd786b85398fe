"""What a solver file means, as text: equations, rates, groups, schedule. Torch-free."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise

from protonet import files
from protonet.data.assume import Assumed
from protonet.data.heads import batch_size, record_count
from protonet.data.resolve import Resolved, resolve_net
from protonet.diagnostics import DiagnosticError
from protonet.graph.share import Owned
from protonet.graph.show import columns as aligned
from protonet.graph.show import frozen_line
from protonet.report import equations
from protonet.report.curve import columns, curve
from protonet.shape import count
from protonet.spec.explain import unknown
from protonet.spec.other_file import is_solver
from protonet.spec.read import SolverFile, read_net, read_solver
from protonet.spec.solver import SolverParameter
from protonet.syntax.parse import parse
from protonet.train import lr, sources
from protonet.train.advice import doubts, unread
from protonet.train.check import check
from protonet.train.length import WHOLE, with_max_iter

WIDTH = 60
"""Characters of the curve."""


def explain_solver(name: str) -> str:
    """Explain a solver file.

    Raises:
        DiagnosticError: It is at fault; PN022, it is no solver.
    """
    tree = parse(files.read(name))
    if not is_solver(tree):
        raise unknown(name, f"it is not a solver: `protonet show {name}` prints a net")
    file = read_solver(tree)
    problems = tuple(check(file))
    if problems:
        raise DiagnosticError(problems)
    return "\n".join(_lines(file)) + "\n"


def _lines(file: SolverFile) -> Iterator[str]:
    try:
        net, problems = _train_net(file), list[str]()
    except DiagnosticError as error:
        net, problems = None, [problem.message for problem in error.diagnostics]
    s = _bounded(file.message, net)
    yield f"{file.name}: {s.type}, {s.lr_policy}"
    yield from _section(
        "Update, with r = rate * lr_mult", [*equations.gradient(s), *equations.update(s)]
    )
    yield from _section("In torch", equations.against_torch(s))
    yield from _section("Rate", [*equations.rate(s), "", *_curve(s)])
    if net is None:
        yield from _section("Groups and batch are not known, for the net is at fault", problems)
    else:
        yield from _section("Groups", [*_groups(s, net), *_frozen(s, net)])
        yield from _section("Batch", _batch(s, net))
    yield from _section("Schedule", _schedule(s))
    yield from _section("No effect", (f"{field}: {why}" for field, why in unread(s)))
    yield from _section("To be looked at", (f"{d.code}: {d.message}" for d in doubts(file)))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a section, if there is anything in it."""
    body = list(lines)
    if body:
        yield ""
        yield title
        yield from (f"  {line}".rstrip() for line in body)


def _bounded(s: SolverParameter, net: Resolved | None) -> SolverParameter:
    """Return a solver with the ``max_iter`` that ``max_epoch`` is, where that is known."""
    if net is None or not s.max_epoch:
        return s
    for node in net.graph.sources:
        tops, batch = [top.blob for top in node.tops], batch_size(node.layer)
        with suppress(DiagnosticError, OSError):  # of a source that is not here
            records = record_count(node.layer, tops, net.graph.file.folder)
            if records and batch:
                return with_max_iter(s, records, batch)
    return s


def _curve(s: SolverParameter) -> Iterator[str]:
    if s.max_epoch and not s.max_iter:
        yield "(for a number of iterations that is not known)"
        return
    last = max(s.max_iter - 1, 1)
    places = [round(at * last / (columns(WIDTH) - 1)) for at in range(columns(WIDTH))]
    rates, step = [lr.rate(s, 0, lr.advance(s, 0, 0))], lr.advance(s, 0, 0)
    for before, it in pairwise(places):
        for _ in range(min(it - before, len(s.stepvalue) + 1)):
            step = lr.advance(s, it, step)
        rates.append(lr.rate(s, it, step))
    geometric = s.lr_policy in {"step", "multistep", "exp"}
    yield from curve(rates, last=last, geometric=geometric)
    if s.lr_policy == "plateau":
        yield "(as long as nothing drops it)"


def _train_net(file: SolverFile) -> Resolved:
    source = sources.train_net(file)
    net = read_net(source.spec)
    state = sources.merged(source.phase, net.message.state, file.message.train_state)
    return resolve_net(net, state, read=Assumed().shapes)


def _groups(s: SolverParameter, net: Resolved) -> Iterator[str]:
    members: defaultdict[tuple[float, float], list[Owned]] = defaultdict(list)
    for owned in net.ownership.owned:
        key = (owned.lr_mult, owned.decay_mult) if owned.lr_mult else (0.0, 0.0)
        members[key].append(owned)
    frozen = members.pop((0.0, 0.0), [])
    rows: list[tuple[str, ...]] = [
        ("lr_mult", "decay_mult", "rate at 0", "decay", "blobs", "values", "layers")
    ]
    for (lr_mult, decay_mult), group in members.items():
        rate, decay = _first_rate(s) * lr_mult, s.weight_decay * decay_mult
        numbers = (lr_mult, decay_mult, rate, decay)
        rows.append((*(f"{n:g}" for n in numbers), *_size(group), _names(group)))
    yield from aligned(rows if members else [], right=range(len(rows[0]) - 1))
    for kind, learnable in (("frozen", True), ("running statistics", False)):
        blobs = [owned for owned in frozen if owned.weight.learnable == learnable]
        if blobs:
            number, values = _size(blobs)
            yield f"{kind}: {_names(blobs)} ({number} blobs, {values} values)"


def _first_rate(s: SolverParameter) -> float:
    # No policy's first rate depends on how long the run is, but it must be of some length.
    return lr.rate(s if s.max_iter else s.model_copy(update={"max_iter": 2**31}), 0, 0)


def _size(group: list[Owned]) -> tuple[str, str]:
    return str(len(group)), f"{sum(count(owned.weight.shape) for owned in group):,}"


def _names(group: list[Owned]) -> str:
    return ", ".join(dict.fromkeys(owned.layer for owned in group))


def _frozen(s: SolverParameter, net: Resolved) -> Iterator[str]:
    for line in frozen_line(net.graph, net.shapes, net.ownership):
        yield f"{line} (cache_frozen: {s.cache_frozen.name})"


def _batch(s: SolverParameter, net: Resolved) -> Iterator[str]:
    tops = [node.tops[0] for node in net.graph.sources if node.tops]
    sizes = dict.fromkeys(shape[0] for top in tops if (shape := net.shapes.values[top]))
    for size in sizes:
        yield (
            f"{size} x iter_size {s.iter_size} = {size * s.iter_size} an update on one device; "
            f"on n devices {size * s.iter_size} * n"
        )


def _schedule(s: SolverParameter) -> Iterator[str]:
    is_known = bool(s.max_iter or not s.max_epoch)
    end = f"{s.max_iter} iterations" if is_known else ""
    epochs = f"{s.max_epoch} epochs of the train net's data" if s.max_epoch else ""
    yield f"trains for {', and at most '.join(filter(None, (end, epochs)))}"
    if s.test_iter:
        batches = ", ".join("all" if n == WHOLE else str(n) for n in s.test_iter)
        first = "0" if s.test_initialization else str(s.test_interval)
        yield f"tests every {s.test_interval} iterations, from {first} on, on {batches} batches"
    if (p := s.early_stopping) is not None:
        tests = f"{p.patience + 1} tests in a row have no better `{p.monitor}`"
        yield f"ends early when {tests} ({p.mode.name}, min_delta {p.min_delta:g})"
    if s.snapshot:
        yield f"writes a snapshot every {s.snapshot} iterations"
    if s.snapshot_after_train:
        yield "writes a snapshot at the end" + (f", {s.max_iter}" if is_known else "")
    if s.display:
        mean = f"the mean of {s.average_loss} losses" if s.average_loss > 1 else "the loss"
        yield f"displays {mean} every {s.display} iterations"
