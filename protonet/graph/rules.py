"""Which layers take part in a net of a given state (``net.cpp``, FilterNet and StateMeetsRule)."""

from protonet.layers import LAYERS
from protonet.message.common import Phase
from protonet.spec.net import LayerParameter, NetParameter, NetState, NetStateRule


def takes_part(layer: LayerParameter, state: NetState) -> bool:
    """Tell whether a layer is kept: any ``include`` rule holds, or no ``exclude`` rule does."""
    if layer.include:
        return any(holds(rule, state) for rule in layer.include)
    return not any(holds(rule, state) for rule in layer.exclude)


def holds(rule: NetStateRule, state: NetState) -> bool:
    """Tell whether all that a rule says is true of the state; an empty rule holds."""
    return (
        (not rule.has("phase") or rule.phase == state.phase)
        and (not rule.has("min_level") or state.level >= (rule.min_level or 0))
        and (not rule.has("max_level") or state.level <= (rule.max_level or 0))
        and all(stage in state.stage for stage in rule.stage)
        and not any(stage in state.stage for stage in rule.not_stage)
    )


def merged(
    file: NetState | None, phase: Phase, *, level: int | None = None, stages: tuple[str, ...] = ()
) -> NetState:
    """Return the state of a net: the file's own, with the caller's phase, level and stages."""
    base = file or NetState()
    return NetState.of(
        {
            "phase": phase,
            "level": base.level if level is None else level,
            "stage": (*base.stage, *(stage for stage in stages if stage)),
        }
    )


def states(net: NetParameter) -> tuple[NetState, ...]:
    """Return the states that a net is made for: TRAIN and TEST, or the one that has data.

    A net whose data layers are all for TRAIN cannot be tested, which is no mistake.
    """
    both = tuple(merged(net.state, phase) for phase in (Phase.TRAIN, Phase.TEST))
    fed = tuple(state for state in both if _is_fed(net, state))
    return fed or both


def _is_fed(net: NetParameter, state: NetState) -> bool:
    return any(_feeds(layer) for layer in net.layer if takes_part(layer, state))


def _feeds(layer: LayerParameter) -> bool:
    known = LAYERS.get(layer.type)
    reads = known is None or known.is_source or layer.type == "Python"
    return reads and not layer.bottom
