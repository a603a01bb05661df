// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import java.util.List;

/** Published systems as recipes, in canonical spelling; widths must be multiples of 256. */
public final class PublishedRecipes {
  public record Published(String system, String recipe) {}

  public static final List<Published> ALL =
      List.of(
          new Published("RTN", "int4:g64:sym rtn"),
          new Published("SmoothQuant", "smooth(0.5) | int8:channel:sym rtn @ int8:token:sym"),
          new Published("SmoothQuant+", "smooth(auto) | int4:g128:asym rtn"),
          new Published(
              "OutlierTune", "shift | smooth(1) | int8:channel:sym rtn @ int8:tensor:sym"),
          new Published("RSQ", "tokens(attention,3) | hadamard | int4:g64:asym gptq"),
          new Published("AWQ", "awq | int4:g64:asym rtn"),
          new Published("AWQ, both sides", "awq(duo) | int3:g128:asym rtn"),
          new Published("AdaDim", "int4:g64:asym rtn or int4:column(16):asym rtn"),
          new Published("EasyQuant", "int4:channel:sym mse rtn + sparse(3sigma)"),
          new Published("SpQR", "int3:g16:asym rtn + sparse(0.01,rounding)"),
          new Published(
              "SqueezeLLM", "nf4:g64:sym rtn + sparse(0.0005,sensitivity) + sparse(0.004)"),
          new Published("GWQ", "int4:g64:asym rtn + sparse(0.01,scores)"),
          new Published("PB-LLM", "binary:g128:sym mse rtn + sparse(0.1,saliency)"),
          new Published("ZeroQuant-V2 LoRC", "int4:g64:sym rtn + lowrank(8,int8)"),
          new Published(
              "SVDQuant", "smooth(0.5) | int4:g64:sym rtn @ int4:g64:sym + lowrank(32,first)"),
          new Published("LQ-LoRA", "nf4:g64:sym rtn + lowrank(16,scaled) + loop(10)"),
          new Published("INT2.1", "int2:g64:asym rtn + lowrank(16,weighted)"),
          new Published("SplitQuant", "int2:channel:asym rtn + split(3)"),
          new Published("QUIK", "int4:channel:sym rtn @ int4:token:sym + columns(0.05)"),
          new Published("PTQ1.61", "binary:g64:sym mse rtn + columns(0.2,int4:g64:asym rtn)"),
          new Published("PTQTP", "ternary2:g128:sym ptqtp"),
          new Published("PTQTP by the input's power", "ternary2:g128:sym ptqtp(weighted)"),
          new Published(
              "LLM-FP4",
              "smooth(0.5,po2) | fp4e2m1:channel:sym mse rtn @ fp4e2m1:tensor:sym + bias"),
          new Published("ZeroQuant-FP", "fp4e2m1:g256:sym rtn @ fp8e4m3:token:sym + lowrank(8)"),
          new Published("ZeroQuant(4+2)", "fp6e3m2:channel:sym rtn"),
          new Published(
              "FPGA minifloats", "equalize | fp6e3m2:channel:sym rtn @ e4m3:tensor:sym + bias"),
          new Published("DGQ", "outlier(0.005) | int4:g128:asym rtn @ int8:token:sym"),
          new Published("CrossQuant", "cross(0.15) | int8:channel:sym rtn @ int8:token:sym"),
          new Published("NoisyQuant", "noise(auto) | int6:channel:sym rtn @ int6:tensor:asym"),
          new Published("QuaRot", "hadamard | int4:g64:sym rtn @ int4:token:sym"),
          new Published("RotateKV's blocks", "hadamard(block=64,unsigned) | int4:g64:sym rtn"),
          new Published("R4", "hadamard(seed=7,online) | int4:g64:sym rtn @ int4:token:sym"),
          new Published(
              "MambaQuant", "pca | hadamard(unsigned) | int8:channel:sym rtn @ int8:token:sym"),
          new Published(
              "FlatQuant", "smooth(0.5) | kronecker(pca) | int4:channel:sym rtn @ int4:token:sym"),
          new Published("Kronecker Hadamard", "kronecker(hadamard) | int4:channel:sym rtn"),
          new Published(
              "OSTQuant", "smooth(0.5) | hadamard | int4:channel:sym rtn @ int4:token:sym"),
          new Published("Atom, COMET", "permute | int4:g128:sym rtn @ int4:g128:sym"),
          new Published("JLCM's permutation", "permute(weights) | int3:g64:sym rtn"),
          new Published("RepQ-ViT", "shift | smooth(1) | int4:channel:asym rtn @ int4:tensor:asym"),
          new Published(
              "MobileQuant", "smooth(auto) | int4:channel:sym rtn @ int8:tensor:asym mse"),
          new Published(
              "QDrop's percentile", "int8:channel:sym rtn @ int8:tensor:sym percentile(99.9)"),
          new Published("static channels", "int8:channel:sym rtn @ int8:channel:asym"),
          new Published("OCP MXFP4", "mxfp4 rtn @ mxfp4"),
          new Published("OCP MXFP8", "mxfp8 rtn @ mxfp8"),
          new Published("OCP MXFP6", "mxfp6e3m2 rtn @ mxfp6e2m3"),
          new Published("NVFP4", "nvfp4 rtn @ nvfp4"),
          new Published("FP8 against INT8", "fp8e4m3:channel:sym rtn @ fp8e5m2:token:sym"),
          new Published("formats by layer", "int8:channel:sym rtn or fp8e4m3:channel:sym rtn"),
          new Published("residual planes", "int2:g64:sym mse rtn + plane(int2:g64:sym mse rtn)"),
          new Published(
              "everything",
              "smooth(0.5) | hadamard | int3:g64:asym mse rtn @ int8:token:asym"
                  + " + sparse(0.002,saliency) + lowrank(4,scaled,int8) + loop(3) + bias"),
          new Published("GPTQ", "int4:g128:asym gptq"),
          new Published("GPTQ, act-order", "int4:g128:sym gptq(act-order)"),
          new Published("QuantEase", "int3:channel:asym cd(9)"),
          new Published("QuantEase after GPTQ", "int4:g64:asym gptq(act-order)>cd(6)"),
          new Published("AWQ with clipping", "awq | int4:g128:asym clip rtn"),
          new Published("OmniQuant's clipping", "int3:g128:asym clip(asym,diag) rtn"),
          new Published(
              "SpQR in full", "int3:g16:asym:second-order gptq + sparse(0.01,sensitivity)"),
          new Published(
              "SqueezeLLM in full",
              "codebook(16):channel rtn + sparse(0.0005,sensitivity) + sparse(0.004)"),
          new Published("BitMoD", "bitmod3:g128:sym:i8row rtn"),
          new Published("BitMoD, 4 bits", "bitmod4:g128:sym:i8row rtn"),
          new Published(
              "LLM-FP4 with its choice of formats",
              "smooth(0.5,po2) | e?m?(4):channel:sym mse rtn @ fp4e2m1:tensor:sym + bias"),
          new Published(
              "ZeroQuant-FP, M2", "fp4e2m1:g256:sym:po2row gptq @ fp8e4m3:token:sym + lowrank(8)"),
          new Published(
              "LQ-LoRA, double quantization",
              "nf4:g64:sym:second-order(8,256) rtn + lowrank(16,scaled) + loop(3)"),
          new Published("DGQ with its scales", "int4:g128:asym:i8row clip rtn @ int8:token:sym"),
          new Published("QuEST's ranges", "hadamard | int4:channel:sym gaussian gptq"),
          new Published("AdaRound", "int4:channel:sym mse adaround(iterations=50)"),
          new Published("FlexRound", "int4:channel:sym mse flexround(iterations=50)"),
          new Published("FP4DiT's rounding", "fp4e2m1:channel:sym adaround(iterations=50)"),
          new Published("NVFP4 with feedback", "nvfp4 gptq @ nvfp4"),
          new Published("float weights", "f16 @ int8:token:sym"),
          new Published("data-free", "int8:tensor:sym rtn"));

  private PublishedRecipes() {}
}
