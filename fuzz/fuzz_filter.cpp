// SPDX-License-Identifier: Apache-2.0
// Any bytes as a filter: parsed or refused with a message, evaluated on one record, and its
// canonical form must read back to itself and take the same records.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "query/filter.hpp"
#include "query/filter_completion.hpp"

namespace {

using namespace std::string_view_literals;
using endreason::Field;
using endreason::Filter;

constexpr std::int64_t kNow = 1'773'136'800'000'000;  // 2026-03-10 10:00:00 UTC

constexpr std::pair<Field, std::string_view> kColumns[] = {
    {Field::ReceiveTime, "2026/03/10 10:00:05"},
    {Field::TimeGenerated, "2026/03/10 10:00:00"},
    {Field::HighResTimestamp, "2026-03-10T10:00:00.250-05:00"},
    {Field::Src, "10.1.2.3"},
    {Field::Dst, "2001:db8::1"},
    {Field::Rule, "My rule"},
    {Field::Srcuser, "corp\\bob"},
    {Field::App, "ssl"},
    {Field::From, "trust"},
    {Field::To, "untrust"},
    {Field::Sport, "51515"},
    {Field::Dport, "443"},
    {Field::Flags, "0x400053"},
    {Field::Proto, "tcp"},
    {Field::Action, "allow"},
    {Field::Bytes, "5000"},
    {Field::Seqno, "7022112329031221999"},
    {Field::SessionEndReason, "threat"},
};

void require(bool holds) {
  if (!holds) std::abort();
}

struct Fixture {
  endreason::TrafficRecord record;
  endreason::Verdict verdict;
  endreason::RecordClock clock;
  Fixture() {
    record.reset("");
    for (const auto& [field, text] : kColumns) record.set_copy(field, text);
    endreason::Misfit misfit{};
    require(decode_key_columns(record, misfit));
    verdict.final_action = endreason::FinalAction::Blocked;
    verdict.add(endreason::Contradiction::AllowWithThreat);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(endreason::complete_filter(text, size / 2 + 1).begin <= size);
  const auto filter = Filter::parse(text, kNow);
  if (!filter) {
    require(!filter.error().message.empty());
    return 0;
  }
  const bool taken = filter->matches(fixture.record, fixture.verdict, fixture.clock);
  const std::string canonical = filter->explain();
  // The canonical form of a text near the limit may be longer than the limit.
  if (canonical.size() > 64 * 1024) return 0;
  // Without `now`: times that counted from it are written out.
  const auto again = Filter::parse(canonical);
  require(again.has_value());
  require(again->explain() == canonical);
  require(again->matches(fixture.record, fixture.verdict, fixture.clock) == taken);
  require(again->fields() == filter->fields());
  return 0;
}
