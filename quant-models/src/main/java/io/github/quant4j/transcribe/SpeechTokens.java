// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The special tokens of a model that writes down speech, and what it must not write.
 *
 * @param start begins every text
 * @param end ends it
 * @param noTimestamps says that there are to be no time stamps; the one of 0 seconds is the next
 *     token, and the one that stands for silence is the token before; empty if the configuration
 *     does not know of time stamps
 * @param previous stands before the text of earlier windows, if there is such a token
 * @param languages the token of each language, by its code, such as {@code en}; empty for a model
 *     of English only
 * @param tasks the token of each task, perhaps none
 * @param multilingual whether a language and a task can be chosen
 * @param language what the configuration chooses, if anything
 * @param task what the configuration chooses, if anything
 * @param forced what follows the first token if neither language nor task are chosen; an empty one
 *     stands for the language, which is then detected
 * @param suppressed tokens that are never written
 * @param suppressedAtBegin tokens that a text does not begin with
 * @param maximumInitialTimestamp the latest time stamp that a text may begin with, in steps of 20
 *     ms
 * @param maximumLength the most tokens behind the prompt
 */
public record SpeechTokens(
    int start,
    int end,
    OptionalInt noTimestamps,
    OptionalInt previous,
    Map<String, Integer> languages,
    Map<Task, Integer> tasks,
    boolean multilingual,
    Optional<String> language,
    Optional<Task> task,
    List<OptionalInt> forced,
    List<Integer> suppressed,
    List<Integer> suppressedAtBegin,
    OptionalInt maximumInitialTimestamp,
    int maximumLength) {

  /** Copies the collections. */
  public SpeechTokens {
    languages = Map.copyOf(languages);
    tasks = Map.copyOf(tasks);
    forced = List.copyOf(forced);
    suppressed = List.copyOf(suppressed);
    suppressedAtBegin = List.copyOf(suppressedAtBegin);
  }

  /**
   * The time stamp of 0 seconds; those of later times follow.
   *
   * @return its token; larger than all tokens if there are none
   */
  public int firstTimestamp() {
    return noTimestamps.isPresent() ? noTimestamps.getAsInt() + 1 : Integer.MAX_VALUE;
  }

  boolean isTimestamp(int token) {
    return token >= firstTimestamp();
  }
}
