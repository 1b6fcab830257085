"""The operations of networks, fast on processors: convolution with batch norm and ReLU, pooling, sums of maps.

On a processor they are autograd functions of compiled code, see `convolution_kernel` and `pooling_kernel`. These keep
maps with the images innermost, (height, width, channels, images) in memory: vectors of images fill the registers of a
processor however few channels an operation has, the first channels of a map are a part of it without a copy, and
variances are summed exactly. Tensors keep the logical shape (images, channels, height, width), so that PyTorch's own
operations apply to them. On other devices, with mini-batches smaller than a vector, and where gradients flow through
fixed statistics, the operations are PyTorch's.

An operation gives the same bits whenever it runs on the same machine, on any number of threads: how the work is divided
depends on its size alone.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width.
"""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.supernet import convolution_backward_kernel, convolution_kernel, pooling_kernel
from shareornot.supernet.vector_kernel import lanes

Images = Float[Tensor, "B C H W"]
Output = Float[Tensor, "B D H W"]
Vector = Float[Tensor, " D"]

PRECISIONS: dict[torch.dtype, np.floating[Any]] = {torch.float32: np.float32(0), torch.float64: np.float64(0)}
"""The precisions that there are kernels for, with the number 0 of each."""
WORTH_THREADS = 1 << 16
"""Multiplications, or values, of an operation below which one thread is faster than several."""


class BatchNorm(NamedTuple):
    """Batch norm of the first channels of some vectors."""

    gamma: Vector
    beta: Vector
    running_mean: Vector
    running_var: Vector
    momentum: float | None
    """Weight of the mini-batch in the running statistics, where it is normalized by its own statistics; None: by the
    running ones, which stay as they are."""
    epsilon: float


def conv_batch_norm(
    x_BCHW: Images,
    weight: Float[Tensor, "most_out most_in K K"],
    norm: BatchNorm,
    num_channels: int,
    kernel_size: int,
    *,
    relu: bool = True,
    add_to: Output | None = None,
) -> Output:
    """Convolution of stride 1 that keeps the size, batch norm, ReLU, and the sum with other maps.

    Args:
        x_BCHW: input; its channels use the first input channels of the weight.
        weight: its first channels, and of its kernel the centre, are used.
        norm: constants and statistics, of which the first channels are used; training updates the running ones.
        num_channels: channels that come out.
        kernel_size: 1 or 3, at most that of the weight.
        relu: whether ReLU follows.
        add_to: maps that are added to the result.

    References: Ioffe and Szegedy 2015, arXiv:1502.03167.
    """
    compiled = has_kernels(x_BCHW)
    if compiled and norm.momentum is not None:
        return _apply(
            _ConvBatchNorm, x_BCHW, weight, norm.gamma, norm.beta, add_to, (norm, num_channels, kernel_size, relu)
        )
    border = (weight.shape[2] - kernel_size) // 2
    kernel = slice(border, border + kernel_size)
    weight = weight[:num_channels, : x_BCHW.shape[1], kernel, kernel]
    gamma, beta, mean, var = (vector[:num_channels] for vector in norm[:4])
    if norm.momentum is None:
        # With fixed statistics, batch norm is a scale and a shift: one pass over the data less.
        scale = gamma * torch.rsqrt(var + norm.epsilon)
        weight, bias = weight * scale.view(-1, 1, 1, 1), beta - mean * scale
        if compiled and not (torch.is_grad_enabled() and _need_gradients(x_BCHW, weight, bias)):
            output = _conv_bias(x_BCHW, weight, bias, relu=relu)
        else:
            output = F.conv2d(x_BCHW, weight, bias, padding=kernel_size // 2)
            output = F.relu_(output) if relu else output
    else:
        output = F.conv2d(x_BCHW, weight, padding=kernel_size // 2)
        output = F.batch_norm(output, mean, var, gamma, beta, True, norm.momentum, norm.epsilon)
        output = F.relu_(output) if relu else output
    return output if add_to is None else output + add_to


def max_pool_3x3(x_BCHW: Images) -> Images:
    """Maximum over 3 x 3 neighbourhoods, stride 1; the border does not count."""
    if not has_kernels(x_BCHW):
        return F.max_pool2d(x_BCHW, 3, stride=1, padding=1)
    return _apply(_MaxPool3x3, x_BCHW)


def max_pool_2x2(x_BCHW: Images) -> Float[Tensor, "B C h w"]:
    """Maximum over 2 x 2 pixels, stride 2; an odd last row or column is left out."""
    if not has_kernels(x_BCHW) or min(x_BCHW.shape[2:]) < 2:
        return F.max_pool2d(x_BCHW, 2)
    return _apply(_MaxPool2x2, x_BCHW)


def global_average_pool(x_BCHW: Images) -> Float[Tensor, "B C"]:
    """Mean over all pixels."""
    if not has_kernels(x_BCHW):
        return x_BCHW.mean(dim=(2, 3))
    return _apply(_GlobalAveragePool, x_BCHW)


def first_channels(x_BCHW: Images, num_channels: int) -> Output:
    """The first channels of maps, without a copy."""
    if x_BCHW.shape[1] == num_channels:
        return x_BCHW
    if not has_kernels(x_BCHW):
        return x_BCHW[:, :num_channels]
    return _apply(_FirstChannels, x_BCHW, num_channels)


def add_maps(maps: Sequence[Images]) -> Images | None:
    """Sum of maps of the same size; None if there are none."""
    return sum(maps[1:], start=maps[0]) if maps else None


def concatenate(maps: Sequence[Float[Tensor, "B _ H W"]]) -> Output | None:
    """The channels of all maps, one map after the other; None if there are none."""
    if len(maps) < 2:
        return maps[0] if maps else None
    if not has_kernels(maps[0]):
        return torch.cat(list(maps), dim=1)
    return torch.cat([one.permute(2, 3, 1, 0) for one in maps], dim=2).permute(3, 2, 0, 1)


def refuse_second_derivatives() -> None:
    """Called on the way back: PyTorch computes gradients of it where `create_graph` requires them."""
    if torch.is_grad_enabled():
        raise NotImplementedError("operations on processors have no second derivatives")


def _apply(function: type[torch.autograd.Function], *arguments: Any) -> Tensor:
    """Apply an autograd function, with PyTorch's checks where a transform of `torch.func` is active."""
    if torch._C._are_functorch_transforms_active():
        return function.apply(*arguments)  # type: ignore[no-untyped-call, no-any-return]
    result: Tensor = super(torch.autograd.Function, function).apply(*arguments)  # type: ignore[misc]
    return result


def has_kernels(x: Images) -> bool:
    """Whether there are kernels for such maps: on a processor, at least a vector of images, and no other precision."""
    if not x.is_cpu or torch.is_autocast_enabled("cpu"):
        return False
    return x.dtype in PRECISIONS and x.shape[0] >= lanes(x.element_size())


def _need_gradients(*tensors: Tensor) -> bool:
    return any(tensor.requires_grad for tensor in tensors)


def images_innermost(x: Images) -> tuple[Images, int]:
    """Maps as the kernels read them, copied if they are in another layout; and the distance of their pixels.

    The pixels may be apart, as in the first channels of wider maps, or all the same.
    """
    batch, channels, height, width = x.shape
    image, channel, row, column = x.stride()
    pixel = column if width > 1 else row if height > 1 else channels * batch
    rows = height == 1 or width == 1 or row == width * pixel
    if image == 1 and (channels == 1 or channel == batch) and rows:
        return x, pixel
    return x.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1), channels * batch


def _empty(like: Tensor, channels: int, height: int, width: int, dtype: torch.dtype | None = None) -> Tensor:
    """Room for maps of this number of channels, with the images innermost."""
    batch = like.shape[0]
    pixel = channels * batch
    strides = (1, batch, width * pixel, pixel)
    return torch.empty_strided((batch, channels, height, width), strides, dtype=dtype or like.dtype)


def _kernel(module: Any, name: str, work: int) -> Callable[..., None]:
    """A compiled function, on as many threads as PyTorch has, or on the calling one where there is little to do.

    numba's threads are those of PyTorch on Linux, where both use the OpenMP that is loaded; elsewhere the two would
    compete, so that kernels run on the calling thread.
    """
    num_threads = torch.get_num_threads()
    parallel = num_threads > 1 and work > WORTH_THREADS and sys.platform == "linux"
    if parallel:
        numba.set_num_threads(min(num_threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    kernel: Callable[..., None] = getattr(module, f"{name}_{'parallel' if parallel else 'serial'}")
    return kernel


def _floor(*, relu: bool) -> float:
    """The least value of the output of an operation."""
    return 0.0 if relu else -math.inf


def _conv_bias(x: Images, weight: Tensor, bias: Tensor, *, relu: bool) -> Output:
    """Convolution with a bias, and ReLU; no gradients."""
    x, pixel = images_innermost(x)
    batch, num_in, height, width = x.shape
    num_out, _, kernel_size, _ = weight.shape
    y = _empty(x, num_out, height, width)
    zero = PRECISIONS[x.dtype]
    shape = (height, width, num_in, num_out, batch, kernel_size, pixel)
    run = _kernel(convolution_kernel, "forward", y.numel() * num_in)
    maps, numbers = (x.data_ptr(), 0, 0, 0, y.data_ptr(), 0), (0.0, 0.0, _floor(relu=relu))
    run(zero, shape, _address(weight, kernel_size), maps, bias.data_ptr(), (0, 0, 0, 0), numbers)
    return y


class _ConvBatchNorm(torch.autograd.Function):
    """Convolution, batch norm by the statistics of the mini-batch, ReLU, sum."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        gamma: Tensor,
        beta: Tensor,
        add_to: Tensor | None,
        settings: tuple[BatchNorm, int, int, bool],
    ) -> Tensor:
        norm, num_out, kernel_size, relu = settings
        x, pixel = images_innermost(x)
        other, other_pixel = (None, 0) if add_to is None else images_innermost(add_to)
        batch, num_in, height, width = x.shape
        zero = PRECISIONS[x.dtype]
        shape = (height, width, num_in, num_out, batch, kernel_size, pixel)
        convolved, y = (_empty(x, num_out, height, width) for _ in range(2))
        kept = torch.empty((4, num_out), dtype=torch.float64)
        maps = (
            x.data_ptr(),
            0 if other is None else other.data_ptr(),
            other_pixel,
            convolved.data_ptr(),
            y.data_ptr(),
            kept.data_ptr(),
        )
        vectors = (gamma.data_ptr(), beta.data_ptr(), norm.running_mean.data_ptr(), norm.running_var.data_ptr())
        numbers = (norm.momentum, norm.epsilon, _floor(relu=relu))
        run = _kernel(convolution_kernel, "forward", y.numel() * num_in)
        run(zero, shape, _address(weight, kernel_size), maps, 0, vectors, numbers)
        ctx.save_for_backward(x, weight, convolved, kept)
        ctx.shape, ctx.relu, ctx.vectors = shape, relu, (gamma, beta)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivatives()
        x, weight, convolved, kept = ctx.saved_tensors
        height, width, num_in, _, _, kernel_size, _ = ctx.shape
        gradient, pixel = images_innermost(gradient)
        zero = PRECISIONS[x.dtype]
        dx = _empty(x, num_in, height, width) if ctx.needs_input_grad[0] else None
        d_weight = torch.zeros_like(weight)
        d_gamma, d_beta = (torch.zeros_like(vector) for vector in ctx.vectors)
        maps = (
            x.data_ptr(),
            convolved.data_ptr(),
            kept.data_ptr(),
            gradient.data_ptr(),
            pixel,
            0 if dx is None else dx.data_ptr(),
        )
        run = _kernel(convolution_backward_kernel, "backward", convolved.numel() * num_in)
        run(
            zero,
            ctx.shape,
            _address(weight, kernel_size),
            maps,
            _floor(relu=ctx.relu),
            _address(d_weight, kernel_size),
            (d_gamma.data_ptr(), d_beta.data_ptr()),
        )
        to_other = gradient if ctx.needs_input_grad[4] else None
        return dx, d_weight, d_gamma, d_beta, to_other, None


def _address(weight: Tensor, kernel_size: int) -> tuple[int, ...]:
    """Address of the first element of a weight that a kernel of this size uses, and the distances of elements."""
    border = (weight.shape[2] - kernel_size) // 2
    strides = weight.stride()
    return weight.data_ptr() + border * (strides[2] + strides[3]) * weight.element_size(), *strides


class _MaxPool3x3(torch.autograd.Function):
    """Maximum over 3 x 3 pixels with stride 1."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        needs_gradient = ctx.needs_input_grad[0]
        x, pixel = images_innermost(x)
        batch, channels, height, width = x.shape
        y = _empty(x, channels, height, width)
        ctx.shape = (height, width, channels * batch)
        arguments = (PRECISIONS[x.dtype], ctx.shape, x.data_ptr(), pixel, y.data_ptr())
        if needs_gradient:
            winners = _empty(x, channels, height, width, torch.uint8)
            _kernel(pooling_kernel, "max_pool_3x3", y.numel())(*arguments, winners.data_ptr())
            ctx.save_for_backward(winners)
        else:
            _kernel(pooling_kernel, "max_pool_3x3_only", y.numel())(*arguments)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        return _pool_backward("max_pool_3x3_backward", ctx, gradient)


class _MaxPool2x2(torch.autograd.Function):
    """Maximum over 2 x 2 pixels with stride 2."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x, pixel = images_innermost(x)
        batch, channels, height, width = x.shape
        y = _empty(x, channels, height // 2, width // 2)
        winners = torch.empty_like(y, dtype=torch.uint8)
        ctx.shape = (height, width, channels * batch)
        _kernel(pooling_kernel, "max_pool_2x2", y.numel())(
            PRECISIONS[x.dtype], ctx.shape, x.data_ptr(), pixel, y.data_ptr(), winners.data_ptr()
        )
        ctx.save_for_backward(winners)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        return _pool_backward("max_pool_2x2_backward", ctx, gradient)


def _pool_backward(name: str, ctx: Any, gradient: Tensor) -> Tensor:
    """The way back of a pooling, from the positions of the maxima."""
    (winners,) = ctx.saved_tensors
    gradient, pixel = images_innermost(gradient)
    dx = _empty(gradient, gradient.shape[1], *ctx.shape[:2])
    _kernel(pooling_kernel, name, dx.numel())(
        PRECISIONS[gradient.dtype], ctx.shape, gradient.data_ptr(), pixel, winners.data_ptr(), dx.data_ptr()
    )
    return dx


class _GlobalAveragePool(torch.autograd.Function):
    """Mean over pixels, whose gradient is the same at all of them and is not copied."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.shape = x.shape
        return x.mean(dim=(2, 3))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        batch, channels, height, width = ctx.shape
        shared = (gradient / (height * width)).t().contiguous().t()
        gradients: Tensor = shared[:, :, None, None].expand(batch, channels, height, width)
        return gradients


class _FirstChannels(torch.autograd.Function):
    """The first channels, whose way back keeps the layout of maps."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, num_channels: int) -> Tensor:
        x, _ = images_innermost(x)
        ctx.channels = x.shape[1]
        return x[:, :num_channels]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        refuse_second_derivatives()
        num_channels, height, width = gradient.shape[1:]
        dx = _empty(gradient, ctx.channels, height, width)
        dx[:, :num_channels] = gradient
        dx[:, num_channels:] = 0
        return dx, None
