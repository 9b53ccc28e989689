"""Which operators Paddle-Lite's smaller library has: the one that is built without `--with_extra=ON`.

Facts of v2.13, as its build files register operators (lite/operators/CMakeLists.txt) and kernels
(lite/kernels/*/CMakeLists.txt), each "basic" or "extra": https://github.com/PaddlePaddle/Paddle-Lite/tree/release/v2.13
A model with an operator that the library lacks ends the process that loads it.
"""

BASIC = frozenset(
    """
    abs affine_channel affine_grid arg_max assign_value batch_norm bilinear_interp bilinear_interp_v2 bmm box_coder
    calib calib_inplace cast ceil concat conv2d conv2d_transpose conv3d density_prior_box depthwise_conv2d
    depthwise_conv2d_transpose dropout elementwise_add elementwise_div elementwise_floordiv elementwise_max
    elementwise_min elementwise_mod elementwise_mul elementwise_pow elementwise_sub elu erf exp expand expand_as fc feed
    fetch fill_constant fill_constant_batch_size_like flatten flatten2 flatten_contiguous_range floor
    fusion_elementwise_add_activation fusion_elementwise_div_activation fusion_elementwise_max_activation
    fusion_elementwise_min_activation fusion_elementwise_mul_activation fusion_elementwise_sub_activation gelu
    grid_sampler hard_sigmoid hard_swish instance_norm io_copy io_copy_once layout layout_once leaky_relu linear_interp
    linear_interp_v2 lod_array_length log log1p matmul mish mul multiclass_nms multiclass_nms2 multiclass_nms3
    nearest_interp nearest_interp_v2 pad pad2d pool2d pool3d prelu prior_box range reciprocal reduce_all reduce_any
    reduce_max reduce_mean reduce_min reduce_prod reduce_sum relu relu6 relu_clipped reshape reshape2 rsqrt scale
    search_fc sequence_topk_avg_pooling set_value shuffle_channel sigmoid silu slice softmax softplus softsign split
    sqrt square squeeze squeeze2 stack subgraph swish sync_batch_norm tanh thresholded_relu transpose transpose2 unbind
    unsqueeze unsqueeze2 write_back yolo_box
    """.split()
)
# Of these the processor's kernels are extra, though the operator is basic.
EXTRA_ON_ARM = frozenset(
    """
    abs ceil density_prior_box depthwise_conv2d_transpose erf exp flatten_contiguous_range floor gelu hard_sigmoid
    hard_swish log log1p mish pad reciprocal reduce_all reduce_any reduce_max reduce_min reduce_prod reduce_sum
    relu_clipped rsqrt set_value shuffle_channel softplus sqrt square swish
    """.split()
)


def is_extra(operator: str, place: str) -> bool:
    """Whether a kernel is missing from the smaller library.

    Args:
        operator: Paddle-Lite's name of it, "conv2d".
        place: where it runs, as the census names it: "arm", "host", "x86", "opencl", "nnadapter".
    """
    return operator not in BASIC or (place in ("arm", "host") and operator in EXTRA_ON_ARM)
