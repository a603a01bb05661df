// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;

/**
 * How a quantized model is saved.
 *
 * @param overwrite whether a model directory that is there already may be replaced
 * @param resume whether an unfinished run of the same model, recipe and calibration is continued;
 *     otherwise what it has finished is deleted
 */
@Stable
public record SaveOptions(boolean overwrite, boolean resume) {

  /**
   * Neither overwrites nor resumes.
   *
   * @return the default options
   */
  public static SaveOptions defaults() {
    return new SaveOptions(false, false);
  }

  /**
   * The same with leave to replace a model.
   *
   * @param allowed whether a model directory that is there already may be replaced
   * @return the changed options
   */
  public SaveOptions withOverwrite(boolean allowed) {
    return new SaveOptions(allowed, resume);
  }

  /**
   * The same, continuing an unfinished run or not.
   *
   * @param wanted whether to continue
   * @return the changed options
   */
  public SaveOptions withResume(boolean wanted) {
    return new SaveOptions(overwrite, wanted);
  }
}
