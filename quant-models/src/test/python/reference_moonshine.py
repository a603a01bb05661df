# SPDX-License-Identifier: Apache-2.0
"""Makes the tiny Moonshine model with random weights, and what the Transformers library computes with it.

    python reference_moonshine.py DIRECTORY
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import MoonshineConfig, MoonshineForConditionalGeneration

target = Path(sys.argv[1])
torch.manual_seed(31)
config = MoonshineConfig(
    vocab_size=96, hidden_size=32, intermediate_size=48,
    encoder_num_hidden_layers=2, decoder_num_hidden_layers=2,
    encoder_num_attention_heads=2, decoder_num_attention_heads=2,
    pad_head_dim_to_multiple_of=20, max_position_embeddings=64,
    partial_rotary_factor=0.65)
model = MoonshineForConditionalGeneration(config).eval()
with torch.no_grad():
    for name, value in model.named_parameters():
        if "norm" in name and name.endswith("weight"):
            value.copy_(1 + 0.3 * torch.randn_like(value) * 0.3)
        elif name.endswith("bias"):
            value.copy_(0.2 * torch.randn_like(value) * 0.3)
        elif "embed_tokens" in name:
            value.copy_(torch.randn_like(value) * 0.3)
        else:
            value.copy_(torch.randn_like(value) * 1.3 / (value[0].numel() ** 0.5))
    model.save_pretrained(target)
    vectors = {}
    for number, length in enumerate([895, 4001, 9000]):
        t = torch.arange(length) / 16000
        speech = 0.3 * torch.sin(2 * torch.pi * (300 + 900 * t) * t) + 0.05 * torch.randn(length)
        speech = speech.float()
        features = model.model.encoder(speech[None]).last_hidden_state[0]
        tokens = torch.cat([torch.tensor([1]), torch.randint(3, 96, (9,))])
        logits = model(speech[None], decoder_input_ids=tokens[None]).logits[0]
        written = model.generate(speech[None], max_new_tokens=12, do_sample=False)[0]
        vectors |= {f"speech.{number}": speech, f"features.{number}": features, f"tokens.{number}": tokens.int(),
                    f"logits.{number}": logits, f"written.{number}": written.int()}
        print(features.shape, written.tolist())
    save_file({k: v.contiguous() for k, v in vectors.items()}, target / "vectors.safetensors")
