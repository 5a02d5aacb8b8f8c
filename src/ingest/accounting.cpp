// SPDX-License-Identifier: Apache-2.0
#include "ingest/accounting.hpp"

#include <cassert>

#include <fmt/format.h>

namespace endreason {
namespace {

// Log types come from the input: only what cannot hurt a JSON text or a terminal is kept of them.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 40))
    if (c > ' ' && c < 127 && c != '"' && c != '\\') out.push_back(c);
  return out.empty() ? "unnamed" : out;
}

template <class Each>
std::string json_object(Each&& each) {
  std::string out = "{";
  each([&](std::string_view name, std::uint64_t n) {
    if (n == 0) return;
    if (out.size() > 1) out += ',';
    out += fmt::format("\"{}\":{}", name, n);
  });
  return out + "}";
}

}  // namespace

void Accounting::count(const ReadStatus& status, const TrafficRecord& record) {
  ++lines;
  switch (status.kind) {
    case ReadKind::Blank:
      ++blank;
      break;
    case ReadKind::Traffic:
      ++traffic;
      if (record.partial) ++partial;
      ++by_format[static_cast<std::size_t>(record.format)];
      ++by_version[static_cast<std::size_t>(record.version)];
      break;
    case ReadKind::Other: {
      ++other;
      const auto found = by_type.find(status.type);
      if (found != by_type.end()) {
        ++found->second;
      } else {
        ++by_type[printable(status.type)];
      }
      break;
    }
    case ReadKind::Rejected:
      ++rejected;
      ++by_reject_reason[static_cast<std::size_t>(status.reject.reason)];
      break;
  }
}

void Accounting::count_traffic(InputFormat format, PanosVersion version, std::uint64_t records) {
  lines += records;
  traffic += records;
  by_format[static_cast<std::size_t>(format)] += records;
  by_version[static_cast<std::size_t>(version)] += records;
}

void Accounting::add(const Accounting& part) {
  lines += part.lines;
  blank += part.blank;
  traffic += part.traffic;
  partial += part.partial;
  other += part.other;
  rejected += part.rejected;
  matched += part.matched;
  for (const auto& [type, n] : part.by_type) by_type[type] += n;
  for (std::size_t i = 0; i < by_format.size(); ++i) by_format[i] += part.by_format[i];
  for (std::size_t i = 0; i < by_version.size(); ++i) by_version[i] += part.by_version[i];
  for (std::size_t i = 0; i < by_reject_reason.size(); ++i)
    by_reject_reason[i] += part.by_reject_reason[i];
}

std::string Accounting::to_json() const {
  assert(balanced());
  const std::string types = json_object([&](auto put) {
    put("TRAFFIC", traffic);
    for (const auto& [type, n] : by_type) put(type, n);
  });
  const std::string formats = json_object([&](auto put) {
    for (const auto& row : kInputFormats)
      put(row.log_name, by_format[static_cast<std::size_t>(row.value)]);
  });
  const std::string versions = json_object([&](auto put) {
    for (std::size_t i = 0; i < by_version.size(); ++i)
      put(name_of(PanosVersion{static_cast<std::uint8_t>(i)}), by_version[i]);
  });
  const std::string reasons = json_object([&](auto put) {
    for (const auto& row : kRejectReasons)
      put(row.log_name, by_reject_reason[static_cast<std::size_t>(row.value)]);
  });
  return fmt::format(
      "{{\"lines\":{},\"blank\":{},\"traffic\":{},\"partial\":{},\"other\":{},\"rejected\":{},"
      "\"matched\":{},\"by_type\":{},\"by_format\":{},\"by_version\":{},\"by_reject_reason\":{}}}",
      lines, blank, traffic, partial, other, rejected, matched, types, formats, versions, reasons);
}

std::string Accounting::to_line() const {
  assert(balanced());
  std::string line =
      fmt::format("{} {} = {} traffic", lines, lines == 1 ? "line" : "lines", traffic);
  if (partial > 0) line += fmt::format(" ({} cut short)", partial);
  line += fmt::format(" + {} other log types + {} rejected + {} blank", other, rejected, blank);
  if (matched != traffic) line += fmt::format("; {} matched the filter", matched);
  return line;
}

}  // namespace endreason
