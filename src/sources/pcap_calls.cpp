// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap_calls.hpp"

#include "base/loaded_library.hpp"

namespace endreason {
namespace {

Result<void> load() {
  // Debian's name for it, and its makers'.
  const auto library = LoadedLibrary::load({"libpcap.so.0.8", "libpcap.so.1"}, "libpcap");
  if (!library) return tl::unexpected(library.error());
  bool found = true;
#define ENDREASON_FIND(name) found = found && library->find(#name, name);
  ENDREASON_PCAP_CALLS(ENDREASON_FIND)
#undef ENDREASON_FIND
  if (!found) return tl::unexpected(library->wrong_version());
  return {};
}

}  // namespace

Result<void> load_pcap() {
  static const Result<void> loaded = load();
  return loaded;
}

}  // namespace endreason
