// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a rule file. Every rule that is read must compile or be accounted for, and the
// compiled set must stand up to a packet made of the same bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "inspect/inspector.hpp"
#include "inspect/rule_file.hpp"
#include "inspect/threat_set.hpp"
#include "model/protocol.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace endreason;
  using namespace endreason::inspect;
  RuleLoad load;
  read_rule_text({reinterpret_cast<const char*>(data), size}, "f", RuleVariables(), load);
  require(load.read == load.rules.size() + load.skipped);
  auto set = ThreatSet::compile(load);
  require(set.has_value());
  require(load.read == (*set)->size() + load.skipped);
  auto inspector = Inspector::create(*set);
  require(inspector.has_value());
  InspectionId id{InspectionId::None};
  PacketView packet;
  packet.protocol = kProtoTcp;
  packet.sport = 40000;
  packet.dport = 80;
  packet.payload = data;
  packet.payload_length = packet.payload_captured = static_cast<std::uint32_t>(size);
  (*inspector)->step(id, {&packet, true, true, true});
  (*inspector)->finish(id, 1);
  require((*inspector)->memory_used() == 0);
  return 0;
}
