# SPDX-License-Identifier: Apache-2.0
"""What re-tuning a norm's gains would give after the layer that reads it is quantized.

Usage: norm_retuning.py LAYER.safetensors ...   each with `weight` [out, in] and one matrix of inputs [tokens, in]

The gains are the least squares solution of |W X - Q diag(r) X|, a linear system in r, fitted to three quarters of the
tokens. Printed are relative output errors before and after, on those tokens and on the last quarter.
"""

import json
import struct
import sys

import numpy as np

GROUP = 64


def load(path):
    types = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = np.frombuffer(data[begin:end], types[entry["dtype"]])
            tensors[name] = values.reshape(entry["shape"]).astype(np.float64)
    return tensors


def grid(weights, bits):
    groups = weights.reshape(len(weights), -1, GROUP)
    low = np.minimum(groups.min(2), 0)
    scale = (np.maximum(groups.max(2), 0) - low) / (2**bits - 1)
    scale[scale == 0] = 1
    zero = np.rint(-low / scale)
    return np.repeat(scale, GROUP, 1), np.repeat(zero, GROUP, 1)


def nearest(weights, scale, zero, bits):
    return (np.clip(np.rint(weights / scale) + zero, 0, 2**bits - 1) - zero) * scale


def gptq(weights, moment, bits):
    scale, zero = grid(weights, bits)
    size = len(moment)
    damped = moment + 0.01 * np.mean(np.diag(moment)) * np.eye(size)
    upper = np.linalg.cholesky(np.linalg.inv(damped)).T
    left = weights.copy()
    result = np.zeros_like(left)
    for j in range(size):
        result[:, j] = nearest(left[:, j], scale[:, j], zero[:, j], bits)
        left[:, j:] -= np.outer((left[:, j] - result[:, j]) / upper[j, j], upper[j, j:])
    return result


def gains(weights, quantized, moment):
    system = (quantized.T @ quantized) * moment
    ridge = 1e-3 * np.mean(np.diag(system))
    right = np.einsum("oj,ok,kj->j", quantized, weights, moment)
    return np.linalg.solve(system + ridge * np.eye(len(system)), right + ridge)


def relative(change, weights, moment):
    return np.sum((change @ moment) * change) / np.sum((weights @ moment) * weights)


for path in sys.argv[1:]:
    tensors = load(path)
    weight = tensors.pop("weight")
    inputs = next(x for x in tensors.values() if x.ndim == 2 and x.shape[1] == weight.shape[1])
    split = len(inputs) * 3 // 4
    fitted, held = (x.T @ x / len(x) for x in (inputs[:split], inputs[split:]))
    for bits in (4, 3, 2):
        for rounding in ("rtn", "gptq"):
            rtn = rounding == "rtn"
            quantized = nearest(weight, *grid(weight, bits), bits) if rtn else gptq(weight, fitted, bits)
            tuned = quantized * gains(weight, quantized, fitted)
            errors = [relative(q - weight, weight, h) for h in (fitted, held) for q in (quantized, tuned)]
            print(path.rsplit("/", 1)[-1], bits, rounding, " ".join(f"{error:.5f}" for error in errors))
