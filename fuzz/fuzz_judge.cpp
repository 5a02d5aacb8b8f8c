// SPDX-License-Identifier: Apache-2.0
// Builds a traffic record from bytes, judges it by both rule sets, explains it, and holds the
// verdict to its invariants. In: column numbers, lengths and texts; a zero length picks a word of
// the column's vocabulary, so that the interesting combinations are found quickly.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/traffic_record.hpp"
#include "verdict/catalogue.hpp"
#include "verdict/judge.hpp"

namespace {

using namespace endreason;

constexpr std::string_view kWords[] = {
    "allow",
    "deny",
    "drop",
    "drop ICMP",
    "reset-client",
    "reset-server",
    "reset-both",
    "start",
    "end",
    "incomplete",
    "insufficient-data",
    "unknown-tcp",
    "unknown-udp",
    "unknown-p2p",
    "not-applicable",
    "ssl",
    "threat",
    "policy-deny",
    "decrypt-cert-validation",
    "decrypt-unsupport-param",
    "decrypt-error",
    "tcp-rst-from-client",
    "tcp-rst-from-server",
    "resources-unavailable",
    "tcp-fin",
    "tcp-reuse",
    "decoder",
    "aged-out",
    "unknown",
    "n/a",
    "split-tunnel",
    "tcp",
    "udp",
    "icmp",
    "10.0.0.1",
    "2001:db8::1",
    "224.0.0.1",
    "0",
    "1",
    "3",
    "78",
    "3600",
    "0x00800000",
    "18446744073709551615",
    "from-application",
    "2026/03/10 10:00:00",
};

constexpr Field kColumns[] = {
    Field::Subtype,
    Field::Proto,
    Field::Action,
    Field::App,
    Field::SessionEndReason,
    Field::Src,
    Field::Dst,
    Field::Dport,
    Field::Flags,
    Field::Sessionid,
    Field::Repeatcnt,
    Field::Bytes,
    Field::BytesSent,
    Field::BytesReceived,
    Field::Packets,
    Field::PktsSent,
    Field::PktsReceived,
    Field::Elapsed,
    Field::ActionSource,
    Field::Rule,
    Field::From,
    Field::Start,
    Field::ReceiveTime,
};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const TrafficRecord& r, const Verdict& v) {
  const bool blocked = v.final_action == FinalAction::Blocked;
  require(blocked == (v.decided_by != DecidedBy::Nobody));
  require(!v.provisional || v.final_action == FinalAction::Allowed);
  require(!blocked || v.outcome == Outcome::Failed);
  require(v.evidence_count <= Verdict::kEvidenceMax);
  // Evidence is there, unless what is missing is itself the point.
  for (std::size_t i = 0; i < v.evidence_count; ++i)
    require(r.has(v.evidence[i]) || v.final_action == FinalAction::Undetermined);
  require(v.final_action != FinalAction::Undetermined || v.evidence_count > 0);
  require(!why(v).empty());
  const Explanation e = explain(r, v);
  require(!e.headline.empty() && !e.sources.empty());
  for (const NextCheck& c : e.checks)
    for (const char byte : c.text) require(static_cast<unsigned char>(byte) >= 0x20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  TrafficRecord record;
  record.reset(bytes.data());
  std::size_t at = 0;
  record.partial = size > 0 && (data[at++] & 1) != 0;
  while (at + 2 < size) {
    const Field field = kColumns[data[at] % std::size(kColumns)];
    const std::size_t length = data[at + 1] % 32;
    at += 2;
    if (length == 0) {
      record.set_copy(field, kWords[data[at++] % std::size(kWords)]);
      continue;
    }
    const std::string_view text = bytes.substr(at, length);
    record.set(field, text);
    at += text.size();
  }
  Misfit misfit{};
  if (!decode_key_columns(record, misfit)) return 0;  // such a record is rejected, never judged
  check(record, judge(record, Ruleset::Standard, Timers{}));
  check(record, judge(record, Ruleset::Vendor, Timers{}));
  return 0;
}
