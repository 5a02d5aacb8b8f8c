// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as the segments of one session, in any order and from both sides, through rules
// that look into every buffer. All memory must come back, and within the limits.
//
// The first two bytes are server port and limits. Then segments, each behind a byte of flags (side,
// FIN, RST, SYN, a jump in the stream, a step back, UDP) and a byte of length.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "inspect/inspector.hpp"
#include "inspect/rule_file.hpp"
#include "model/protocol.hpp"

namespace {

using namespace endreason;
using namespace endreason::inspect;

void require(bool holds) {
  if (!holds) std::abort();
}

// A rule for each buffer, with and without a content to look for, and some on payloads.
std::shared_ptr<const ThreatSet> every_buffer() {
  std::string text;
  unsigned sid = 0;
  const auto rule = [&](const std::string& options) {
    text += "alert ip any any -> any any (" + options + " sid:" + std::to_string(++sid) + ";)\n";
  };
  for (const InspectBufferInfo& row : kInspectBuffers) {
    const std::string name(row.log_name);
    rule(name + "; content:\"a\"; nocase;");
    rule(name + "; content:!\"zz\"; bsize:>2;");
    rule(name + "; pcre:\"/[a-z]+\\x00/\";");
    if (row.shape != BufferShape::Packet) rule(name + "; to_lowercase; content:\"e\"; endswith;");
  }
  rule("content:\"EV\"; content:\"IL\"; distance:0; within:20;");
  rule("content:\"E\"; byte_jump:1,0,relative; isdataat:2,relative; flowbits:set,b;");
  rule("byte_extract:1,0,n; content:\"x\"; offset:n; flowbits:isset,b;");
  rule("dns.opcode:0;");
  rule("tls.version:1.2;");
  RuleLoad load;
  read_rule_text(text, "f", RuleVariables(), load);
  auto set = ThreatSet::compile(load);
  require(set.has_value() && load.skipped == 0);
  return *set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const ThreatSet> set = every_buffer();
  if (size < 2) return 0;
  static constexpr std::uint16_t kPorts[] = {80, 443, 53, 22, 25, 445};
  InspectSettings settings;
  settings.memory_bytes = (data[1] & 1) != 0 ? 4096 : 1 << 20;
  settings.stream_depth = (data[1] & 2) != 0 ? 512 : 0;
  settings.segments_held = (data[1] & 4) != 0 ? 2 : 64;
  settings.body_bytes = (data[1] & 8) != 0 ? 64 : 4096;
  auto inspector = Inspector::create(set, settings);
  require(inspector.has_value());
  InspectionId id{InspectionId::None};
  std::uint32_t next[2] = {1000, 0xffff'ff00};
  unsigned packets[2] = {};
  const std::uint16_t port = kPorts[data[0] % std::size(kPorts)];
  for (std::size_t at = 2; at + 2 <= size;) {
    const std::uint8_t flags = data[at];
    const std::size_t length = std::min<std::size_t>(data[at + 1], size - at - 2);
    const auto copy = std::make_unique<std::uint8_t[]>(length);
    if (length > 0) std::memcpy(copy.get(), data + at + 2, length);
    at += 2 + length;
    const bool client = (flags & 1) == 0;
    PacketView p;
    p.protocol = (flags & 0x40) != 0 ? kProtoUdp : kProtoTcp;
    p.sport = client ? 40000 : port;
    p.dport = client ? port : 40000;
    if ((flags & 0x10) != 0) next[client] += 64;
    if ((flags & 0x20) != 0) next[client] -= 16;
    p.seq = next[client];
    p.ack = next[!client];
    p.tcp_flags = static_cast<std::uint8_t>(kTcpAck | ((flags & 2) != 0 ? kTcpFin : 0) |
                                            ((flags & 4) != 0 ? kTcpRst : 0) |
                                            ((flags & 8) != 0 ? kTcpSyn : 0));
    p.payload = copy.get();
    p.payload_length = static_cast<std::uint32_t>(length + ((flags & 0x80) != 0 ? 3 : 0));
    p.payload_captured = static_cast<std::uint32_t>(length);
    next[client] += p.payload_length;
    p.time_ns = static_cast<std::int64_t>(at);
    const bool first = packets[client]++ == 0;
    const InspectStep step = (*inspector)->step(id, {&p, client, true, first});
    for (const ThreatHit& hit : step.hits) require(hit.rule < set->size());
    require((*inspector)->memory_used() <= settings.memory_bytes);
  }
  (*inspector)->finish(id, 1);
  require((*inspector)->memory_used() == 0);
  require((*inspector)->counters().sessions_used == 0);
  return 0;
}
