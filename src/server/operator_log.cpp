// SPDX-License-Identifier: Apache-2.0
#include "server/operator_log.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "findings/printable.hpp"
#include "server/api_support.hpp"
#include "server/json_writer.hpp"

namespace endreason {
namespace {

// A message with a caret below its middle has several lines.
std::string on_one_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    if (part.empty() || part == "^") continue;
    if (!line.empty()) line += " | ";
    line += part;
  }
  return line;
}

}  // namespace

void OperatorLog::write(LogLevel level, std::string_view event, std::string_view text,
                        Fields fields) {
  if (!wants(level)) return;
  const LogLevelInfo& row = kLogLevels[static_cast<std::size_t>(level)];
  std::string line;
  const LogFormat format = format_;
  if (format == LogFormat::Json) {
    JsonWriter json(line);
    json.object().text("time", time_text(now_micros_())).text("level", row.log_name);
    json.text("event", event).text("message", text);
    for (const auto& [name, value] : fields) json.text(name, value);
    json.end_object();
  } else {
    const std::string kind = level == LogLevel::Info ? "" : fmt::format("{}: ", row.log_name);
    if (format == LogFormat::Terminal) line = "endreason: " + kind;
    if (format == LogFormat::Journal) line = fmt::format("<{}>", row.syslog_priority);
    if (format == LogFormat::Plain)
      line = fmt::format("{} endreason: {}", time_text(now_micros_()), kind);
    append_printable(on_one_line(text), SIZE_MAX, line);
  }
  line += '\n';
  write_(line);
}

}  // namespace endreason
