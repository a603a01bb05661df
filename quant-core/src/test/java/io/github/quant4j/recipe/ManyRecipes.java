// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import java.util.ArrayList;
import java.util.List;

/** Recipes in canonical spelling that together have every step; widths must be multiples of 256. */
public final class ManyRecipes {
  /** Beside those of published systems. */
  private static final List<String> MORE =
      List.of(
          "tokens(attention,3) | hadamard | int4:g64:asym gptq",
          "awq | int4:g64:asym rtn",
          "retarget(0) | awq | int4:g64:sym rtn",
          "int4:g64:asym rtn or int4:column(16):asym rtn",
          "int3:g16:asym rtn + sparse(0.01,rounding)",
          "nf4:g64:sym rtn + sparse(0.0005,sensitivity) + sparse(0.004)",
          "int4:g64:asym rtn + sparse(0.01,scores)",
          "binary:g128:sym mse rtn + sparse(0.1,saliency)",
          "int4:g64:sym rtn + lowrank(8,int8)",
          "nf4:g64:sym rtn + lowrank(16,scaled) + loop(10)",
          "int2:g64:asym rtn + lowrank(16,weighted)",
          "int4:channel:sym rtn @ int4:token:sym + columns(0.05)",
          "binary:g64:sym mse rtn + columns(0.2,int4:g64:asym rtn)",
          "int2:g32:asym mse gptq + widths",
          "int3:g64:sym rtn @ int8:token:sym + widths(error)",
          "int2:g32:sym mse rtn + widths",
          "int2:g64:asym rtn + groups(0.25,int4:g64:asym rtn)",
          "int2:g32:asym gptq + groups(0.25,int4:g16:asym gptq,salience)",
          "int4:g64:asym gptq @ int8:token:sym + rows(0.1,int8:channel:sym rtn)",
          "hadamard | int3:channel:sym rtn + rows(0.25,int4:channel:sym rtn,model) + sparse(0.004)",
          "int2:g32:asym rtn + groups(0.5,nf4:g32:sym rtn) + lowrank(4) + bias",
          "smooth(0.5,po2) | fp4e2m1:channel:sym mse rtn @ fp4e2m1:tensor:sym + bias",
          "fp4e2m1:g256:sym rtn @ fp8e4m3:token:sym + lowrank(8)",
          "equalize | fp6e3m2:channel:sym rtn @ e4m3:tensor:sym + bias",
          "outlier(0.005) | int4:g128:asym rtn @ int8:token:sym",
          "hadamard(block=64,unsigned) | int4:g64:sym rtn",
          "hadamard(seed=7,online) | int4:g64:sym rtn @ int4:token:sym",
          "pca | hadamard(unsigned) | int8:channel:sym rtn @ int8:token:sym",
          "kronecker(hadamard) | int4:channel:sym rtn",
          "permute | int4:g128:sym rtn @ int4:g128:sym",
          "permute(weights) | int3:g64:sym rtn",
          "shift | smooth(1) | int4:channel:asym rtn @ int4:tensor:asym",
          "smooth(auto) | int4:channel:sym rtn @ int8:tensor:asym mse",
          "int8:channel:sym rtn @ int8:tensor:sym percentile(99.9)",
          "int8:channel:sym rtn @ int8:channel:asym",
          "mxfp6e3m2 rtn @ mxfp6e2m3",
          "fp8e4m3:channel:sym rtn @ fp8e5m2:token:sym",
          "smooth(0.5) | hadamard | int3:g64:asym mse rtn @ int8:token:asym + sparse(0.002,saliency) + lowrank(4,scaled,int8) + loop(3) + bias",
          "int4:g128:asym gptq",
          "int4:g128:sym gptq(act-order)",
          "int3:channel:asym cd(9)",
          "int4:g64:asym gptq(act-order)>cd(6)",
          "int2:g64:asym clip gptq(act-order)>cd(2)>refit(2,sweeps=2)",
          "int3:g16:asym:second-order gptq(act-order,current)>refit(1) + sparse(0.01,loop)",
          "int3:g64:asym refit(1) + sparse(0.01,sensitivity)",
          "int3:g128:asym clip(asym,diag) rtn",
          "int3:g16:asym:second-order gptq + sparse(0.01,sensitivity)",
          "smooth(0.5,po2) | e?m?(4):channel:sym mse rtn @ fp4e2m1:tensor:sym + bias",
          "nf4:g64:sym:second-order(8,256) rtn + lowrank(16,scaled) + loop(3)",
          "int4:g128:asym:i8row clip rtn @ int8:token:sym",
          "hadamard | int4:channel:sym gaussian gptq",
          "int4:channel:sym mse adaround(iterations=50)",
          "int4:channel:sym mse flexround(iterations=50)",
          "int3:g64:asym gptq(act-order)>cd(2)>signround(iterations=50)",
          "fp4e2m1:channel:sym adaround(iterations=50)",
          "nvfp4 gptq @ nvfp4",
          "f16 @ int8:token:sym",
          "int8:tensor:sym rtn",
          "int3:g16:asym gptq + sparse(0.01,loop)",
          "int3:g16:asym gptq(current) + sparse(0.02,loop,f32)",
          "int3:g16:asym:second-order gptq(act-order,current) + sparse(0.01,loop)",
          "int4:g64:asym gptq(act-order,current)>cd(3) @ int8:token:sym + sparse(0.01,loop)",
          "int4:g64:sym:second-order gptq(current)",
          "nf4:g64:sym gptq + sparse(0.02,loop,int8)",
          "int3:channel:asym rtn>cd(6) + sparse(0.01,iht)",
          "int3:g64:asym gptq(act-order,current)>cd(6) + sparse(0.01,iht)",
          "binary:g128:sym absmean gptq + sparse(0.1,saliency,int8)",
          "int4:g64:sym rtn + sparse(0.3,int8)",
          "codebook(8):channel rtn + sparse(0.01,sensitivity) + sparse(0.01)",
          "hadamard | int4:channel:sym rtn @ int4:token:sym clip(0.9)",
          "int4:g64:sym rtn @ int4:g32:asym clip(0.95)",
          "int8:channel:sym rtn @ int8:tensor:asym clip(0.8)",
          "nvfp4 rtn @ nvfp4 clip(0.9)",
          "vq(2,bits=6)",
          "hadamard | vq(6,bits=8,residual=6) @ int8:token:sym + lowrank(4)",
          "vq(4,bits=6,outliers=0.02,norm,iterations=9,damp=0.05,seed=3)",
          "vq(3,bits=6,plain) + sparse(0.01)",
          "ternary:tensor:sym absmedian rtn",
          "ternary:channel:sym absmean rtn",
          "int3:channel:sym absmean(2) rtn",
          "power(0.6,4):channel:sym mse rtn",
          "power?(4):g64:sym rtn",
          "pot(4):channel:sym mse rtn",
          "dynamic8:g256:sym rtn",
          "int4:channel:sym mse nested(8)",
          "int4:g64:sym rtn + lowrank(16,int1)",
          "int4:g64:sym rtn + lowrank(12,scaled,int1)",
          "int8:tensor:sym:e8m0 rtn + plane(int8:tensor:sym:e8m0 rtn)",
          "olive4:channel:sym",
          "olive4:g64:sym @ int8:token:sym",
          "trellis2(8)",
          "hadamard | trellis3(8,cd=0) @ int8:token:sym",
          "trellis4(8,damp=0.05) + sparse(0.01)",
          "trellis2(8,planes=3,plain) + lowrank(4)",
          "int8:channel:sym rtn @ best(int8,e2m5,e3m4,e4m3,e5m2):tensor:sym",
          "int8:channel:sym rtn @ e?m?(6):token:sym",
          "smooth(1,po2) | e?m?(4):channel:sym mse rtn @ e?m?(4):tensor:sym output + bias",
          "int4:g64:sym rtn @ int8:tensor:sym output(1)");

  private ManyRecipes() {}

  /** All of them. */
  public static List<String> all() {
    List<String> all = new ArrayList<>(MORE);
    PublishedRecipes.withVariants().forEach(entry -> all.add(entry.recipe().toString()));
    return all;
  }

  /** Those for a layer of so many rows that are soon done. */
  public static List<String> forRows(int rows) {
    return all().stream().filter(text -> isQuick(text) && suits(text, rows)).toList();
  }

  /** Hundreds of steps of learning are for tests of learning. */
  private static boolean isQuick(String text) {
    return !text.matches(".*(adaround|flexround|signround)(?!\\(iterations).*");
  }

  private static boolean suits(String text, int rows) {
    try {
      return Recipe.parse(text).storageBits(rows, 256) > 0;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }
}
