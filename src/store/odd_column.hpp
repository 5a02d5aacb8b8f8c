// SPDX-License-Identifier: Apache-2.0
// The column `odd` of a stored row: what had no column of its own, or no value of its column's
// kind. Room store only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/engine_facts_text.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

class OddColumn {
 public:
  // Puts what it says into the record, which points into this until the next call.
  void read(std::string_view odd, TrafficRecord& record);

 private:
  ReadEngineFacts facts_;
  std::vector<std::pair<std::string, std::string>> extras_;
};

}  // namespace endreason
