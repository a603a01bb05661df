// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ForeignReadersTest {
  private static JsonValue.Obj json(String text) {
    return JsonParser.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theKindOfModelIsHiddenAndComesBack() {
    JsonValue.Obj plain =
        json("{'architectures': ['LlamaForCausalLM'], 'model_type': 'llama', 'hidden_size': 8}");
    JsonValue.Obj refused = ForeignReaders.refused(plain);
    assertEquals(Optional.of("quant4j-llama"), refused.getString("model_type"));
    assertEquals(
        json("{'a': ['Quant4jLlamaForCausalLM']}").getArray("a"),
        refused.getArray("architectures"));
    assertEquals(plain, ForeignReaders.restored(refused));
    assertEquals(refused, ForeignReaders.refused(refused));
  }

  @Test
  void whatWasNotThereIsNotThereAgain() {
    JsonValue.Obj plain = json("{'model_type': 'whisper'}");
    assertEquals(plain, ForeignReaders.restored(ForeignReaders.refused(plain)));
    JsonValue.Obj nothing = json("{'hidden_size': 8}");
    JsonValue.Obj refused = ForeignReaders.refused(nothing);
    assertEquals(Optional.of("quant4j-model"), refused.getString("model_type"));
    assertEquals(nothing, ForeignReaders.restored(refused));
  }

  @Test
  void otherConfigurationsStayAsTheyAre() {
    JsonValue.Obj plain = json("{'model_type': 'llama', 'quant4j_model_type': 'x'}");
    assertSame(plain, ForeignReaders.restored(plain));
  }
}
