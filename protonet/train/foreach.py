"""torch's operations on lists of tensors: one call for all blobs of a group.

torch gives them private names although its own optimizers are built of them; they stand here under
public ones.
"""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

import torch

add = torch._foreach_add  # noqa: SLF001 # see above, here and below
add_ = torch._foreach_add_
addcdiv_ = torch._foreach_addcdiv_
addcmul_ = torch._foreach_addcmul_
clamp_max_ = torch._foreach_clamp_max_
clamp_min_ = torch._foreach_clamp_min_
div_ = torch._foreach_div_
lerp = torch._foreach_lerp  # noqa: SLF001
lerp_ = torch._foreach_lerp_
mul_ = torch._foreach_mul_
sign = torch._foreach_sign  # noqa: SLF001
sign_ = torch._foreach_sign_
sqrt = torch._foreach_sqrt  # noqa: SLF001
sqrt_ = torch._foreach_sqrt_
sub_ = torch._foreach_sub_
