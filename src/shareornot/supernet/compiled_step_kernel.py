"""What a step of the compiled engine does beside its program: pooling and dense layer, loss, moving the parameters.

Images lie as in `compiled_kernel`: (channels, height, width, batch), flat.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

from shareornot.supernet.compiled_kernel import OPTIONS


@no_type_check
@njit(**OPTIONS)
def head(x: Any, num_channels: int, area: int, batch: int, weight: Any, bias: Any, features: Any, logits: Any) -> None:
    """Global average pooling and the dense layer; `features` is (channels, batch), `logits` (classes, batch)."""
    for c in range(num_channels):
        mean = features[c]
        mean[:] = 0
        for pixel in range(area):
            values = x[(c * area + pixel) * batch : (c * area + pixel + 1) * batch]
            for p in range(batch):
                mean[p] += values[p]
        for p in range(batch):
            mean[p] /= area
    for k in range(len(bias)):
        logits[k, :] = bias[k]
        for c in range(num_channels):
            factor = weight[k * num_channels + c]
            for p in range(batch):
                logits[k, p] += factor * features[c, p]


@no_type_check
@njit(**OPTIONS)
def loss_and_slopes(logits: Any, labels: Any, share: float, d_logits: Any) -> float:
    """Mean cross-entropy times `share`, and its gradient by the logits."""
    num_classes, batch = logits.shape
    loss = 0.0
    for p in range(batch):
        top = logits[0, p]
        for k in range(num_classes):
            top = max(top, logits[k, p])
        total = 0.0
        for k in range(num_classes):
            total += np.exp(np.float64(logits[k, p] - top))
        loss += np.log(total) + top - logits[labels[p], p]
        for k in range(num_classes):
            probability = np.exp(np.float64(logits[k, p] - top)) / total
            d_logits[k, p] = (probability - (1.0 if k == labels[p] else 0.0)) * share / batch
    return loss * share / batch


@no_type_check
@njit(**OPTIONS)
def head_backward(d_logits: Any, features: Any, area: int, weight: Any, d_weight: Any, d_bias: Any, d_x: Any) -> None:
    """The way back of `head`; adds to the gradients of the parameters, writes that of the maps."""
    num_classes, batch = d_logits.shape
    num_channels = len(features)
    d_features = np.zeros_like(features)
    for k in range(num_classes):
        total = d_logits.dtype.type(0)
        for p in range(batch):
            total += d_logits[k, p]
        d_bias[k] += total
        for c in range(num_channels):
            total = d_logits.dtype.type(0)
            factor = weight[k * num_channels + c]
            for p in range(batch):
                total += d_logits[k, p] * features[c, p]
                d_features[c, p] += factor * d_logits[k, p]
            d_weight[k * num_channels + c] += total
    for c in range(num_channels):
        for pixel in range(area):
            target = d_x[(c * area + pixel) * batch : (c * area + pixel + 1) * batch]
            for p in range(batch):
                target[p] = d_features[c, p] / area


@no_type_check
@njit(**OPTIONS)
def move_sgd(
    parameters: Any, slopes: Any, used: Any, velocity: Any, rate: float, momentum: float, decay: float
) -> None:
    """One step of `optimizer.SGD` for the parameters in use, whose gradients are then 0."""
    for i in range(len(parameters)):
        if used[i]:
            velocity[i] = momentum * velocity[i] + slopes[i] + decay * parameters[i]
            parameters[i] -= rate * velocity[i]
            slopes[i] = 0
            used[i] = False


@no_type_check
@njit(**OPTIONS)
def move_rmsprop(
    parameters: Any,
    slopes: Any,
    used: Any,
    mean_square: Any,
    velocity: Any,
    rate: float,
    momentum: float,
    decay: float,
    smoothing: float,
    epsilon: float,
    accumulate: bool,
) -> None:
    """One step of `optimizer.RMSProp` for the parameters in use, whose gradients are then 0."""
    for i in range(len(parameters)):
        if used[i]:
            slope = slopes[i] + decay * parameters[i]
            square = smoothing * mean_square[i] + (1 - smoothing) * slope * slope
            if accumulate:
                square += epsilon
                velocity[i] = momentum * velocity[i] + slope / np.sqrt(square)
                parameters[i] -= rate * velocity[i]
            else:
                velocity[i] = momentum * velocity[i] + rate * slope / np.sqrt(square + epsilon)
                parameters[i] -= velocity[i]
            mean_square[i] = square
            slopes[i] = 0
            used[i] = False
