"""What ``protonet finetune`` sets over the layers of a solver's nets. Torch-free.

Patterns become overrides of single layers, which are checked, shown and written as those of
``--set`` are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from protonet.data.resolve import Resolved, resolve_net
from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.layers.base import Layer
from protonet.message.base import Kind
from protonet.spec.override import LAYER, Setting, matches
from protonet.spec.read import SolverFile, read_net
from protonet.train import sources
from protonet.train.check import check
from protonet.train.learning import Learning, Wish, no_such_layer
from protonet.train.overrides import override_net


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a user asked for.

    Attributes:
        learning: Which layers learn, and how fast.
        num_output: How many outputs layers have, by pattern.
    """

    learning: Wish = field(default_factory=Wish)
    num_output: Mapping[str, int] = field(default_factory=dict[str, int])


def recipe_of(
    *,
    freeze: Sequence[str] = (),
    train_only: Sequence[str] = (),
    bn_frozen: bool = False,
    lr_mult: Sequence[str] = (),
    num_output: Sequence[str] = (),
) -> Recipe:
    """Read the options of the command line.

    Args:
        freeze: Patterns.
        train_only: Patterns.
        bn_frozen: As `Wish`.
        lr_mult: As ``fc8*=10``.
        num_output: As ``fc8=20``.

    Raises:
        DiagnosticError: PN671, one is not of that form.
    """
    rates, outputs = _numbers(lr_mult), _numbers(num_output)
    wrong = [("--lr-mult", text) for text, n in rates.items() if not 0 <= n < float("inf")]
    wrong += [("--num-output", text) for text, n in outputs.items() if not n.is_integer() or n < 1]
    if wrong:
        raise DiagnosticError(
            Diagnostic("PN671", f"`{text}` is not a value of `{option}`", help=_FORMS[option])
            for option, text in wrong
        )
    return Recipe(
        Wish(tuple(freeze), tuple(train_only), bn_frozen, _by_pattern(rates)),
        {pattern: int(number) for pattern, number in _by_pattern(outputs).items()},
    )


_FORMS = {
    "--lr-mult": "write `LAYER=FACTOR`, like `fc8*=10`; 0 freezes",
    "--num-output": "write `LAYER=NUMBER`, like `fc8=20`",
}


def _numbers(given: Iterable[str]) -> dict[str, float]:
    """Return the number at the end of each text; -1 if there is none."""
    return {text: _number(text) for text in given}


def _number(text: str) -> float:
    pattern, _, value = text.rpartition("=")
    try:
        return float(value) if pattern.strip() else -1.0
    except ValueError:
        return -1.0


def _by_pattern(numbers: Mapping[str, float]) -> dict[str, float]:
    return {text.rpartition("=")[0].strip(): number for text, number in numbers.items()}


def apply(file: SolverFile, recipe: Recipe) -> SolverFile:
    """Return a solver with a recipe over the layers of its nets, and over what was set before.

    The train net decides; test nets follow by the names of the layers.

    Raises:
        DiagnosticError: The train net is at fault; PN670, PN672, PN674 and PN675, the recipe is.
    """
    if recipe == Recipe() or any(check(file)):  # the solver refuses it, and says why
        return file
    net = _train_net(file)
    learning = Learning(net, recipe.learning)
    problems = [*_uncounted(net, recipe.num_output), *learning.problems()]
    if problems:
        raise DiagnosticError(problems)
    outputs = _outputs(net, recipe.num_output)
    return replace(file, of_layers=(*file.of_layers, *outputs, *learning.settings()))


def _train_net(file: SolverFile) -> Resolved:
    source = sources.train_net(file)
    net = read_net(source.spec)
    state = sources.merged(source.phase, net.message.state, source.state)
    return resolve_net(override_net(net, state, file.of_layers), state)


def _outputs(net: Resolved, wanted: Mapping[str, int]) -> Iterator[Setting]:
    for pattern, number in wanted.items():
        for name, message in _counting(net).items():
            if matches(name, pattern):
                yield Setting(f"{LAYER}{name}.{message}.num_output", str(number))


def _uncounted(net: Resolved, wanted: Mapping[str, int]) -> Iterator[Diagnostic]:
    """Yield PN670 and PN674 for what is to have a number of outputs, and is or has none."""
    counting = _counting(net)
    for pattern in wanted:
        meant = [node for node in net.graph.nodes if matches(node.name, pattern)]
        if not meant:
            yield no_such_layer("--num-output", pattern, list(counting))
        elif not any(node.name in counting for node in meant):
            message = f"layer `{meant[0].name}` of type {meant[0].type} has no `num_output`"
            yield Diagnostic("PN674", message, help=did_you_mean(pattern, counting))


def _counting(net: Resolved) -> dict[str, str]:
    """Return the layers that have a ``num_output``, and the message it stands in."""
    found = {node.name: _message(node.layer) for node in net.graph.nodes}
    return {name: message for name, message in found.items() if message}


def _message(layer: Layer) -> str:
    slots = [slot for slot in layer.slots().values() if slot.kind is Kind.MESSAGE]
    return next((slot.name for slot in slots if "num_output" in slot.type.slots()), "")
