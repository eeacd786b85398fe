"""Which nets of a solver keep the features of their frozen prefixes."""

from collections.abc import Callable, Sequence

from protonet.graph.frozen import frozen_prefix, moving
from protonet.message.common import Phase
from protonet.net import Net
from protonet.spec.solver import CacheMode, SolverParameter
from protonet.train import events
from protonet.train.cache import Features
from protonet.train.cache_faults import unkept
from protonet.train.cache_room import Room
from protonet.train.distributed import World


def cache(
    solver: SolverParameter,
    nets: Sequence[Net],
    world: World,
    emit: Callable[[events.Event], None],
) -> None:
    """Let each net that has a frozen prefix keep its features, as the solver says.

    Args:
        solver: The solver's message.
        nets: The train net, then the test nets on its blobs.
        world: The processes that train together.
        emit: Is told what is done, or why nothing is.
    """
    mode = solver.cache_frozen
    if mode is CacheMode.OFF:
        return
    trained = nets[0]
    moves = moving(trained.graph, trained.ownership, trained.shapes)
    room = Room.of(solver, world.size)
    for at, net in enumerate(nets):
        trains = at == 0
        name = "TRAIN" if trains else f"TEST #{at - 1}"
        prefix = frozen_prefix(net.graph, net.shapes, net.ownership, moves)
        why = prefix if isinstance(prefix, str) else _hindrance(solver)
        if not isinstance(prefix, str) and not why:
            net.shortcut = Features(
                net,
                name,
                prefix,
                room,
                variants=variants(solver, net.phase),
                batches=solver.iter_size if trains else 1,
                emit=emit,
            )
        elif mode is not CacheMode.AUTO:
            emit(unkept(name, mode, why))


def variants(solver: SolverParameter, phase: Phase) -> int:
    """Return how many augmentations the images of a net have; any, if 0."""
    keeps = solver.cache_frozen is not CacheMode.OFF and phase is Phase.TRAIN
    return solver.cache_variants if keeps else 0


def _hindrance(solver: SolverParameter) -> str:
    return "`debug_info` looks at every layer" if solver.debug_info else ""
