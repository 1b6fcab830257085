"""Inner loops of the compiled operations as explicit vector code for numba.

Each function is an `intrinsic`: numba inserts the LLVM instructions that it emits into the calling kernel. The vectors,
the registers that hold sums and the order of all additions are therefore part of this file instead of choices of the
compiler, and the same inputs give the same bits wherever the kernel runs.

Arrays are flat. A map is a sequence of pixels; a pixel holds its channels one after the other, and a channel holds one
value per image of the mini-batch. The loops handle a *window* of up to `VECTORS` vectors of images. A window whose
width is not a multiple of a vector ends with a vector that overlaps the one before; outputs are then written twice with
the same value, and sums leave out the lanes that were counted before. So no load or store needs a mask, but a window
must be at least one vector wide (`lanes`: 16 images in single precision, 8 in double precision).
"""

from collections.abc import Callable, Sequence
from typing import Any, no_type_check

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

VECTORS = 4
"""Vectors of images in a window."""
VECTOR_BYTES = 64
I64 = ir.IntType(64)
I32 = ir.IntType(32)


def lanes(itemsize: int) -> int:
    """Number of values of a given size that fit into a vector."""
    return VECTOR_BYTES // itemsize


def window_images(itemsize: int) -> int:
    """Images in a full window."""
    return VECTORS * lanes(itemsize)


@no_type_check
class _Vectors:
    """Emits vector instructions for one element type.

    Args:
        context, builder: objects of numba and LLVM.
        dtype: numba's type of an element.
        count: width of the window, an LLVM integer.
    """

    def __init__(self, context, builder, dtype, count):
        self.context, self.builder = context, builder
        self.size = dtype.bitwidth // 8
        self.lanes = VECTOR_BYTES // self.size
        self.type = ir.VectorType(context.get_value_type(dtype), self.lanes)
        self.zero = ir.Constant(self.type, [0.0] * self.lanes)
        name = f"llvm.fma.v{self.lanes}f{dtype.bitwidth}"
        self._fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(self.type, [self.type] * 3), name)
        last = builder.sub(count, integer(self.lanes))
        self.starts = []
        for number in range(VECTORS):
            start = integer(number * self.lanes)
            self.starts.append(builder.select(builder.icmp_signed("<", start, last), start, last))

    def load(self, pointer, offset):
        loaded = self.builder.load(self._at(pointer, offset))
        loaded.align = self.size
        return loaded

    def store(self, value, pointer, offset):
        self.builder.store(value, self._at(pointer, offset)).align = self.size

    def splat(self, scalar):
        """A vector that holds a scalar in every lane."""
        return self._splat(scalar, self.type)

    def fma(self, a, b, c):
        """The sum of a product and a number, a * b + c, rounded once."""
        return self.builder.call(self._fma, [a, b, c])

    def at_least(self, floor, value):
        """The larger of both; a value that is not a number stays so."""
        return self.builder.select(self.builder.fcmp_ordered("<=", value, floor), floor, value)

    def fresh(self, skip):
        """Lanes of each vector of the window that no vector or window before it has counted."""
        wide = ir.VectorType(I64, self.lanes)
        masks = []
        for number, start in enumerate(self.starts):
            nominal = integer(number * self.lanes)
            first = self.builder.select(self.builder.icmp_signed("<", nominal, skip), skip, nominal)
            position = self.builder.add(ir.Constant(wide, list(range(self.lanes))), self._splat(start, wide))
            masks.append(self.builder.icmp_signed(">=", position, self._splat(first, wide)))
        return masks

    def add_total(self, parts, pointer, offset):
        """Add the sum over all lanes of some vectors to a number in double precision; halves are added to halves."""
        builder = self.builder
        while len(parts) > 1:
            half = len(parts) // 2
            parts = [builder.fadd(one, other) for one, other in zip(parts[:half], parts[half:], strict=True)]
        vector, width = parts[0], self.lanes
        while width > 1:
            width //= 2
            order = [lane + width if lane < width else lane for lane in range(self.lanes)]
            upper = builder.shuffle_vector(vector, self.zero, ir.Constant(ir.VectorType(I32, self.lanes), order))
            vector = builder.fadd(vector, upper)
        total = builder.extract_element(vector, ir.Constant(I32, 0))
        if self.size < 8:
            total = builder.fpext(total, ir.DoubleType())
        target = builder.gep(pointer, [offset])
        builder.store(builder.fadd(builder.load(target), total), target)

    def variables(self, number):
        """Vectors that stay in registers over a loop, set to 0."""
        made = [cgutils.alloca_once(self.builder, self.type) for _ in range(number)]
        for variable in made:
            self.builder.store(self.zero, variable)
        return made

    def _splat(self, scalar, kind):
        undefined = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
        order = ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count)
        return self.builder.shuffle_vector(first, undefined, order)

    def _at(self, pointer, offset):
        return self.builder.bitcast(self.builder.gep(pointer, [offset]), self.type.as_pointer())


def integer(value: int) -> ir.Constant:
    """A constant of 64 bits."""
    return ir.Constant(I64, value)


@no_type_check
def _data(context, builder, kind, array):
    """Pointer to the first element of a numba array."""
    return context.make_array(kind)(context, builder, array).data


@intrinsic
@no_type_check
def flat(typing_context, address, zero):
    """The memory at an address, an integer, as a flat array of elements of the type of `zero`."""
    kind = types.Array(zero, 1, "C")

    def generate(context, builder, signature, arguments):
        array = context.make_array(kind)(context, builder)
        size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
        populate_array(
            array,
            data=builder.inttoptr(arguments[0], array.data.type),
            shape=[context.get_constant(types.intp, 1 << 48)],
            strides=[size],
            itemsize=size,
            meminfo=None,
        )
        return array._getvalue()

    return kind(types.intp, zero), generate


@no_type_check
def _make_multiply(num_out: int) -> Callable[..., None]:
    @intrinsic
    def multiply(
        typing_context, x, x_taps, w, w_taps, num_taps, num_in, steps, out, out_at, bias, floor, finish, count
    ):
        """Matrix products of a window, summed over taps, for `num_out` channels that come out.

            out[out_at + d * out_step + n] = sum over k, c of
                w[w_taps[k] + c * w_step + d] * x[x_taps[k] + c * x_step + n]

        `steps` is (x_step, w_step, out_step). If `finish` is true, the result is max(floor, bias[d] + sum).
        """
        signature = types.void(
            x, x_taps, w, w_taps, types.intp, types.intp, steps, out, types.intp, bias, floor, types.boolean, types.intp
        )

        def generate(context, builder, signature, arguments):
            kinds = signature.args
            vectors = _Vectors(context, builder, kinds[0].dtype, arguments[12])
            xs, x_places, ws, w_places, outs, biases = (
                _data(context, builder, kinds[i], arguments[i]) for i in (0, 1, 2, 3, 7, 9)
            )
            num_taps, num_in, out_at, finish = arguments[4], arguments[5], arguments[8], arguments[11]
            x_step, w_step, out_step = (builder.extract_value(arguments[6], i) for i in range(3))
            sums = [vectors.variables(VECTORS) for _ in range(num_out)]
            with builder.if_then(finish):
                for d, row in enumerate(sums):
                    value = vectors.splat(builder.load(builder.gep(biases, [integer(d)])))
                    for variable in row:
                        builder.store(value, variable)
            with cgutils.for_range(builder, num_taps) as tap:
                x_at = builder.load(builder.gep(x_places, [tap.index]))
                w_at = builder.load(builder.gep(w_places, [tap.index]))
                with cgutils.for_range(builder, num_in) as c:
                    place = builder.add(x_at, builder.mul(c.index, x_step))
                    values = [vectors.load(xs, builder.add(place, start)) for start in vectors.starts]
                    place = builder.add(w_at, builder.mul(c.index, w_step))
                    for d, row in enumerate(sums):
                        weight = vectors.splat(builder.load(builder.gep(ws, [builder.add(place, integer(d))])))
                        for value, variable in zip(values, row, strict=True):
                            builder.store(vectors.fma(weight, value, builder.load(variable)), variable)
            with builder.if_then(finish):
                least = vectors.splat(arguments[10])
                for variable in (variable for row in sums for variable in row):
                    builder.store(vectors.at_least(least, builder.load(variable)), variable)
            for d, row in enumerate(sums):
                place = builder.add(out_at, builder.mul(out_step, integer(d)))
                for start, variable in zip(vectors.starts, row, strict=True):
                    vectors.store(builder.load(variable), outs, builder.add(place, start))
            return context.get_dummy_value()

        return signature, generate

    return multiply


@no_type_check
def _make_products(num_out: int, num_in: int) -> Callable[..., None]:
    @intrinsic
    def products(typing_context, g, g_at, x, x_at, steps, num_pixels, out, out_at, out_step, count, skip):
        """Sums of products over some pixels and a window of images.

            out[out_at + c * out_step + d] += sum over p, n of
                g[g_at + p * g_pixel + d * g_step + n] * x[x_at + p * x_pixel + c * x_step + n]

        `steps` is (g_pixel, g_step, x_pixel, x_step); `out` has double precision; the first `skip` images of the
        window are left out.
        """
        signature = types.void(
            g, types.intp, x, types.intp, steps, types.intp, out, types.intp, types.intp, types.intp, types.intp
        )

        def generate(context, builder, signature, arguments):
            kinds = signature.args
            vectors = _Vectors(context, builder, kinds[0].dtype, arguments[9])
            gs, xs, outs = (_data(context, builder, kinds[i], arguments[i]) for i in (0, 2, 6))
            g_at, x_at, num_pixels, out_at, out_step = (arguments[i] for i in (1, 3, 5, 7, 8))
            g_pixel, g_step, x_pixel, x_step = (builder.extract_value(arguments[4], i) for i in range(4))
            fresh = vectors.fresh(arguments[10])
            sums = [vectors.variables(num_in) for _ in range(num_out)]
            with cgutils.for_range(builder, num_pixels) as pixel:
                g_place = builder.add(g_at, builder.mul(pixel.index, g_pixel))
                x_place = builder.add(x_at, builder.mul(pixel.index, x_pixel))
                for start, mask in zip(vectors.starts, fresh, strict=True):
                    values = [
                        vectors.load(xs, builder.add(builder.add(x_place, start), builder.mul(x_step, integer(c))))
                        for c in range(num_in)
                    ]
                    for d, row in enumerate(sums):
                        place = builder.add(builder.add(g_place, start), builder.mul(g_step, integer(d)))
                        gradient = builder.select(mask, vectors.load(gs, place), vectors.zero)
                        for value, variable in zip(values, row, strict=True):
                            builder.store(vectors.fma(gradient, value, builder.load(variable)), variable)
            for d, row in enumerate(sums):
                for c, variable in enumerate(row):
                    place = builder.add(out_at, builder.add(builder.mul(out_step, integer(c)), integer(d)))
                    vectors.add_total([builder.load(variable)], outs, place)
            return context.get_dummy_value()

        return signature, generate

    return products


@no_type_check
def _make_pass(
    num_inputs: int, num_outputs: int, num_sums: int, body: Callable[..., Sequence[Any]]
) -> Callable[..., None]:
    @intrinsic
    def run(typing_context, arrays, places, pixel_steps, channel_steps, constants, sums, shape, count, skip):
        """One pass over some pixels and a window of images: inputs to outputs, and to sums over pixels and images.

        Args:
            arrays, places, pixel_steps, channel_steps: tuples with an entry for each input, then for each output.
            constants: (constants, channels), flat.
            sums: (sums, channels), flat, in double precision; added to.
            shape: (pixels, channels).
            count, skip: width of the window, and images of it that sums leave out.
        """
        signature = types.void(
            arrays, places, pixel_steps, channel_steps, constants, sums, shape, types.intp, types.intp
        )

        def generate(context, builder, signature, arguments):
            kinds = signature.args
            vectors = _Vectors(context, builder, kinds[0].dtype.dtype, arguments[7])
            number = num_inputs + num_outputs
            data = [
                _data(context, builder, kinds[0].dtype, builder.extract_value(arguments[0], i)) for i in range(number)
            ]
            places, pixel_steps, channel_steps = (
                [builder.extract_value(arguments[k], i) for i in range(number)] for k in (1, 2, 3)
            )
            values, totals = (_data(context, builder, kinds[k], arguments[k]) for k in (4, 5))
            num_pixels, num_channels = (builder.extract_value(arguments[6], i) for i in range(2))
            fresh = vectors.fresh(arguments[8]) if num_sums else [None] * VECTORS

            def of_one(pixel, channel):
                def constant(k):
                    place = builder.add(builder.mul(num_channels, integer(k)), channel)
                    return vectors.splat(builder.load(builder.gep(values, [place])))

                at = [
                    builder.add(place, builder.add(builder.mul(pixel, p), builder.mul(channel, c)))
                    for place, p, c in zip(places, pixel_steps, channel_steps, strict=True)
                ]
                for number, (start, mask) in enumerate(zip(vectors.starts, fresh, strict=True)):
                    inputs = [vectors.load(data[i], builder.add(at[i], start)) for i in range(num_inputs)]
                    results = body(vectors, constant, *inputs)
                    for i, result in enumerate(results[:num_outputs], start=num_inputs):
                        vectors.store(result, data[i], builder.add(at[i], start))
                    for row, result in zip(accumulators, results[num_outputs:], strict=True):
                        counted = builder.select(mask, result, vectors.zero)
                        builder.store(builder.fadd(builder.load(row[number]), counted), row[number])

            if num_sums:
                # Channel after channel, so that the sums stay in registers.
                with cgutils.for_range(builder, num_channels) as channel:
                    accumulators = [vectors.variables(VECTORS) for _ in range(num_sums)]
                    with cgutils.for_range(builder, num_pixels) as pixel:
                        of_one(pixel.index, channel.index)
                    for k, row in enumerate(accumulators):
                        place = builder.add(builder.mul(num_channels, integer(k)), channel.index)
                        vectors.add_total([builder.load(variable) for variable in row], totals, place)
            else:
                accumulators = []
                with cgutils.for_range(builder, num_pixels) as pixel, cgutils.for_range(builder, num_channels) as one:
                    of_one(pixel.index, one.index)
            return context.get_dummy_value()

        return signature, generate

    return run


@no_type_check
def _deviations(vectors, constant, x):
    """Constants: a value near the mean."""
    deviation = vectors.builder.fsub(x, constant(0))
    return deviation, vectors.builder.fmul(deviation, deviation)


@no_type_check
def _scale_relu(vectors, constant, x):
    """Constants: scale, shift, floor; the floor is 0 for ReLU and minus infinity without."""
    return (vectors.at_least(constant(2), vectors.fma(x, constant(0), constant(1))),)


@no_type_check
def _scale_relu_add(vectors, constant, x, other):
    (value,) = _scale_relu(vectors, constant, x)
    return (vectors.builder.fadd(other, value),)


@no_type_check
def _passed(vectors, constant, x, gradient):
    """The gradient where scale * x + shift is above the floor."""
    builder = vectors.builder
    closed = builder.fcmp_ordered("<=", vectors.fma(x, constant(0), constant(1)), constant(2))
    return builder.select(closed, vectors.zero, gradient)


@no_type_check
def _gradient_sums(vectors, constant, x, gradient):
    """Constants: scale, shift, floor, mean."""
    builder = vectors.builder
    passed = _passed(vectors, constant, x, gradient)
    return passed, builder.fmul(passed, builder.fsub(x, constant(3)))


@no_type_check
def _gradient(vectors, constant, x, gradient):
    """Constants: scale, shift, floor, slope, offset."""
    passed = _passed(vectors, constant, x, gradient)
    return (vectors.fma(constant(0), passed, vectors.fma(constant(3), x, constant(4))),)


multiply_1, multiply_2, multiply_3, multiply_4 = (_make_multiply(num_out) for num_out in (1, 2, 3, 4))
products_4_4, products_4_1, products_1_4, products_1_1 = (
    _make_products(num_out, num_in) for num_out in (4, 1) for num_in in (4, 1)
)
deviations = _make_pass(1, 0, 2, _deviations)
scale_relu = _make_pass(1, 1, 0, _scale_relu)
scale_relu_add = _make_pass(2, 1, 0, _scale_relu_add)
gradient_sums = _make_pass(2, 0, 2, _gradient_sums)
gradient = _make_pass(2, 1, 0, _gradient)
