"""Each operation against PyTorch's own, number for number: output, all gradients, running statistics."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from shareornot.supernet import operations
from shareornot.supernet.operations import BatchNorm, conv_batch_norm

TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5}
SIZES = [
    # images, channels in, channels out, height, width, kernel size
    (64, 4, 4, 6, 6, 3),
    (16, 3, 8, 5, 7, 3),
    (50, 7, 5, 4, 3, 3),
    (70, 5, 6, 8, 9, 1),
    (129, 9, 11, 2, 2, 3),
    (17, 1, 1, 1, 1, 3),
    (33, 16, 2, 33, 1, 1),
    (20, 2, 3, 40, 5, 3),
]


@pytest.fixture(params=[torch.float64, torch.float32], ids=["double", "single"])
def dtype(request):
    return request.param


@pytest.fixture
def plain(monkeypatch):
    """Calls a function with PyTorch's own operations in place of the kernels."""

    def call(function, *args, **kwargs):
        with monkeypatch.context() as patched:
            patched.setattr(operations, "has_kernels", lambda _: False)
            return function(*args, **kwargs)

    return call


class Unit:
    """Weights and statistics that are larger than what is used of them."""

    def __init__(self, num_in, num_out, kernel_size, dtype, *, momentum=0.1):
        generator = torch.Generator().manual_seed(1)

        def random(*shape):
            return torch.randn(shape, generator=generator, dtype=dtype)

        self.weight = random(num_out + 1, num_in + 2, kernel_size, kernel_size).requires_grad_()
        self.gamma, self.beta = (random(num_out + 1).requires_grad_() for _ in range(2))
        self.mean, self.var = random(num_out + 1), random(num_out + 1).exp()
        self.norm = BatchNorm(self.gamma, self.beta, self.mean, self.var, momentum, 1e-5)

    @property
    def tensors(self):
        return self.weight, self.gamma, self.beta


def maps(*shape, dtype, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def assert_close(actual, expected, dtype):
    assert actual.shape == expected.shape
    scale = max(expected.abs().max().item(), 1e-3)
    assert (actual - expected).abs().max().item() <= TOLERANCE[dtype] * scale


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("relu", "adds"), [(True, False), (False, False), (True, True)])
def test_conv_batch_norm_is_that_of_pytorch(sizes, relu, adds, dtype, plain):
    batch, num_in, num_out, height, width, kernel_size = sizes
    results = []
    for call in (lambda function, *args, **kwargs: function(*args, **kwargs), plain):
        unit = Unit(num_in, num_out, kernel_size, dtype)
        x = (maps(batch, num_in, height, width, dtype=dtype) + 3).requires_grad_()
        other = maps(batch, num_out, height, width, dtype=dtype, seed=2).requires_grad_() if adds else None
        y = call(conv_batch_norm, x, unit.weight, unit.norm, num_out, kernel_size, relu=relu, add_to=other)
        weights = maps(*y.shape, dtype=dtype, seed=3)
        inputs = [x, *unit.tensors, *([] if other is None else [other])]
        gradients = torch.autograd.grad((y * weights).sum(), inputs)
        results.append([y.detach(), unit.mean, unit.var, *gradients])
    names = ["output", "mean", "variance", "x", "weight", "gamma", "beta", "other"]
    for name, actual, expected in zip(names, *results, strict=False):
        if name == "weight" and height == width == 1:
            continue  # the gradient is 0 but for rounding, as normalization leaves nothing of one pixel's scale
        assert_close(actual, expected, dtype)


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_the_centre_of_a_kernel_serves_as_a_smaller_one(kernel_size, dtype, plain):
    unit, other = Unit(4, 4, 3, dtype), Unit(4, 4, 3, dtype)
    x = maps(32, 4, 5, 5, dtype=dtype)
    y = conv_batch_norm(x, unit.weight, unit.norm, 4, kernel_size)
    y.square().sum().backward()
    expected = plain(conv_batch_norm, x, other.weight, other.norm, 4, kernel_size)
    expected.square().sum().backward()
    assert_close(y.detach(), expected.detach(), dtype)
    assert_close(unit.weight.grad, other.weight.grad, dtype)
    assert (unit.weight.grad[:, :, 0, 0] == 0).all() == (kernel_size == 1)


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_fixed_statistics(kernel_size, relu, dtype, plain):
    unit = Unit(5, 6, kernel_size, dtype, momentum=None)
    x, other = maps(70, 5, 6, 4, dtype=dtype), maps(70, 6, 6, 4, dtype=dtype, seed=2)
    before = unit.mean.clone(), unit.var.clone()
    with torch.no_grad():
        y = conv_batch_norm(x, unit.weight, unit.norm, 6, kernel_size, relu=relu, add_to=other)
    expected = plain(conv_batch_norm, x, unit.weight, unit.norm, 6, kernel_size, relu=relu, add_to=other)
    assert_close(y, expected.detach(), dtype)
    assert torch.equal(unit.mean, before[0])
    assert torch.equal(unit.var, before[1])


def test_gradients_flow_through_fixed_statistics(dtype):
    unit = Unit(5, 6, 3, dtype, momentum=None)
    conv_batch_norm(maps(20, 5, 6, 4, dtype=dtype), unit.weight, unit.norm, 6, 3).sum().backward()
    assert all(tensor.grad.abs().max() > 0 for tensor in unit.tensors)


def test_gradients_are_those_of_finite_differences():
    unit = Unit(2, 2, 3, torch.float64)
    x = maps(8, 2, 3, 2, dtype=torch.float64).requires_grad_()
    other = maps(8, 2, 3, 2, dtype=torch.float64, seed=2).requires_grad_()

    def run(x, weight, gamma, beta, other):
        norm = unit.norm._replace(gamma=gamma, beta=beta)
        return conv_batch_norm(x, weight, norm, 2, 3, add_to=other)

    assert operations.has_kernels(x)
    assert torch.autograd.gradcheck(run, (x, *unit.tensors, other))


def test_second_derivatives_are_refused():
    unit = Unit(2, 2, 3, torch.float32)
    y = conv_batch_norm(maps(16, 2, 3, 2, dtype=torch.float32), unit.weight, unit.norm, 2, 3)
    with pytest.raises(NotImplementedError, match="second derivatives"):
        torch.autograd.grad(y.sum(), unit.gamma, create_graph=True)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
@pytest.mark.parametrize("name", ["max_pool_3x3", "max_pool_2x2", "global_average_pool"])
def test_pooling_is_that_of_pytorch(name, size, dtype, plain):
    if name == "max_pool_2x2" and size == 1:
        pytest.skip("no 2 x 2 pixels")
    function = getattr(operations, name)
    # Whole numbers, so that there are ties: the first of the largest gets the gradient.
    x = torch.randint(0, 4, (21, 3, size, size + 1), generator=torch.Generator().manual_seed(0)).to(dtype)
    mine, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, expected = function(mine), plain(function, theirs)
    weights = maps(*y.shape, dtype=dtype)
    (y * weights).sum().backward()
    (expected * weights).sum().backward()
    assert_close(y.detach(), expected.detach(), dtype)
    assert_close(mine.grad, theirs.grad, dtype)
    with torch.no_grad():
        assert torch.equal(function(x), y)


def test_maxima_of_what_is_not_a_number():
    x = maps(16, 2, 4, 4, dtype=torch.float32)
    x[3, 1, 2, 2] = math.nan
    for function in (operations.max_pool_3x3, lambda x: operations.max_pool_3x3(x.requires_grad_()).detach()):
        expected = F.max_pool2d(x, 3, stride=1, padding=1).detach()
        assert torch.equal(function(x).isnan(), expected.isnan())


def test_a_diverged_network_stays_diverged():
    unit = Unit(4, 4, 3, torch.float32)
    x = maps(16, 4, 4, 4, dtype=torch.float32)
    x[0, 0, 0, 0] = math.nan
    assert conv_batch_norm(x, unit.weight, unit.norm, 4, 3).isnan().all()
    assert unit.mean[:4].isnan().all()


def test_first_channels_and_concatenation(dtype, plain):
    results = []
    for call in (lambda function, *args: function(*args), plain):
        x = maps(24, 5, 3, 2, dtype=dtype).requires_grad_()
        narrow, wide = call(operations.first_channels, x, 2), call(operations.first_channels, x, 5)
        y = call(operations.concatenate, [wide, narrow, wide])
        (y * maps(*y.shape, dtype=dtype, seed=1)).sum().backward()
        results.append((y.detach(), x.grad))
    for actual, expected in zip(*results, strict=True):
        assert_close(actual, expected, dtype)
    assert operations.concatenate([]) is None
    assert operations.add_maps([]) is None


def test_a_part_of_wider_maps_is_read_in_place(dtype):
    wide = operations.concatenate([maps(24, 5, 3, 2, dtype=dtype), maps(24, 2, 3, 2, dtype=dtype)])
    part, pixel = operations.images_innermost(wide[:, :3])
    assert part.data_ptr() == wide.data_ptr()
    assert pixel == 7 * 24
    unit, other = Unit(3, 4, 3, dtype), Unit(3, 4, 3, dtype)
    actual = conv_batch_norm(wide[:, :3], unit.weight, unit.norm, 4, 3)
    expected = conv_batch_norm(wide[:, :3].contiguous(), other.weight, other.norm, 4, 3)
    assert torch.equal(actual, expected)


def test_variances_are_exact_where_pytorch_is_careless():
    """A mean far from 0, and many values: the case in which sums of squares lose most digits."""
    unit = Unit(2, 4, 1, torch.float32, momentum=1.0)
    x = maps(256, 2, 32, 32, dtype=torch.float32) + 5
    conv_batch_norm(x, unit.weight, unit.norm, 4, 1)
    exact = F.conv2d(x.double(), unit.weight[:4, :2].double()).var(dim=(0, 2, 3))
    assert ((unit.var[:4] - exact) / exact).abs().max() < 3e-6


@pytest.mark.parametrize("batch", [64, 50, 200])
def test_the_bits_do_not_depend_on_the_number_of_threads(batch, monkeypatch):
    monkeypatch.setattr(operations, "WORTH_THREADS", 0)
    results = []
    before = torch.get_num_threads()
    try:
        for num_threads in (1, 2, 1):
            torch.set_num_threads(num_threads)
            unit = Unit(6, 5, 3, torch.float32)
            x = maps(batch, 6, 9, 8, dtype=torch.float32).requires_grad_()
            y = operations.max_pool_3x3(conv_batch_norm(x, unit.weight, unit.norm, 5, 3))
            gradients = torch.autograd.grad((y * maps(*y.shape, dtype=torch.float32, seed=1)).sum(), (x, *unit.tensors))
            fixed = conv_batch_norm(
                x.detach(),
                unit.weight.detach(),
                unit.norm._replace(momentum=None, gamma=unit.gamma.detach(), beta=unit.beta.detach()),
                5,
                3,
            )
            results.append((y.detach(), unit.mean, unit.var, fixed, *gradients))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


@pytest.mark.parametrize(
    ("batch", "dtype", "kernels"),
    [
        (15, torch.float32, False),
        (16, torch.float32, True),
        (7, torch.float64, False),
        (8, torch.float64, True),
        (64, torch.bfloat16, False),
    ],
)
def test_small_mini_batches_and_other_precisions_are_left_to_pytorch(batch, dtype, kernels):
    assert operations.has_kernels(torch.zeros(batch, 1, 1, 1, dtype=dtype)) == kernels


def test_small_mini_batches_give_the_same_numbers():
    whole, parts = Unit(3, 4, 3, torch.float64, momentum=None), Unit(3, 4, 3, torch.float64, momentum=None)
    x = maps(16, 3, 4, 4, dtype=torch.float64)
    with torch.no_grad():
        together = conv_batch_norm(x, whole.weight, whole.norm, 4, 3)
        apart = torch.cat([conv_batch_norm(part, parts.weight, parts.norm, 4, 3) for part in x.split(5)])
    assert_close(together, apart, torch.float64)


def test_transforms_of_functions_are_refused_by_pytorch_with_the_reason():
    maps = torch.ones(32, 4, 8, 8)
    with pytest.raises(RuntimeError, match="functorch transforms"):
        torch.func.grad(lambda x: operations.max_pool_3x3(x).sum())(maps)
