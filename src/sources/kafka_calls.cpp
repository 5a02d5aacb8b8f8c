// SPDX-License-Identifier: Apache-2.0
#include "sources/kafka_calls.hpp"

#include "base/loaded_library.hpp"

namespace endreason {
namespace {

Result<void> load() {
  const auto library = LoadedLibrary::load({"librdkafka.so.1"}, "librdkafka");
  if (!library) return tl::unexpected(library.error());
  bool found = true;
#define ENDREASON_FIND(name) found = found && library->find(#name, name);
  ENDREASON_KAFKA_CALLS(ENDREASON_FIND)
#undef ENDREASON_FIND
  if (!found) return tl::unexpected(library->wrong_version());
  return {};
}

}  // namespace

Result<void> load_kafka() {
  static const Result<void> loaded = load();
  return loaded;
}

}  // namespace endreason
