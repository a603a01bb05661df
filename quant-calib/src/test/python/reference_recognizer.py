# SPDX-License-Identifier: Apache-2.0
"""Makes the small random speech recognizer under src/test/resources/models/whisper-recognizer.

    pip install torch transformers==5.24.0 numpy safetensors
    python reference_recognizer.py OUT_DIR

The weights are random, rounded to binary16. What the model should give is computed by the Transformers library in
binary32 on the CPU: encoder output, logits, and what `generate` writes, greedily and with beams, with and without
time stamps, of one window and of several.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration
from transformers.generation.logits_process import WhisperNoSpeechDetection

TEXT = 40  # tokens of text; the special ones follow
SPECIAL = [
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|fr|>", "<|translate|>", "<|transcribe|>",
    "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
]
EOT, SOT, EN, DE, FR, TRANSLATE, TRANSCRIBE, LM, PREV, NO_SPEECH, NO_TIMES = range(TEXT, TEXT + len(SPECIAL))
POSITIONS = 24
STAMPS = POSITIONS + 1
FIRST_STAMP = NO_TIMES + 1
VOCABULARY = FIRST_STAMP + STAMPS
MELS = 8


def tokenizer():
    words = ["\u0120"] + [chr(ord("a") + i) for i in range(15)] + ["\u0120" + chr(ord("a") + i) for i in range(15)]
    words += ["he", "in", "an", "on", "\u0120he", "\u0120in", "\u0120an", "\u0120on", "."]
    assert len(words) == TEXT
    merges = ["\u0120 " + chr(ord("a") + i) for i in range(15)]
    merges += ["h e", "i n", "a n", "o n", "\u0120h e", "\u0120i n", "\u0120a n", "\u0120o n"]
    added = [
        {"id": TEXT + i, "content": word, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for i, word in enumerate(SPECIAL)
    ]
    added += [
        {"id": FIRST_STAMP + i, "content": f"<|{i * 0.02:.2f}|>", "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": False}
        for i in range(STAMPS)
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "vocab": {word: i for i, word in enumerate(words)}, "merges": merges,
        },
    }


def build(seed):
    config = WhisperConfig(
        vocab_size=VOCABULARY, num_mel_bins=MELS, encoder_layers=2, encoder_attention_heads=4, decoder_layers=2,
        decoder_attention_heads=2, decoder_ffn_dim=56, encoder_ffn_dim=48, d_model=32, max_source_positions=POSITIONS,
        max_target_positions=40, decoder_start_token_id=SOT, pad_token_id=EOT, bos_token_id=EOT, eos_token_id=EOT,
        suppress_tokens=None, begin_suppress_tokens=None,
    )
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = WhisperForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, values in model.named_parameters():
            random = torch.randn(values.shape)
            if name.endswith("layer_norm.weight"):
                values.copy_(1 + 0.2 * random)
            elif name.endswith(".bias"):
                values.copy_(0.1 * random)
            elif "embed_tokens" in name:
                values.copy_(0.4 * random)
            elif "embed_positions" in name:
                values.copy_((0.7 if "decoder" in name else 0.3) * random)
            else:
                values.copy_(random * (1.6 / np.sqrt(values[0].numel())))
        # Without this the end would hardly ever be written.
        bias = model.model.decoder.layer_norm.bias
        model.model.decoder.embed_tokens.weight[EOT] += 5.0 * bias / bias.norm()
        for values in model.parameters():
            values.copy_(values.half().float())
    generation = GenerationConfig(
        decoder_start_token_id=SOT, pad_token_id=EOT, bos_token_id=EOT, eos_token_id=EOT, max_length=40,
        suppress_tokens=[1, 7, SOT, TRANSLATE, TRANSCRIBE, LM, PREV, NO_SPEECH], begin_suppress_tokens=[0, EOT],
        is_multilingual=True, lang_to_id={"<|en|>": EN, "<|de|>": DE, "<|fr|>": FR},
        task_to_id={"transcribe": TRANSCRIBE, "translate": TRANSLATE}, no_timestamps_token_id=NO_TIMES,
        max_initial_timestamp_index=8, prev_sot_token_id=PREV, return_timestamps=False,
    )
    model.generation_config = generation
    return model


class Margins:
    """The smallest distance between the likeliest token and the next over all steps of greedy searches."""

    def __init__(self):
        self.smallest = float("inf")

    def see(self, scores):
        top = torch.topk(torch.stack([s.float().reshape(-1) for s in scores]), 2, dim=-1).values
        self.smallest = min(self.smallest, float((top[:, 0] - top[:, 1]).min()))


def run(model, margins, inputs, **options):
    # Without time stamps a window is one call; this random model would be led to more by stamps that it may still write.
    result = model.generate(
        inputs[None], return_segments=True, return_dict_in_generate=True, output_scores=True,
        force_unique_generate_call=not options.get("return_timestamps"), **options)
    greedy = options.get("num_beams", 1) == 1
    if "segments" not in result:
        if greedy:
            margins.see(result["scores"])
        tokens = [int(t) for t in result["sequences"][0]]
        tokens = tokens[tokens.index(NO_TIMES) + 1:]
        return {"options": options, "segments": [{"tokens": [t for t in tokens if t != EOT]}]}
    segments = result["segments"][0]
    if greedy:
        for segment in segments:
            margins.see(segment["result"]["scores"])
    return {
        "options": options,
        "segments": [
            {"start": round(float(s["start"]), 6), "end": round(float(s["end"]), 6),
             "tokens": [int(t) for t in s["tokens"]]}
            for s in segments
        ],
    }


def average(model, inputs, **options):
    """What the library decides on a fallback by, for the first window."""
    seen = []
    original = type(model)._retrieve_avg_logprobs

    def spy(scores, tokens, temperature):
        value = original(scores, tokens, temperature)
        seen.append(float(value))
        return value

    type(model)._retrieve_avg_logprobs = staticmethod(spy)
    silences = []
    plain = WhisperNoSpeechDetection.__call__

    def listen(self, input_ids, scores):
        result = plain(self, input_ids, scores)
        if input_ids.shape[1] == self.begin_index:
            silences.append(float(self._no_speech_prob[0]))
        return result

    WhisperNoSpeechDetection.__call__ = listen
    model.generate(inputs[None], logprob_threshold=-100.0, no_speech_threshold=2.0, temperature=0.0, **options)
    type(model)._retrieve_avg_logprobs = staticmethod(original)
    WhisperNoSpeechDetection.__call__ = plain
    return {"options": options, "average_log_probability": seen[0], "no_speech": silences[0]}


def outputs(model):
    margins = Margins()
    generator = torch.Generator().manual_seed(7)
    short = [torch.randn((MELS, 2 * POSITIONS), generator=generator) * 0.8 for _ in range(4)]
    long = torch.randn((MELS, 150), generator=generator) * 0.8
    tensors = {f"log_mel.{i}": x.T.contiguous() for i, x in enumerate(short)}
    tensors["log_mel.long"] = long.T.contiguous()
    cases = []
    english = {"language": "en", "task": "transcribe"}
    # With neither, the library would write no task into the prompt, which OpenAI's program does.
    detected = {"task": "transcribe"}
    with torch.no_grad():
        tokens = torch.tensor([[SOT, EN, TRANSCRIBE, NO_TIMES, 3, 17, 30, 5, 39, 22, 11, 8, 60, 33]])
        for i in range(2):
            result = model(input_features=short[i][None], decoder_input_ids=tokens)
            tensors[f"encoder.{i}"] = result.encoder_last_hidden_state[0].contiguous()
            tensors[f"logits.{i}"] = result.logits[0].contiguous()
        tensors["tokens"] = tokens[0].to(torch.int32)
        for i, x in enumerate(short):
            for options in (
                dict(english),
                dict(detected),
                {"language": "de", "task": "translate"},
                dict(english, return_timestamps=True),
                dict(detected, return_timestamps=True),
                dict(english, num_beams=3),
                dict(english, num_beams=5),
                dict(english, num_beams=3, return_timestamps=True),
            ):
                cases.append(dict(run(model, margins, x, **options), input=f"log_mel.{i}"))
            cases[-1]["detected"] = int(model.detect_language(x[None], generation_config=model.generation_config)[0])
        for options in (
            dict(english, return_timestamps=True),
            dict(detected, return_timestamps=True),
            dict(english, return_timestamps=True, condition_on_prev_tokens=True, temperature=0.0),
            dict(english, return_timestamps=True, num_beams=3),
        ):
            cases.append(dict(run(model, margins, long, **options), input="log_mel.long"))
        scores = []
        for i, x in enumerate(short):
            for options in (dict(english), dict(english, return_timestamps=True)):
                scores.append(dict(average(model, x, **options), input=f"log_mel.{i}"))
    return tensors, {"cases": cases, "scores": scores}, margins.smallest


def quality(expected):
    """How many outputs end by themselves and how many of those with time stamps have more than one segment."""
    ended = sum(1 for c in expected["cases"] if len(c["segments"]) == 1 and 3 < len(c["segments"][0]["tokens"]) < 35)
    several = sum(1 for c in expected["cases"] if len(c["segments"]) > 1)
    varied = len({json.dumps(c["segments"]) for c in expected["cases"]})
    return ended, several, varied


def main():
    if sys.argv[1] == "--search":
        for seed in range(int(sys.argv[2]), int(sys.argv[3])):
            _, expected, margin = outputs(build(seed))
            print(seed, margin, quality(expected), flush=True)
        return
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    model = build(int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
    tensors, expected, margin = outputs(model)
    print("smallest margin of a greedy choice", margin, quality(expected))
    half = {k: v.half().contiguous() for k, v in model.state_dict().items() if k != "proj_out.weight"}
    save_file(half, out / "model.safetensors", metadata={"format": "pt"})
    save_file(tensors, out / "expected.safetensors")
    model.config.dtype = torch.float16
    model.config.architectures = ["WhisperForConditionalGeneration"]
    config = json.loads(model.config.to_json_string(use_diff=False))
    (out / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    generation = json.loads(model.generation_config.to_json_string())
    (out / "generation_config.json").write_text(json.dumps(generation, indent=1, sort_keys=True) + "\n")
    (out / "tokenizer.json").write_text(json.dumps(tokenizer(), indent=None) + "\n")
    (out / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


SEED = 1

if __name__ == "__main__":
    main()
