"""Operators without a kind that multiply no matrices: by the convention for MACs, theirs are none.

Element-wise arithmetic and comparisons, reductions, moves, look-ups, sorting and sampling, by the names under which
the readers keep them. What stands neither here nor under a rule may do any work; totals with it are lower bounds.
"""

from __future__ import annotations

_ELEMENTWISE = """
abs acos acosh asin asinh atan atan2 atanh bernoulli bitwise_and bitwise_not bitwise_or bitwise_xor bit_shift cast ceil celu
clamp clamp_max clamp_min clip copy cos cosh elu eq equal erf erfc exp expm1 fill floor floor_divide fmod frac ge glu greater
greater_or_equal gt hard_sigmoid hardshrink hardtanh is_inf is_na_n is_nan isfinite isinf isnan le leaky_relu lerp less less_or_equal
log log10 log1p log2 log_sigmoid logical_and logical_not logical_or logical_xor logsigmoid lt masked_fill max maximum min
minimum mish mod nan_to_num ne neg not and or xor pow prelu reciprocal relu remainder round rrelu rsqrt selu sgn shrink sign
sign_bit sin sinh softplus softshrink softsign sqrt square tan tanh tanhshrink threshold thresholded_relu trunc where addcdiv
addcmul add sub mul div sum mean
"""
_REDUCTIONS = """
all amax amin any arg_max arg_min argmax argmin cumprod cumsum cum_sum cummax cummin linalg_vector_norm log_softmax logsumexp
median norm prod reduce_l1 reduce_l2 reduce_log_sum reduce_log_sum_exp reduce_max reduce_min reduce_prod reduce_sum_square std
std_mean var var_mean softmax softmin hardmax
"""
_NORMS = """
batch_norm batch_normalization instance_norm layer_norm local_response_norm lp_normalization lrn mean_variance_normalization
normalize rms_norm rmsnormalization group_norm _native_batch_norm_legit _native_batch_norm_legit_functional native_batch_norm
"""
_POOLING = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
average_pool avg_pool avg_pool1d avg_pool2d avg_pool3d fractional_max_pool2d global_average_pool global_lp_pool
global_max_pool lp_pool max_pool max_pool1d max_pool2d max_pool2d_with_indices max_pool3d max_pool3d_with_indices max_roi_pool
max_unpool2d max_unpool max_unpool3d roi_align torchvision::roi_align torchvision::roi_pool torchvision::ps_roi_align
"""
_MOVES = """
_assert_tensor_metadata _unique2 affine_grid affine_grid_generator as_strided center_crop_pad col2im compress constant_pad_nd
depth_to_space diag diagonal embedding expand eye eye_like flip gather gather_elements gather_nd grid_sampler grid_sampler_2d
grid_sampler_3d im2col index index_put index_select masked_select meshgrid multinomial narrow nms non_max_suppression
non_zero nonzero one_hot pad permute pixel_shuffle pixel_unshuffle rand_like random_normal_like random_uniform_like range
reflection_pad1d reflection_pad2d reflection_pad3d repeat repeat_interleave replication_pad1d replication_pad2d
replication_pad3d reshape resize reverse_sequence roll scatter scatter_add scatter_elements scatter_nd scatter_reduce shape
size slice sort space_to_depth split squeeze stack take take_along_dim tensor_scatter tile topk torchvision::nms transpose
tril trilu triu unfold unique unsqueeze upsample upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d
upsample_nearest2d upsample_nearest3d upsample_trilinear3d view
"""

NO_MACS: frozenset[str] = frozenset(
    name for text in (_ELEMENTWISE, _REDUCTIONS, _NORMS, _POOLING, _MOVES) for name in text.split()
)
