# SPDX-License-Identifier: Apache-2.0
"""Writes the grids of ggml's IQ block types as quant-core reads them.

    pip install gguf
    python scripts/block-grids.py > \
        quant-core/src/main/resources/io/github/quant4j/block/grids.txt

For each grid a line with its name, the numbers in a point, the points and the levels; then the
points, 16 in a line and each as four hexadecimal digits. These hold the indices of the levels of
a point, its first number in the lowest bits: eight of two bits, or four of four bits.
"""
import gguf.quants as quants

GRIDS = {
    "iq1": quants.IQ1_S,
    "iq2_xxs": quants.IQ2_XXS,
    "iq2_xs": quants.IQ2_XS,
    "iq2_s": quants.IQ2_S,
    "iq3_xxs": quants.IQ3_XXS,
    "iq3_s": quants.IQ3_S,
}

for name, kind in GRIDS.items():
    kind.init_grid()
    levels = [int(level) for level in kind.grid_map]
    points = kind.grid.reshape(kind.grid_shape).astype(int).tolist()
    bits = 16 // len(points[0])
    words = [
        sum(levels.index(value) << bits * i for i, value in enumerate(point)) for point in points
    ]
    print(name, len(points[0]), len(points), ",".join(map(str, levels)))
    for start in range(0, len(words), 16):
        print("".join(f"{word:04x}" for word in words[start : start + 16]))
