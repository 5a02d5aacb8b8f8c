// SPDX-License-Identifier: Apache-2.0
// How the log spells what stores keep as a number: action, end reason, subtype, action source. Room
// store only.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/field.hpp"
#include "model/vocabulary.hpp"

namespace endreason {

// Empty for a number that none has. `field`: one of the four.
constexpr std::string_view word_text(Field field, std::uint8_t value) {
  switch (field) {
    case Field::Action:
      return value < kActions.size() ? kActions[value].log_name : "";
    case Field::SessionEndReason:
      return value < kEndReasons.size() ? kEndReasons[value].log_name : "";
    case Field::Subtype:
      return value < kSubtypes.size() ? kSubtypes[value].log_name : "";
    default:
      return value < kActionSources.size() ? kActionSources[value].log_name : "";
  }
}

}  // namespace endreason
