// SPDX-License-Identifier: Apache-2.0
// MetricsText: the text format of Prometheus, with the word that the names of all of endreason's
// metrics begin with. Inside room server only.
#pragma once

#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>

namespace endreason {

class MetricsText {
 public:
  explicit MetricsText(std::string& out) : out_(out) {}

  // A metric of one value.
  void one(std::string_view name, std::string_view type, std::string_view help,
           std::uint64_t value);
  // Of a value for each item, told apart by a label; nothing when there are none.
  template <std::ranges::range Items, class Named, class ValueOf>
  void each(std::string_view name, std::string_view type, std::string_view help,
            std::string_view label, const Items& items, Named named, ValueOf value_of) {
    if (std::ranges::empty(items)) return;
    head(name, type, help);
    for (const auto& item : items) labelled(name, label, named(item), value_of(item));
  }

 private:
  void head(std::string_view name, std::string_view type, std::string_view help);
  void labelled(std::string_view name, std::string_view label, std::string_view item,
                std::uint64_t value);

  std::string& out_;
};

}  // namespace endreason
