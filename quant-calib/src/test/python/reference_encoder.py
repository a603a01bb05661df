# SPDX-License-Identifier: Apache-2.0
"""The oracle for the speech encoder: small random Whisper encoders with the features that they should
give, and the log-mel spectrogram of a synthetic sound.

Written in float64 from the definitions (convolutions as sums over taps, softmax row by row, the error
function of the C library, numpy's FFT), without any of the runtime's shortcuts.

Usage: python3 reference_encoder.py MODELS_DIRECTORY SPEECH_DIRECTORY     (needs numpy)

For each model a directory with config.json, model.safetensors and expected.safetensors (for each input
i: log_mel.i [frames, mel bins], features.i [frames / 2 rounded up, width] and attention_received.i
[layers, tokens], all F32). In the other directory log-mel.safetensors (samples I32 of 16 bits at 16 kHz,
log_mel F32 [frames, 80]).
"""

import json
import math
import os
import sys

import numpy as np

from reference_decoder import rounded, write_safetensors

BASE = {
    "model_type": "whisper",
    "encoder_layers": 2,
    "num_mel_bins": 8,
    "max_source_positions": 24,
    "activation_function": "gelu",
    "decoder_layers": 0,
}

# name: (what differs from BASE, prefix of tensor names, element type of the weights)
MODELS = {
    "whisper-prefixed": (
        {"architectures": ["WhisperForConditionalGeneration"], "d_model": 32, "encoder_attention_heads": 4,
         "encoder_ffn_dim": 64}, "model.encoder.", "F16"),
    "whisper-bare": (
        {"architectures": ["WhisperModel"], "d_model": 24, "encoder_attention_heads": 3,
         "encoder_ffn_dim": 40}, "encoder.", "F32"),
}

FRAMES = [48, 31]

erf = np.vectorize(math.erf)


def gelu(x):
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


class Encoder:
    def __init__(self, config, prefix, dtype, random):
        self.config, self.prefix = config, prefix
        self.weights, self.raw = {}, {}
        width, inner = config["d_model"], config["encoder_ffn_dim"]

        def add(name, *shape, mean=0.0, deviation=None):
            deviation = deviation or 1.5 / math.sqrt(np.prod(shape[1:]))
            values, raw = rounded(random.normal(mean, deviation, shape), dtype)
            self.weights[name], self.raw[prefix + name] = values, (dtype, shape, raw)

        add("conv1.weight", width, config["num_mel_bins"], 3)
        add("conv1.bias", width, deviation=0.3)
        add("conv2.weight", width, width, 3)
        add("conv2.bias", width, deviation=0.3)
        add("embed_positions.weight", config["max_source_positions"], width, deviation=0.4)
        for layer in range(config["encoder_layers"]):
            name = f"layers.{layer}."
            for module, out, size, bias in [
                ("self_attn.q_proj", width, width, True),
                ("self_attn.k_proj", width, width, False),
                ("self_attn.v_proj", width, width, True),
                ("self_attn.out_proj", width, width, True),
                ("fc1", inner, width, True),
                ("fc2", width, inner, True),
            ]:
                add(name + module + ".weight", out, size)
                if bias:
                    add(name + module + ".bias", out, deviation=0.4)
            for norm in ["self_attn_layer_norm", "final_layer_norm"]:
                add(name + norm + ".weight", width, mean=1.0, deviation=0.3)
                add(name + norm + ".bias", width, deviation=0.3)
        add("layer_norm.weight", width, mean=1.0, deviation=0.3)
        add("layer_norm.bias", width, deviation=0.3)

    def linear(self, name, x):
        y = x @ self.weights[name + ".weight"].T
        return y + self.weights[name + ".bias"] if name + ".bias" in self.weights else y

    def norm(self, name, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = 1 / np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + 1e-5)
        return centred * scale * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def convolution(self, name, x, stride):
        weights, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        frames = (len(x) - 1) // stride + 1
        y = np.zeros((frames, len(bias)))
        for t in range(frames):
            for tap in range(3):
                at = t * stride + tap - 1
                if 0 <= at < len(x):
                    y[t] += weights[:, :, tap] @ x[at]
        return gelu(y + bias)

    def attention(self, name, x):
        heads = self.config["encoder_attention_heads"]
        q, k, v = (self.linear(name + part, x).reshape(len(x), heads, -1)
                   for part in ["q_proj", "k_proj", "v_proj"])
        y, received = np.zeros_like(q), np.zeros(len(x))
        for head in range(heads):
            for i in range(len(x)):
                scores = k[:, head] @ q[i, head] / math.sqrt(q.shape[-1])
                weights = np.exp(scores - scores.max())
                weights /= weights.sum()
                y[i, head] = weights @ v[:, head]
                received += weights
        self.received.append(received)
        return self.linear(name + "out_proj", y.reshape(len(x), -1))

    def encode(self, log_mel):
        self.received = []
        x = self.convolution("conv1", log_mel, 1)
        x = self.convolution("conv2", x, 2)
        x = x + self.weights["embed_positions.weight"][:len(x)]
        for layer in range(self.config["encoder_layers"]):
            name = f"layers.{layer}."
            x = x + self.attention(name + "self_attn.", self.norm(name + "self_attn_layer_norm", x))
            y = gelu(self.linear(name + "fc1", self.norm(name + "final_layer_norm", x)))
            x = x + self.linear(name + "fc2", y)
        return self.norm("layer_norm", x)


def mel(hertz):
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def hertz(value):
    return value * 200 / 3 if value < 15 else 1000 * 6.4 ** ((value - 15) / 27)


def log_mel_spectrogram(samples, bins=80):
    signal = np.pad(samples.astype(np.float64) / 32768, 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = len(samples) // 160
    power = np.stack([np.abs(np.fft.rfft(signal[160 * t:160 * t + 400] * window)) ** 2 for t in range(frames)])
    corners = [hertz(mel(8000) * i / (bins + 1)) for i in range(bins + 2)]
    filters = np.zeros((bins, 201))
    for b, (low, peak, high) in enumerate(zip(corners, corners[1:], corners[2:])):
        for f in range(201):
            frequency = f * 40
            height = min((frequency - low) / (peak - low), (high - frequency) / (high - peak))
            filters[b, f] = max(0, height) * 2 / (high - low)
    logarithms = np.log10(np.maximum(power @ filters.T, 1e-10))
    return (np.maximum(logarithms, logarithms.max() - 8) + 4) / 4


def floats(values):
    return "F32", values.shape, values.astype(np.float32).tobytes()


def main(models, speech):
    for number, (name, (changes, prefix, dtype)) in enumerate(MODELS.items()):
        random = np.random.default_rng(2000 + number)
        config = {**BASE, **changes}
        model = Encoder(config, prefix, dtype, random)
        expected = {}
        for i, frames in enumerate(FRAMES):
            log_mel = random.normal(0, 1, (frames, config["num_mel_bins"])).astype(np.float32)
            features = model.encode(log_mel.astype(np.float64))
            expected[f"log_mel.{i}"] = floats(log_mel)
            expected[f"features.{i}"] = floats(features)
            expected[f"attention_received.{i}"] = floats(np.stack(model.received))
            print(f"{name}: features from {features.min():.2f} to {features.max():.2f}")
        target = os.path.join(models, name)
        os.makedirs(target, exist_ok=True)
        with open(os.path.join(target, "config.json"), "w") as file:
            json.dump(config, file, indent=2)
            file.write("\n")
        write_safetensors(os.path.join(target, "model.safetensors"), model.raw)
        write_safetensors(os.path.join(target, "expected.safetensors"), expected)
    # A rising tone that fades, with a little noise, and a part of a frame at the end.
    random = np.random.default_rng(3000)
    time = np.arange(8077) / 16000
    tone = 0.6 * np.sin(2 * np.pi * (200 + 6000 * time) * time) * np.exp(-6 * time)
    samples = np.round(32767 * (tone + random.normal(0, 1e-4, len(time)))).astype(np.int32)
    log_mel = log_mel_spectrogram(samples)
    os.makedirs(speech, exist_ok=True)
    write_safetensors(os.path.join(speech, "log-mel.safetensors"), {
        "samples": ("I32", samples.shape, samples.tobytes()),
        "log_mel": floats(log_mel),
    })
    print(f"log-mel: {log_mel.shape}, from {log_mel.min():.2f} to {log_mel.max():.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
