"""How fast a long net is read, as ratios to protobuf's own text format over the same schema.

Each round reads the text once each way; a figure is the median of the rounds' ratios.
"""

from collections.abc import Mapping

from google.protobuf import text_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from harness import Work, figure, interleaved, ratio
from resnet_prototxt import resnet

from protonet.message.bind import bind
from protonet.message.emit import PACKAGE, file_descriptor
from protonet.source import Source
from protonet.spec.net import NetParameter
from protonet.syntax.parse import parse

ROUNDS = 25

BARS = {"parse_vs_text_format": 2.0, "parse_bind_validate_vs_text_format": 2.0}


def readers(text: str) -> Mapping[str, Work]:
    """Return the ways to read a net's text."""
    pool = DescriptorPool()
    pool.Add(file_descriptor([NetParameter]))
    runtime = GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.NetParameter"))
    return {
        "text_format": lambda: text_format.Parse(text, runtime()),
        "parse_vs_text_format": lambda: parse(Source(text)),
        "parse_bind_validate_vs_text_format": lambda: bind(parse(Source(text)), NetParameter),
    }


def main() -> None:
    """Print the figures."""
    rounds = interleaved(readers(resnet(152)), ROUNDS)
    for name, bar in BARS.items():
        figure(name, ratio(rounds, "text_format", name), bar, at_least=True)


if __name__ == "__main__":
    main()
