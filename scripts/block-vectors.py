# SPDX-License-Identifier: Apache-2.0
"""Writes what ggml makes of our numbers: vectors for the tests of the block formats.

    pip install gguf numpy safetensors
    python scripts/block-vectors.py LIBRARY > /dev/null

LIBRARY is the shared library of ggml with its quantizers, libggml-base.so, built without
instructions that fuse multiplications and additions, as is the default for that part.

The file has, for each format: `NAME.random`, a row of random bytes, and `NAME.values`, what they
stand for; where ggml quantizes without grids also `NAME.plain` and `NAME.weighted`, the blocks of
the rows of `input`, without and with `importance`.
"""
import ctypes
import pathlib
import sys

import gguf
import numpy as np
from safetensors.numpy import save_file

TARGET = (
    pathlib.Path(__file__).parent.parent
    / "quant-core/src/test/resources/io/github/quant4j/block/vectors.safetensors"
)
COLUMNS = 512
FORMATS = (
    "Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS TQ1_0 TQ2_0 MXFP4 NVFP4 "
    "Q1_0 Q2_0"
).split()
GRIDS = "IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ3_XXS IQ3_S".split()
SIZES = {"Q1_0": (128, 18), "Q2_0": (64, 18)}

library = ctypes.CDLL(sys.argv[1])
random = np.random.default_rng(20)


def size(name):
    if name in SIZES:
        return SIZES[name]
    return gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]


def function_name(name):
    return name.lower().replace("_k", "_K")


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def inputs():
    rows = [
        random.normal(size=COLUMNS) * 0.05,
        random.standard_t(3, size=COLUMNS) * 0.02,
        np.abs(random.normal(size=COLUMNS)) + 0.1,
        random.normal(size=COLUMNS) * np.repeat(np.exp(2 * random.normal(size=16)), 32),
        np.where(random.random(COLUMNS) < 0.05, random.normal(size=COLUMNS), 0),
        random.normal(size=COLUMNS) * 1e-7,
        random.integers(-3, 4, size=COLUMNS) / 8.0,
        np.repeat(random.integers(-1, 2, size=16) * 0.75, 32),
    ]
    return np.array(rows, dtype=np.float32)


x = inputs()
importance = (np.exp(1.5 * random.normal(size=COLUMNS)) + 1e-3).astype(np.float32)
tensors = {"input": x, "importance": importance}
for name in FORMATS + GRIDS:
    values, block = size(name)
    row = COLUMNS // values * block
    noise = random.integers(0, 256, size=(1, row)).astype(np.uint8)
    decoded = np.zeros((1, COLUMNS), dtype=np.float32)
    dequantize = getattr(library, "dequantize_row_" + function_name(name))
    dequantize(pointer(noise), pointer(decoded), ctypes.c_int64(COLUMNS))
    tensors[name + ".random"] = noise
    tensors[name + ".values"] = decoded
    if name in GRIDS:
        continue
    quantize = getattr(library, "quantize_" + function_name(name))
    quantize.restype = ctypes.c_size_t
    for kind, weights in (("plain", None), ("weighted", importance)):
        blocks = np.zeros((len(x), row), dtype=np.uint8)
        quantize(
            pointer(x),
            pointer(blocks),
            ctypes.c_int64(len(x)),
            ctypes.c_int64(COLUMNS),
            None if weights is None else pointer(weights),
        )
        tensors[name + "." + kind] = blocks
save_file(tensors, TARGET)
