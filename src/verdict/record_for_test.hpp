// SPDX-License-Identifier: Apache-2.0
// Records for tests from one line of text: five words, subtype proto action app end-reason ("-" for
// a column that is not there), then column=value pairs, "_" standing for a blank inside a value.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>

#include "model/traffic_record.hpp"

namespace endreason {

// The columns of the five words, in their order.
inline constexpr Field kPositional[] = {Field::Subtype, Field::Proto, Field::Action, Field::App,
                                        Field::SessionEndReason};

inline TrafficRecord record_for_test(std::string_view line) {
  TrafficRecord record;
  record.reset("");
  record.set_copy(Field::Src, "10.0.0.1");
  record.set_copy(Field::Dst, "10.0.0.2");
  std::istringstream words{std::string(line)};
  std::string word;
  for (std::size_t i = 0; words >> word; ++i) {
    const std::size_t equals = word.find('=');
    if (word == "partial") {
      record.partial = true;
    } else if (i < std::size(kPositional)) {
      std::replace(word.begin(), word.end(), '_', ' ');
      if (word != "-") record.set_copy(kPositional[i], word);
    } else {
      const auto field = find_field(word.substr(0, equals));
      std::string value = word.substr(equals + 1);
      std::replace(value.begin(), value.end(), '_', ' ');
      EXPECT_TRUE(field.has_value()) << word;
      if (field) record.set_copy(*field, value);
    }
  }
  Misfit misfit{};
  EXPECT_TRUE(decode_key_columns(record, misfit)) << line << ": " << info(misfit.field).log_name;
  return record;
}

}  // namespace endreason
