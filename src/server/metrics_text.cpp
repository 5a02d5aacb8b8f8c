// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_text.hpp"

#include <fmt/format.h>

namespace endreason {
namespace {

std::string label_value(std::string_view text) {
  std::string value;
  for (const char c : text) {
    if (c == '"' || c == '\\') value += '\\';
    value += c == '\n' ? ' ' : c;
  }
  return value;
}

}  // namespace

void MetricsText::one(std::string_view name, std::string_view type, std::string_view help,
                      std::uint64_t value) {
  head(name, type, help);
  out_ += fmt::format("endreason_{} {}\n", name, value);
}

void MetricsText::head(std::string_view name, std::string_view type, std::string_view help) {
  out_ += fmt::format("# HELP endreason_{0} {1}\n# TYPE endreason_{0} {2}\n", name, help, type);
}

void MetricsText::labelled(std::string_view name, std::string_view label, std::string_view item,
                           std::uint64_t value) {
  out_ += fmt::format("endreason_{}{{{}=\"{}\"}} {}\n", name, label, label_value(item), value);
}

}  // namespace endreason
