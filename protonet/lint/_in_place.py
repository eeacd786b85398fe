"""What of Caffe's own backward passes matters to layers that work in place."""

NEEDS_TOP = frozenset(("ELU", "Exp", "LRN", "MVN", "Sigmoid", "Softmax", "Swish", "TanH"))
"""Types whose backward reads their top."""

NEEDS_BOTTOM = frozenset(
    (
        "AbsVal",
        "BNLL",
        "Bilinear",
        "Clip",
        "CompactBilinear",
        "Convolution",
        "Deconvolution",
        "ELU",
        "InnerProduct",
        "LRN",
        "Log",
        "PReLU",
        "ReLU",
        "Scale",
    )
)
"""Types whose backward reads their bottom; where they work in place, that is their top."""

KEEPS_SIGN = frozenset(("Dropout", "ReLU"))
"""Types after which a ReLU below still sees what it let through."""
