// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * In what the configurations of rotary embeddings differ between families.
 *
 * @param theta the base where the file is silent
 * @param thetaMember what the base is called beside the other members of the model, for example
 *     {@code rope_theta} or {@code rotary_emb_base}
 * @param portion how much of a head is rotated
 * @param pairing which channels are rotated together
 * @param windowed the base of layers that see a window, if they have one of their own
 * @param alpha whether the kind "dynamic" with a member {@code alpha} means a base that is
 *     stretched once and for all
 * @param scaling the kind where the file has neither {@code rope_parameters} nor {@code
 *     rope_scaling}
 * @param spelling what is peculiar about the object that states the kind
 */
public record RotaryOptions(
    double theta,
    String thetaMember,
    Portion portion,
    Rotary.Pairing pairing,
    @Nullable Windowed windowed,
    boolean alpha,
    RotaryScaling scaling,
    Spelling spelling) {

  /** Whole heads in halves, as Llama has them. */
  public static final RotaryOptions USUAL =
      new RotaryOptions(
          10_000,
          "rope_theta",
          new Portion.Whole(),
          Rotary.Pairing.HALVES,
          null,
          false,
          new RotaryScaling.None(),
          Spelling.USUAL);

  /**
   * What is peculiar about the object that states the kind.
   *
   * @param otherMembers members that something else reads
   * @param kinds what kinds mean that are called otherwise elsewhere
   */
  public record Spelling(Set<String> otherMembers, Map<String, String> kinds) {

    /** Nothing. */
    public static final Spelling USUAL = new Spelling(Set.of(), Map.of());

    /** Copies both. */
    public Spelling {
      otherMembers = Set.copyOf(otherMembers);
      kinds = Map.copyOf(kinds);
    }
  }

  /** How much of a head is rotated, counted from its first channel. */
  public sealed interface Portion {

    /** All of it; a configuration that asks for less is refused. */
    record Whole() implements Portion {}

    /**
     * A fraction of its channels, {@code partial_rotary_factor} where the file has an object for
     * rotary embeddings.
     *
     * @param member what it is called beside the other members of the model
     * @param otherwise the fraction where the file is silent
     */
    record Fraction(String member, double otherwise) implements Portion {}

    /**
     * A number of channels.
     *
     * @param member what it is called
     * @param otherwise the number where the file is silent
     */
    record Channels(String member, int otherwise) implements Portion {}
  }

  /**
   * Families whose windowed layers have a base of their own. With one object for all layers, or
   * none, scaling is for the layers only that see everything.
   *
   * @param member what the base is called beside the other members of the model; null if nothing
   *     states it
   * @param theta the base where the file is silent
   */
  public record Windowed(@Nullable String member, double theta) {}

  /** With another base where the file is silent. */
  public RotaryOptions withTheta(double otherwise) {
    return new RotaryOptions(
        otherwise, thetaMember, portion, pairing, windowed, alpha, scaling, spelling);
  }

  /** With another name for the base. */
  public RotaryOptions withThetaMember(String member) {
    return new RotaryOptions(theta, member, portion, pairing, windowed, alpha, scaling, spelling);
  }

  /** With a part of the head. */
  public RotaryOptions withPortion(Portion part) {
    return new RotaryOptions(theta, thetaMember, part, pairing, windowed, alpha, scaling, spelling);
  }

  /** With neighbours as pairs. */
  public RotaryOptions interleaved() {
    return new RotaryOptions(
        theta,
        thetaMember,
        portion,
        Rotary.Pairing.INTERLEAVED,
        windowed,
        alpha,
        scaling,
        spelling);
  }

  /** Turned the other way. */
  public RotaryOptions backward() {
    return new RotaryOptions(
        theta,
        thetaMember,
        portion,
        Rotary.Pairing.HALVES_BACKWARD,
        windowed,
        alpha,
        scaling,
        spelling);
  }

  /** With what is peculiar about the object. */
  public RotaryOptions withSpelling(Spelling found) {
    return new RotaryOptions(theta, thetaMember, portion, pairing, windowed, alpha, scaling, found);
  }

  /** With a base of its own for windowed layers. */
  public RotaryOptions withWindowed(@Nullable String member, double otherwise) {
    return new RotaryOptions(
        theta,
        thetaMember,
        portion,
        pairing,
        new Windowed(member, otherwise),
        alpha,
        scaling,
        spelling);
  }

  /** With a meaning for {@code alpha}. */
  public RotaryOptions withAlpha() {
    return new RotaryOptions(
        theta, thetaMember, portion, pairing, windowed, true, scaling, spelling);
  }

  /** With another kind of scaling where the file states none. */
  public RotaryOptions withScaling(RotaryScaling otherwise) {
    return new RotaryOptions(
        theta, thetaMember, portion, pairing, windowed, alpha, otherwise, spelling);
  }
}
