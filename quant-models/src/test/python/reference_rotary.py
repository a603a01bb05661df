# SPDX-License-Identifier: Apache-2.0
"""Frequencies, cosines and sines of rotary embeddings as the Transformers library has them.

    python reference_rotary.py FAMILIES OUT.json

with torch 2.15.0 and transformers 5.24.0. FAMILIES is a folder of model folders with a config.json
each, of which some have a config-classic.json: the same model with the names of older checkpoints.
From each the members that rotary embeddings depend on are kept. Numbers are the shortest that
round to the binary32 value.
"""

import json
import os
import sys

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.models.gptj.modeling_gptj import create_sinusoidal_positions

NAMES = [
    "llama-rope-llama3", "llama-rope-linear", "llama-rope-dynamic", "llama-rope-yarn",
    "qwen3-bias-window", "gemma3", "phi", "phi3-longrope-short", "phi3-window-partial", "olmo3",
    "gpt-neox-parallel", "gpt-neox-sequential", "gptj", "stablelm", "glm4", "deepseek-v2-grouped",
    "hunyuan-dense", "gpt-oss", "arcee", "nemotron", "llama4-text", "cohere", "ernie4-5",
    "qwen3-next", "glm4-moe",
]
KEPT = {
    "model_type", "max_position_embeddings", "n_positions", "rope_parameters", "rope_scaling",
    "rope_theta", "partial_rotary_factor", "rotary_pct", "rotary_emb_base", "rotary_dim",
    "rope_local_base_freq", "original_max_position_embeddings", "sliding_window_pattern",
    "layer_types",
}
LENGTHS = [24, 40, 130]
BY_LENGTH = ("dynamic", "longrope")

# The scalings of published models, with their head widths, over long sequences.
PUBLISHED = {
    "llama-3.1": ("llama", 128, 131072, [4000, 10000], {
        "rope_theta": 500000.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}),
    "qwen2.5-long": ("qwen2", 128, 131072, [4000, 10000], {
        "rope_theta": 1000000.0, "rope_type": "yarn", "factor": 4.0,
        "original_max_position_embeddings": 32768}),
    "yarn-attention-factor": ("llama", 64, 8192, [4000], {
        "rope_theta": 12345.678, "rope_type": "yarn", "factor": 3.7, "attention_factor": 0.9,
        "beta_fast": 24.5, "beta_slow": 1.7, "original_max_position_embeddings": 2048}),
    "yarn-null-factor": ("llama", 64, 8192, [100], {
        "rope_theta": 10000.0, "rope_type": "yarn", "factor": None,
        "original_max_position_embeddings": 3000}),
    "yarn-mscale-alone": ("llama", 32, 8192, [100], {
        "rope_theta": 10000.0, "rope_type": "yarn", "factor": 4.0, "mscale": 0.5,
        "original_max_position_embeddings": 2048}),
    "yarn-steep": ("llama", 8, 64, [50], {
        "rope_theta": 10000.0, "rope_type": "yarn", "factor": 4.0, "beta_fast": 1.0,
        "beta_slow": 1.0, "truncate": False, "original_max_position_embeddings": 16}),
    "yarn-short-waves": ("llama", 16, 8192, [100], {
        "rope_theta": 20.0, "rope_type": "yarn", "factor": 4.0,
        "original_max_position_embeddings": 2048}),
    "deepseek-v2": ("deepseek_v2", 64, 163840, [4000, 10000], {
        "rope_theta": 10000.0, "rope_type": "yarn", "factor": 40.0, "beta_fast": 32.0,
        "beta_slow": 1.0, "mscale": 0.707, "mscale_all_dim": 0.707,
        "original_max_position_embeddings": 4096}),
    "gpt-oss": ("gpt_oss", 64, 131072, [4000, 10000], {
        "rope_theta": 150000.0, "rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0,
        "beta_slow": 1.0, "truncate": False, "original_max_position_embeddings": 4096}),
    "phi-3.5": ("phi3", 16, 131072, [4096, 4097, 10000], {
        "rope_theta": 10000.0, "rope_type": "longrope", "partial_rotary_factor": 1.0,
        "short_factor": [1.0, 1.02, 1.03, 1.05, 1.1, 1.3, 1.9, 2.7],
        "long_factor": [1.08, 1.25, 2.0, 5.5, 14.9, 31.0, 55.1, 64.7],
        "original_max_position_embeddings": 4096}),
    "longrope-factor": ("phi3", 8, 131072, [100, 5000], {
        "rope_theta": 10000.0, "rope_type": "longrope", "factor": 16.0,
        "partial_rotary_factor": 1.0,
        "short_factor": [1.0, 1.5, 2.0, 3.0], "long_factor": [2.0, 3.0, 4.0, 50.0],
        "original_max_position_embeddings": 4096}),
    "longrope-attention-factor": ("phi3", 8, 131072, [100, 5000], {
        "rope_theta": 10000.0, "rope_type": "longrope", "attention_factor": 1.25,
        "partial_rotary_factor": 1.0,
        "short_factor": [1.0, 1.5, 2.0, 3.0], "long_factor": [2.0, 3.0, 4.0, 50.0],
        "original_max_position_embeddings": 4096}),
    "dynamic": ("llama", 128, 4096, [4096, 4097, 5000, 10000], {
        "rope_theta": 10000.0, "rope_type": "dynamic", "factor": 2.7}),
    "hunyuan": ("hunyuan_v1_dense", 128, 32768, [4000, 10000], {
        "rope_theta": 10000.0, "rope_type": "dynamic", "factor": 1.0, "alpha": 1000.0}),
}


def numbers(array):
    return [float(str(np.float32(x))) for x in array]


def embedding(model):
    found = [m for _, m in model.named_modules() if type(m).__name__.endswith("RotaryEmbedding")]
    return found[0]


def pairs_of(values, pairs):
    """One column for each pair, whatever the layout that the family's code wants."""
    if values.shape[-1] == pairs:
        return values
    assert values.shape[-1] == 2 * pairs
    if np.array_equal(values[:, :pairs], values[:, pairs:]):
        return values[:, :pairs]
    assert np.array_equal(values[:, ::2], values[:, 1::2])
    return values[:, ::2]


def tables(config, kind, length):
    """cosines, sines, frequencies of a fresh model, which has seen no other length."""
    if config.model_type == "gptj":
        values = create_sinusoidal_positions(length, config.rotary_dim).numpy()
        sines, cosines = np.split(values, 2, axis=1)
        return cosines, sines, []  # The frequencies are not kept.
    with torch.device("meta"):
        rotary_class = type(embedding(AutoModelForCausalLM.from_config(config)))
    rotary = rotary_class(config)
    positions = torch.arange(length)[None]
    x = torch.zeros(1, length, 1)
    named = getattr(rotary, f"{kind}_inv_freq", None) is not None
    out = rotary(x, positions, kind) if named else rotary(x, positions)
    if isinstance(out, tuple):
        cosines, sines = (v[0].float().numpy() for v in out)
    else:
        cosines, sines = out[0].real.numpy(), out[0].imag.numpy()
    inverse = getattr(rotary, f"{kind}_inv_freq" if named else "inv_freq").numpy()
    return pairs_of(cosines, len(inverse)), pairs_of(sines, len(inverse)), inverse


def kinds(config):
    types = getattr(config, "layer_types", None) or ["full_attention"]
    return sorted(set(types) - {"linear_attention"})


def case(name, spellings, loaded, head_width, lengths):
    shown = []
    for kind in kinds(loaded[0]):
        for length in lengths:
            values = [tables(config, kind, length) for config in loaded]
            for other in values[1:]:
                assert all(np.array_equal(a, b) for a, b in zip(values[0], other)), name
            cosines, sines, inverse = values[0]
            shown.append({
                "type": kind, "length": length, "frequencies": numbers(inverse),
                "rows": [
                    {"position": p, "cosines": numbers(cosines[p]), "sines": numbers(sines[p])}
                    for p in [1, length // 3, length - 1]]})
    return {"name": name, "headWidth": head_width, "types": kinds(loaded[0]),
            "configs": spellings, "values": shown}


def fixture(folder, name):
    spellings, loaded = [], []
    for file in ["config.json", "config-classic.json"]:
        path = os.path.join(folder, name, file)
        if os.path.exists(path):
            with open(path) as stream:
                members = json.load(stream)
            spellings.append({k: v for k, v in members.items() if k in KEPT})
            loaded.append(AutoConfig.for_model(**members))
    config = loaded[0]
    width = getattr(config, "head_dim", None) or (
        config.hidden_size // config.num_attention_heads)
    by_length = any(kind in json.dumps(spellings) for kind in BY_LENGTH)
    lengths = LENGTHS if by_length else [64] if name == "gptj" else LENGTHS[-1:]
    return case(name, spellings, loaded, width, lengths)


def published(name, model_type, width, maximum, lengths, parameters):
    base = {"vocab_size": 32, "hidden_size": width, "num_hidden_layers": 1,
            "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": width,
            "pad_token_id": None, "bos_token_id": 0, "eos_token_id": 0}
    if model_type == "deepseek_v2":
        base["qk_rope_head_dim"] = width
    if model_type in ("gpt_oss",):
        base["layer_types"] = ["full_attention"]
    if model_type == "phi3":
        base["original_max_position_embeddings"] = parameters["original_max_position_embeddings"]
    members = {"model_type": model_type, "max_position_embeddings": maximum,
               "rope_parameters": dict(parameters)}
    config = AutoConfig.for_model(**{**base, **json.loads(json.dumps(members))})
    classic = {"model_type": model_type, "max_position_embeddings": maximum,
               "rope_theta": parameters["rope_theta"],
               "rope_scaling": {k: v for k, v in parameters.items() if k != "rope_theta"}}
    other = AutoConfig.for_model(**{**base, **json.loads(json.dumps(classic))})
    return case(name, [members, classic], [config, other], width, lengths)


def main(folder, out):
    cases = [fixture(folder, name) for name in NAMES]
    cases += [published(name, *rest) for name, rest in PUBLISHED.items()]
    with open(out, "w") as stream:
        stream.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


main(*sys.argv[1:])
