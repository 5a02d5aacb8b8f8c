// SPDX-License-Identifier: Apache-2.0
#include "store/odd_column.hpp"

#include "model/odd_texts.hpp"
#include "model/stored_column.hpp"

namespace endreason {

void OddColumn::read(std::string_view odd, TrafficRecord& record) {
  extras_.clear();
  static_cast<void>(read_odd(odd, [&](std::string_view name, std::string_view text) {
    const auto field = find_field(name);
    if (name == kEngineFactsName) {
      if (facts_.read(text)) record.engine = &facts_.facts();
    } else if (find_engine_column(name)) {
      // For those who ask in SQL; the facts have it.
    } else if (field && stored(*field).as != StoredAs::Text) {
      record.set_copy(*field, text);
    } else {
      extras_.emplace_back(name, text);
    }
  }));
  for (const auto& [name, text] : extras_) record.extras.push_back({name, text});
}

}  // namespace endreason
