"""``protonet show``."""

import click

from protonet.cli import _options
from protonet.cli._assume import assuming
from protonet.data.resolve import resolve_net
from protonet.graph.rules import merged
from protonet.graph.show import show
from protonet.message.common import Phase
from protonet.spec.read import read_net


@click.command()
@click.argument("name", metavar="FILE")
@_options.phase
@_options.of_nets
@click.option("--code", is_flag=True, help="Print the PyTorch code that the net compiles to.")
def command(name: str, phase: str, code: bool) -> None:
    """Print a net's layers, shapes, parameters and cost."""
    if code:
        from protonet.net import Net  # noqa: PLC0415 # torch takes its time

        click.echo(Net(name, phase=phase).code)
        return
    file = read_net(name)
    with assuming() as read:
        net = resolve_net(file, merged(file.message.state, Phase[phase]), read=read)
    click.echo(show(net.graph, net.shapes, net.ownership))
