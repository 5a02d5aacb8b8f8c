// SPDX-License-Identifier: Apache-2.0
#include "server/json_writer.hpp"

#include <cmath>

#include <fmt/format.h>

namespace endreason {

JsonWriter& JsonWriter::real(double value) {
  return std::isfinite(value) ? raw(fmt::format("{}", value)) : null();
}

JsonWriter& JsonWriter::cell(const Cell& cell) {
  struct Visitor {
    JsonWriter& json;
    void operator()(std::monostate) const { json.null(); }
    void operator()(bool v) const { json.boolean(v); }
    void operator()(std::int64_t v) const { json.number(v); }
    // Readers with doubles would round more than 53 bits.
    void operator()(std::uint64_t v) const {
      if (v > (std::uint64_t{1} << 53)) {
        json.text(std::to_string(v));
      } else {
        json.number(v);
      }
    }
    void operator()(double v) const { json.real(v); }
    void operator()(const std::string& v) const { json.text(v); }
  };
  std::visit(Visitor{*this}, cell);
  return *this;
}

}  // namespace endreason
