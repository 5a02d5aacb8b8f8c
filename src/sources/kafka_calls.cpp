// SPDX-License-Identifier: Apache-2.0
#include "sources/kafka_calls.hpp"

namespace endreason {

Result<void> load_kafka() {
  static const Result<void> loaded = load_functions({"librdkafka.so.1"}, "librdkafka",
                                                    {ENDREASON_KAFKA_CALLS(ENDREASON_FIND_CALL)});
  return loaded;
}

}  // namespace endreason
