// SPDX-License-Identifier: Apache-2.0
// TagFilter: the filter of a dynamic address group, such as 'web' and ('prod' or 'stage'), on the
// tags of an address object.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

class TagFilter {
 public:
  static Result<TagFilter> parse(std::string_view text);
  bool matches(const std::vector<std::string>& tags) const;

 private:
  enum class Step : unsigned char { Tag, And, Or };
  struct Instruction {  // in the order of a stack machine
    Step step;
    std::string tag;
  };
  friend class TagFilterParser;
  std::vector<Instruction> program_;
};

}  // namespace endreason
