"""A net's drawing as a text, or as a picture by graphviz's `dot`. Torch-free."""

import shutil
import subprocess
from pathlib import Path

from protonet.data.resolve import resolve_net
from protonet.data.shapes import ReadShapes, source_shapes
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.graph.draw import Direction, dot, mermaid
from protonet.graph.draw import draw as drawing_of
from protonet.graph.rules import merged
from protonet.message.common import Phase
from protonet.source import readable
from protonet.spec.read import read_net
from protonet.weights.atomic import replacing

PICTURES = ("svg", "png", "pdf")
FORMS = {".dot": "dot", ".gv": "dot", ".mmd": "mermaid"} | {f".{form}": form for form in PICTURES}


def draw(
    name: str,
    phase: str,
    *,
    output: str | None,
    form: str | None,
    direction: Direction = "TB",
    read: ReadShapes = source_shapes,
) -> str:
    """Draw a net into a file, or return the text if no file is named.

    Args:
        name: The net's prototxt.
        phase: Which layers take part.
        output: The file; its extension says the form.
        form: ``dot``, ``mermaid``, ``svg``, ``png`` or ``pdf``.
        direction: From top to bottom, or from left to right.
        read: Gives the shapes of the tops of a data layer.

    Raises:
        DiagnosticError: The net is at fault; PN841, graphviz is not installed; PN842, nothing says
            where a picture goes or what form it has; PN843, graphviz failed; PN408, the file cannot
            be written.
    """
    form = form or _form(output)
    if form in PICTURES and output is None:
        raise _fault("PN842", f"a picture in {form} needs a file", f"add `-o net.{form}`")
    file = read_net(name)
    net = resolve_net(file, merged(file.message.state, Phase[phase]), read=read)
    drawing = drawing_of(net.graph, net.shapes, net.ownership)
    text = readable(mermaid(drawing, direction) if form == "mermaid" else dot(drawing, direction))
    if output is None:
        return text
    data = _picture(text, form) if form in PICTURES else text.encode()
    with replacing(Path(output)) as temporary:
        temporary.write_bytes(data)
    return ""


def _form(output: str | None) -> str:
    if output is None:
        return "dot"
    suffix = Path(output).suffix.lower()
    if suffix not in FORMS:
        message = f"`{output}` does not say what form the drawing has"
        raise _fault("PN842", message, f"end it in {', '.join(FORMS)}, or add `--format`")
    return FORMS[suffix]


def _picture(text: str, form: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        help_ = (
            "install graphviz (`apt install graphviz`, `brew install graphviz`), or write text "
            "with `--format dot` or `--format mermaid`"
        )
        message = f"a picture in {form} needs graphviz's `dot`, which is not installed"
        raise _fault("PN841", message, help_)
    command = [program, f"-T{form}"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)  # noqa: S603 # the program that was found
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        message = f"`dot` failed: {told[0] if told else f'status {done.returncode}'}"
        raise _fault("PN843", message, "write the text with `--format dot` and look at it")
    return done.stdout


def _fault(code: str, message: str, help_: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(code, message, help=help_)])
