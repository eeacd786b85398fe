"""``python -m protonet`` is ``protonet``."""

from protonet.cli import main

main(prog_name="protonet")
