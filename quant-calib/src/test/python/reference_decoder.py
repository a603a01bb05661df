# SPDX-License-Identifier: Apache-2.0
"""The oracle for the decoder runtime: small random models with the logits that they should give.

A straightforward decoder of the Llama family in float64, written from the definitions (RMSNorm,
rotary embeddings with the two halves of a head paired, grouped-query attention, SwiGLU), without any
of the runtime's shortcuts. Only what the Transformers library computes in float32 whatever the
model's type is float32 here too: the frequencies and angles of the rotary embeddings.

Usage: python3 reference_decoder.py OUTPUT_DIRECTORY     (needs numpy)

For each model a directory with config.json, model.safetensors and expected.safetensors (tokens
[2, 24] I32, logits [2, 24, vocabulary] F32, and attention_received [layers, 2, 24] F32: the
attention probabilities that each token receives, summed over heads and attending tokens).
"""

import json
import math
import os
import struct
import sys

import numpy as np

VOCABULARY = 64
TOKENS = 24

BASE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 128,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
    "bos_token_id": 1,
    "eos_token_id": 2,
}

LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}

# name: (what differs from BASE, element type of the weights)
MODELS = {
    "llama-untied": (
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "rope_theta": 10000.0,
         "tie_word_embeddings": False},
        "BF16"),
    "llama-one-key-head-linear": (
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_key_value_heads": 1,
         "rope_theta": 500.0, "rope_scaling": {"type": "linear", "factor": 4.0},
         "tie_word_embeddings": True, "rms_norm_eps": 1e-6},
        "F16"),
    "llama3-rope": (
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_key_value_heads": 2,
         "head_dim": 16, "rope_theta": 1000.0, "rope_scaling": LLAMA3, "tie_word_embeddings": True,
         "eos_token_id": [2, 3]},
        "BF16"),
    "llama-biased-rope-parameters": (
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_key_value_heads": 2,
         "rope_parameters": {"rope_theta": 2000.0, **LLAMA3}, "attention_bias": True,
         "mlp_bias": True, "tie_word_embeddings": False, "bos_token_id": None},
        "BF16"),
    "mistral-window": (
        {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "num_key_value_heads": 1,
         "rope_theta": 10000.0, "sliding_window": 7, "tie_word_embeddings": False,
         "head_dim": None},
        "BF16"),
    "qwen2-biased": (
        {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "num_key_value_heads": 2,
         "rope_theta": 1000000.0, "tie_word_embeddings": True, "use_sliding_window": True,
         "sliding_window": 5, "max_window_layers": 1},
        "F32"),
    "qwen3-head-norms": (
        {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "num_key_value_heads": 1,
         "head_dim": 16, "rope_theta": 10000.0, "tie_word_embeddings": True,
         "use_sliding_window": False, "attention_bias": False, "rope_scaling": None},
        "BF16"),
}


def rounded(values, dtype):
    """Values as the element type can hold them, in float64, and their bytes."""
    if dtype == "F32":
        kept = values.astype(np.float32)
        return kept.astype(np.float64), kept.tobytes()
    if dtype == "F16":
        kept = values.astype(np.float16)
        return kept.astype(np.float64), kept.tobytes()
    bits = values.astype(np.float32).view(np.uint32)
    upper = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return (upper.astype(np.uint32) << 16).view(np.float32).astype(np.float64), upper.tobytes()


def write_safetensors(path, tensors):
    """tensors: name -> (dtype label, shape, bytes)"""
    header, data = {}, b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class Decoder:
    def __init__(self, config, dtype, random):
        self.config = config
        self.heads = config["num_attention_heads"]
        self.key_heads = config["num_key_value_heads"]
        self.head_width = config.get("head_dim") or config["hidden_size"] // self.heads
        self.weights, self.raw = {}, {}
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        qwen2 = config["model_type"] == "qwen2"
        qwen3 = config["model_type"] == "qwen3"
        biased = config.get("attention_bias", False)

        def add(name, *shape, mean=0.0, deviation=None):
            deviation = deviation or 1.6 / math.sqrt(shape[-1])
            values, raw = rounded(random.normal(mean, deviation, shape), dtype)
            self.weights[name], self.raw[name] = values, (dtype, shape, raw)

        add("model.embed_tokens.weight", config["vocab_size"], hidden, deviation=0.8)
        for layer in range(config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}."
            for name, out, width, bias in [
                ("self_attn.q_proj", self.heads * self.head_width, hidden, biased or qwen2),
                ("self_attn.k_proj", self.key_heads * self.head_width, hidden, biased or qwen2),
                ("self_attn.v_proj", self.key_heads * self.head_width, hidden, biased or qwen2),
                ("self_attn.o_proj", hidden, self.heads * self.head_width, biased),
                ("mlp.gate_proj", inner, hidden, config.get("mlp_bias", False)),
                ("mlp.up_proj", inner, hidden, config.get("mlp_bias", False)),
                ("mlp.down_proj", hidden, inner, config.get("mlp_bias", False)),
            ]:
                add(prefix + name + ".weight", out, width)
                if bias:
                    add(prefix + name + ".bias", out, deviation=0.5)
            for name in ["input_layernorm", "post_attention_layernorm"]:
                add(prefix + name + ".weight", hidden, mean=1.0, deviation=0.2)
            if qwen3:
                for name in ["self_attn.q_norm", "self_attn.k_norm"]:
                    add(prefix + name + ".weight", self.head_width, mean=1.0, deviation=0.3)
        add("model.norm.weight", hidden, mean=1.0, deviation=0.2)
        if not config["tie_word_embeddings"]:
            add("lm_head.weight", config["vocab_size"], hidden, deviation=0.4)

    def linear(self, name, x):
        y = x @ self.weights[name + ".weight"].T
        return y + self.weights[name + ".bias"] if name + ".bias" in self.weights else y

    def norm(self, name, x):
        scale = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.config["rms_norm_eps"])
        return x * scale * self.weights[name + ".weight"]

    def frequencies(self):
        rope = self.config.get("rope_parameters") or {}
        scaling = rope or self.config.get("rope_scaling") or {}
        theta = rope.get("rope_theta", self.config.get("rope_theta"))
        exponents = np.arange(0, self.head_width, 2).astype(np.float32) / np.float32(self.head_width)
        inverse = (np.float32(1) / np.power(np.float32(theta), exponents, dtype=np.float32)).astype(np.float32)
        kind = scaling.get("rope_type", scaling.get("type", "default"))
        if kind == "linear":
            return inverse / np.float32(scaling["factor"])
        if kind == "default":
            return inverse
        assert kind == "llama3"
        out = []
        for frequency in inverse.astype(np.float64):
            wavelength = 2 * math.pi / frequency
            positions = scaling["original_max_position_embeddings"]
            low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
            if wavelength < positions / high:
                out.append(frequency)
            elif wavelength > positions / low:
                out.append(frequency / scaling["factor"])
            else:
                smooth = (positions / wavelength - low) / (high - low)
                out.append((1 - smooth) * frequency / scaling["factor"] + smooth * frequency)
        return np.array(out, np.float32)

    def rotate(self, x):
        """x: [tokens, heads, head width]"""
        angles = (np.arange(len(x), dtype=np.float32)[:, None] * self.frequencies()).astype(np.float32)
        cosine = np.cos(angles).astype(np.float32).astype(np.float64)[:, None, :]
        sine = np.sin(angles).astype(np.float32).astype(np.float64)[:, None, :]
        first, second = np.split(x, 2, axis=-1)
        return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)

    def window(self, layer):
        config = self.config
        if config["model_type"] == "mistral":
            return config["sliding_window"]
        if config.get("use_sliding_window") and layer >= config["max_window_layers"]:
            return config["sliding_window"]
        return None

    def attention(self, layer, x):
        prefix = f"model.layers.{layer}.self_attn."
        tokens = len(x)
        q = self.linear(prefix + "q_proj", x).reshape(tokens, self.heads, self.head_width)
        k = self.linear(prefix + "k_proj", x).reshape(tokens, self.key_heads, self.head_width)
        v = self.linear(prefix + "v_proj", x).reshape(tokens, self.key_heads, self.head_width)
        if prefix + "q_norm.weight" in self.weights:
            q, k = self.norm(prefix + "q_norm", q), self.norm(prefix + "k_norm", k)
        q, k = self.rotate(q), self.rotate(k)
        y = np.zeros_like(q)
        received = np.zeros(tokens)
        window = self.window(layer)
        for head in range(self.heads):
            shared = head // (self.heads // self.key_heads)
            for i in range(tokens):
                seen = range(max(0, i - window + 1) if window else 0, i + 1)
                scores = np.array([q[i, head] @ k[j, shared] for j in seen]) / math.sqrt(self.head_width)
                weights = np.exp(scores - scores.max())
                weights /= weights.sum()
                y[i, head] = sum(w * v[j, shared] for w, j in zip(weights, seen))
                received[list(seen)] += weights
        self.received.append(received)
        return self.linear(prefix + "o_proj", y.reshape(tokens, -1))

    def logits(self, tokens):
        self.received = []
        x = self.weights["model.embed_tokens.weight"][tokens]
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}."
            x = x + self.attention(layer, self.norm(prefix + "input_layernorm", x))
            y = self.norm(prefix + "post_attention_layernorm", x)
            gate = self.linear(prefix + "mlp.gate_proj", y)
            up = self.linear(prefix + "mlp.up_proj", y)
            x = x + self.linear(prefix + "mlp.down_proj", gate / (1 + np.exp(-gate)) * up)
        x = self.norm("model.norm", x)
        head = "model.embed_tokens" if self.config["tie_word_embeddings"] else "lm_head"
        return self.linear(head, x)


def main(directory):
    for number, (name, (changes, dtype)) in enumerate(MODELS.items()):
        random = np.random.default_rng(1000 + number)
        config = {**BASE, **changes}
        model = Decoder(config, dtype, random)
        tokens = random.integers(0, VOCABULARY, (2, TOKENS))
        logits, received = [], []
        for row in tokens:
            logits.append(model.logits(row))
            received.append(model.received)
        logits, received = np.stack(logits), np.stack(received, axis=1)
        target = os.path.join(directory, name)
        os.makedirs(target, exist_ok=True)
        with open(os.path.join(target, "config.json"), "w") as file:
            json.dump(config, file, indent=2)
            file.write("\n")
        write_safetensors(os.path.join(target, "model.safetensors"), model.raw)
        write_safetensors(os.path.join(target, "expected.safetensors"), {
            "tokens": ("I32", tokens.shape, tokens.astype(np.int32).tobytes()),
            "logits": ("F32", logits.shape, logits.astype(np.float32).tobytes()),
            "attention_received": ("F32", received.shape, received.astype(np.float32).tobytes()),
        })
        size = sum(len(raw) for _, _, raw in model.raw.values())
        print(f"{name}: {size} bytes of weights, logits from {logits.min():.2f} to {logits.max():.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
