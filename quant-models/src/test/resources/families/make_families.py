"""Tiny random models of decoder families with the logits of the reference implementation.

    pip install torch==2.15.0 transformers==5.24.0
    python make_families.py [NAME...]

Weights are rounded to bfloat16 and stored so; logits are computed in float32 with eager attention.
"""

import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
TOKENS = 20

COMMON = dict(
    vocab_size=64, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
    bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False,
)
RMS = dict(rms_norm_eps=1e-3)
LAYER = dict(layer_norm_eps=1e-3)


def family(config, model=None, **changes):
    return (config, model or config.replace("Config", "ForCausalLM"), {**COMMON, **changes})


FAMILIES = {
    "cohere2": family("Cohere2Config", **LAYER, num_hidden_layers=4, sliding_window=7,
                      logit_scale=0.5, attention_bias=True, head_dim=8),
    "glm": family("GlmConfig", **RMS, head_dim=8, attention_bias=True),
    "deepseek-v3": family("DeepseekV3Config", **RMS, num_hidden_layers=2, first_k_dense_replace=1,
                          num_key_value_heads=4, kv_lora_rank=12, q_lora_rank=16,
                          qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=8,
                          n_routed_experts=8, n_shared_experts=1, num_experts_per_tok=3, n_group=4,
                          topk_group=2, moe_intermediate_size=8, routed_scaling_factor=1.7,
                          norm_topk_prob=True),
    "olmoe": family("OlmoeConfig", **RMS, intermediate_size=12, num_experts=6,
                    num_experts_per_tok=2, norm_topk_prob=False),
    "olmoe-clip": family("OlmoeConfig", **RMS, intermediate_size=12, num_experts=3,
                         num_experts_per_tok=2, norm_topk_prob=True, clip_qkv=0.7),
    "granitemoe": family("GraniteMoeConfig", **RMS, intermediate_size=12, num_local_experts=5,
                         num_experts_per_tok=2, embedding_multiplier=3.0, logits_scaling=2.0,
                         residual_multiplier=0.6, attention_multiplier=0.3, attention_bias=False),
    "helium": family("HeliumConfig", **RMS, head_dim=8),
    "ministral": family("MinistralConfig", **RMS, head_dim=8, sliding_window=7,
                        layer_types=["sliding_attention", "full_attention"]),
    "persimmon": family("PersimmonConfig", **LAYER, num_key_value_heads=4, partial_rotary_factor=0.5, qk_layernorm=True),
    "dots1": family("Dots1Config", **RMS, num_hidden_layers=2, first_k_dense_replace=1,
                    n_routed_experts=6, n_shared_experts=1, num_experts_per_tok=2, n_group=1,
                    topk_group=1, moe_intermediate_size=8, routed_scaling_factor=1.3,
                    norm_topk_prob=True, head_dim=8),
    "vaultgemma": family("VaultGemmaConfig", **RMS, head_dim=8, sliding_window=7,
                         query_pre_attn_scalar=12, attn_logit_softcapping=3.0,
                         final_logit_softcapping=5.0, tie_word_embeddings=True),
    "cwm": family("CwmConfig", **RMS, head_dim=8, sliding_window=7, num_hidden_layers=2,
                  layer_types=["full_attention", "sliding_attention"]),
    "gpt-bigcode": ("GPTBigCodeConfig", "GPTBigCodeForCausalLM",
                    dict(vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_inner=40, n_positions=48,
                         layer_norm_epsilon=1e-3, multi_query=True, bos_token_id=1,
                         eos_token_id=2)),
    "gpt-neo": ("GPTNeoConfig", "GPTNeoForCausalLM",
                dict(vocab_size=64, hidden_size=32, num_layers=2, num_heads=4, intermediate_size=40,
                     max_position_embeddings=48, window_size=7, layer_norm_epsilon=1e-3,
                     attention_types=[[["global", "local"], 1]], bos_token_id=1, eos_token_id=2)),
    "granitemoeshared": family("GraniteMoeSharedConfig", **RMS, intermediate_size=8,
                               shared_intermediate_size=12, num_local_experts=4,
                               num_experts_per_tok=2, embedding_multiplier=3.0, logits_scaling=2.0,
                               residual_multiplier=0.6, attention_multiplier=0.3,
                               attention_bias=False),
    "jais2": family("Jais2Config", **LAYER, head_dim=8),
    "mpt": ("MptConfig", "MptForCausalLM",
            dict(vocab_size=64, d_model=32, n_layers=2, n_heads=4, expansion_ratio=4,
                 max_seq_len=64, layer_norm_epsilon=1e-3)),
    "solar-open": family("SolarOpenConfig", **RMS, n_routed_experts=4, n_shared_experts=1,
                         num_experts_per_tok=2, moe_intermediate_size=8, head_dim=8,
                         routed_scaling_factor=1.3),
    "minimax-m2": family("MiniMaxM2Config", **RMS, head_dim=8, intermediate_size=12,
                         num_local_experts=5, num_experts_per_tok=2,
                         rope_parameters={"rope_type": "default", "rope_theta": 5e6,
                                          "partial_rotary_factor": 0.5}),
    "flex-olmo": family("FlexOlmoConfig", **RMS, intermediate_size=12, num_experts=5,
                        num_experts_per_tok=2, norm_topk_prob=True),
    "glm4-moe-lite": family("Glm4MoeLiteConfig", **RMS, num_key_value_heads=4, kv_lora_rank=12,
                            q_lora_rank=16, qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=8,
                            n_routed_experts=6, n_shared_experts=1, num_experts_per_tok=2,
                            n_group=1, topk_group=1, moe_intermediate_size=8,
                            routed_scaling_factor=1.7, norm_topk_prob=True),
    "youtu": family("YoutuConfig", **RMS, num_key_value_heads=4, kv_lora_rank=12, q_lora_rank=16,
                    qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=8),
    "openai-gpt": ("OpenAIGPTConfig", "OpenAIGPTLMHeadModel",
                   dict(vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=48,
                        layer_norm_epsilon=1e-3)),
    "biogpt": family("BioGptConfig", "BioGptForCausalLM", layer_norm_eps=1e-3,
                     num_key_value_heads=4, tie_word_embeddings=True),
    "exaone-moe": family("ExaoneMoeConfig", **RMS, head_dim=8, sliding_window=7, num_experts=5,
                         num_shared_experts=2, num_experts_per_tok=2, moe_intermediate_size=8,
                         layer_types=["sliding_attention", "full_attention"]),
    "ernie4-5-moe": family("Ernie4_5_MoeConfig", "Ernie4_5_MoeForCausalLM", **RMS, moe_k=2,
                           moe_num_experts=5, moe_num_shared_experts=2, moe_layer_start_index=1,
                           moe_intermediate_size=8, use_bias=False, num_hidden_layers=3,
                           moe_layer_interval=2),
    "hunyuan-moe": family("HunYuanMoEV1Config", "HunYuanMoEV1ForCausalLM", **RMS, head_dim=8,
                          intermediate_size=12, num_experts=5, moe_topk=2),
    "ministral3": family("Ministral3Config", "Ministral3ForCausalLM", **RMS, head_dim=8,
                         sliding_window=None,
                         rope_parameters={
                             "rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0,
                             "original_max_position_embeddings": 6, "beta_fast": 32.0,
                             "beta_slow": 1.0, "mscale_all_dim": 1.0, "mscale": 1.0,
                             "llama_4_scaling_beta": 0.4}),
    "nanochat": family("NanoChatConfig", "NanoChatForCausalLM", **RMS,
                       final_logit_softcapping=4.0),
    "qwen3-next": family("Qwen3NextConfig", "Qwen3NextForCausalLM", **RMS, head_dim=8,
                         linear_conv_kernel_dim=3, linear_key_head_dim=6, linear_num_key_heads=2,
                         linear_num_value_heads=4, linear_value_head_dim=4, num_experts=5,
                         num_experts_per_tok=2, moe_intermediate_size=8,
                         shared_expert_intermediate_size=12, partial_rotary_factor=0.5,
                         layer_types=["linear_attention", "full_attention"]),
    "bitnet-b158": family("BitNetConfig", "BitNetForCausalLM", **RMS),
}


def randomize(model, seed):
    """Weights of a size that keeps every part of the network in its curved range."""
    generator = torch.Generator().manual_seed(seed)
    # Of the buffers this one is trained, the others are computed.
    trained = [pair for pair in model.named_buffers() if "e_score_correction" in pair[0]]
    for name, tensor in [*model.named_parameters(), *trained]:
        noise = torch.randn(tensor.shape, generator=generator)
        leaf = name.rsplit(".", 1)[-1]
        if "e_score_correction" in name:
            value = 0.2 * noise
        elif leaf == "bias":
            value = 0.3 * noise
        elif tensor.dim() == 1 or "norm" in name:
            value = 1 + 0.3 * noise
        elif "embed" in name or "wte" in name or "wpe" in name:
            # Tied heads need smaller ones for logits of the same size.
            value = noise if not model.config.tie_word_embeddings else 0.35 * noise
        else:
            value = noise * 1.5 / tensor.shape[-1] ** 0.5
        tensor.data.copy_(value.to(torch.bfloat16).float())


def make(name):
    config_class, model_class, members = FAMILIES[name]
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    config = getattr(transformers, config_class)(**members)
    config._attn_implementation = "eager"
    model = getattr(transformers, model_class)(config).float().eval()
    with torch.no_grad():
        randomize(model, 1 + sum(name.encode()))
        generator = torch.Generator().manual_seed(2)
        tokens = torch.randint(3, 64, (2, TOKENS), generator=generator)
        logits = model(tokens, use_cache=False).logits
        head = model.get_output_embeddings().weight
        tied = head.data_ptr() == model.get_input_embeddings().weight.data_ptr()
        if not tied:
            # Logits of a standard deviation of 2, so that a tolerance means the same everywhere.
            head.copy_((head * (2 / logits.std())).to(torch.bfloat16).float())
            logits = model(tokens, use_cache=False).logits
        assert torch.isfinite(logits).all()
    save_file({"tokens": tokens.int(), "logits": logits.contiguous()},
              folder / "expected.safetensors")
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: logits {logits.std():.2f}, {size} bytes", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for one in sys.argv[1:] or FAMILIES:
        try:
            make(one)
        except Exception as e:
            print(f"{one}: {type(e).__name__}: {e}", flush=True)
