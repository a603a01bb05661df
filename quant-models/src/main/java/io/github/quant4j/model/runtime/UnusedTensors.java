// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tensors of a file that the network has no use for.
 *
 * <p>Under the network's own names, a tensor that is not used means that the configuration and the
 * weights do not belong together: layers beyond the number of layers, norms or biases of another
 * architecture, scales of a quantization that the configuration does not mention. Such a model
 * would give other numbers than it should, so it is refused. Buffers that are computed anyway,
 * single numbers, empty tensors and flags are fine. Tensors under other names (another network, a
 * head of one's own) are a warning.
 */
public final class UnusedTensors {
  private static final int SHOWN = 4;

  /** Buffers that are computed, and counters. */
  private static final Pattern BUFFER =
      Pattern.compile(
          ".*\\.(rotary_emb\\.(inv_freq|original_inv_freq|cos_cached|sin_cached)|masked_bias"
              + "|num_batches_tracked|position_ids)");

  /** Parts of quantized layers, in the words of several tools. */
  private static final Pattern QUANTIZED =
      Pattern.compile(
          ".*[._](weight_scale|weight_scale_inv|weight_scale_2|input_scale|output_scale|k_scale"
              + "|v_scale|scale_inv|weight_packed|weight_zero_point|weight_global_scale"
              + "|input_global_scale|input_zero_point|weight_g_idx|weight_shape|qweight|qzeros"
              + "|scales|g_idx|SCB|absmax|quant_map|quant_state\\..*|weight_codes)");

  /** What was found. */
  public record Finding(List<String> problems, List<String> warnings) {}

  /**
   * Where a network's tensors are.
   *
   * @param prefixes beginnings of the names of its own tensors
   * @param layers what the names of layers begin with, before the number
   * @param count the number of layers
   * @param countMember the configuration's member that says so
   * @param ignored beginnings of names that belong to a part which is not read
   */
  public record Names(
      List<String> prefixes, String layers, int count, String countMember, List<String> ignored) {

    boolean isOwn(String name) {
      return prefixes.stream().anyMatch(name::startsWith);
    }

    boolean isIgnored(String name) {
      return ignored.stream().anyMatch(name::startsWith);
    }
  }

  private final TensorSource tensors;
  private final Names names;
  private final Map<Integer, List<String>> ofLayers = new TreeMap<>();
  private final List<String> quantized = new ArrayList<>();
  private final List<String> own = new ArrayList<>();
  private final List<String> others = new ArrayList<>();

  private UnusedTensors(TensorSource tensors, Names names) {
    this.tensors = tensors;
    this.names = names;
  }

  /**
   * Looks at the names of all tensors.
   *
   * @param used those that the network reads
   * @param modules its quantized modules, whose tensors are looked at when they are read
   */
  public static Finding find(
      ModelWeights weights, Names names, Set<String> used, Set<String> modules) {
    UnusedTensors unused = new UnusedTensors(weights.tensors(), names);
    for (String name : weights.tensors().names()) {
      boolean isPart =
          isWithin(name, modules)
              || weights.sharedTensors().contains(name)
              || isOfTable(weights, name, used);
      if (!used.contains(name) && !isPart && !names.isIgnored(name)) {
        unused.sort(name);
      }
    }
    return unused.finding();
  }

  /** Whether a tensor is a part of a quantized table that the network reads as a tensor. */
  private static boolean isOfTable(ModelWeights weights, String name, Set<String> used) {
    int dot = name.lastIndexOf('.');
    String module = name.substring(0, Math.max(0, dot));
    return used.contains(module + ".weight") && weights.linear(module).isPresent();
  }

  private static boolean isWithin(String name, Set<String> modules) {
    for (int dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      if (modules.contains(name.substring(0, dot))) {
        return true;
      }
    }
    return false;
  }

  private void sort(String name) {
    Tensor tensor = tensors.require(name);
    if (BUFFER.matcher(name).matches()
        || isMask(name, tensor)
        || tensor.shape().elementCount() == 0) {
      return;
    }
    Matcher layer = Pattern.compile(Pattern.quote(names.layers) + "(\\d{1,9})\\..*").matcher(name);
    if (QUANTIZED.matcher(name).matches()) {
      quantized.add(name);
    } else if (tensor.shape().rank() == 0 || tensor.dtype() == DType.BOOL) {
      return;
    } else if (layer.matches() && Integer.parseInt(layer.group(1)) >= names.count) {
      ofLayers.computeIfAbsent(Integer.valueOf(layer.group(1)), _ -> new ArrayList<>()).add(name);
    } else {
      (names.isOwn(name) ? own : others).add(name);
    }
  }

  /** What a token may see, as GPT-2 and its kin have stored it under the name of a bias. */
  private static boolean isMask(String name, Tensor tensor) {
    Shape shape = tensor.shape();
    return name.endsWith(".bias")
        && shape.rank() == 4
        && shape.dimension(0) == 1
        && shape.dimension(1) == 1
        && shape.dimension(2) == shape.dimension(3);
  }

  private Finding finding() {
    List<String> problems = new ArrayList<>();
    ofLayers.forEach(
        (layer, found) ->
            problems.add(
                "tensors "
                    + names.layers
                    + layer
                    + ".* ("
                    + found.size()
                    + "): the layer is not used, as '"
                    + names.countMember
                    + "' is "
                    + names.count
                    + "; expected that many layers in the file"));
    if (!quantized.isEmpty()) {
      problems.add(
          list(quantized)
              + ": parts of quantized layers, of which the configuration says nothing; expected"
              + " them in 'quantization_config'");
    }
    if (!own.isEmpty()) {
      problems.add(
          list(own)
              + ": not used by this architecture, so that results would not be the model's;"
              + " expected a configuration that goes with the weights");
    }
    List<String> warnings = new ArrayList<>();
    if (!others.isEmpty()) {
      warnings.add(list(others) + ": not used by this architecture");
    }
    return new Finding(problems, warnings);
  }

  private static String list(List<String> names) {
    return (names.size() == 1 ? "tensor " : "tensors ")
        + String.join(", ", names.subList(0, Math.min(SHOWN, names.size())))
        + (names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "");
  }

  /** Whether two tensors have the same values, as a tied head that is stored all the same. */
  public static boolean areEqual(Tensor one, Tensor other) {
    if (!one.shape().equals(other.shape())) {
      return false;
    }
    if (one.dtype() == other.dtype()) {
      return one.data().mismatch(other.data()) < 0;
    }
    return one.dtype().isFloatingPoint()
        && other.dtype().isFloatingPoint()
        && one.shape().rank() == 2
        && haveEqualRows(one, other);
  }

  private static boolean haveEqualRows(Tensor one, Tensor other) {
    int rows = (int) one.shape().dimension(0);
    for (int row = 0; row < rows; row++) {
      if (!Arrays.equals(one.readRows(row, 1).data(), other.readRows(row, 1).data())) {
        return false;
      }
    }
    return true;
  }
}
