// SPDX-License-Identifier: Apache-2.0
// The enumerations of a database: name and words, in the order of the enumerators. What has no
// spelling in the log is "absent", "unrecognized", "identified" or "none" here. Room store makes
// types of them, room query names their words. Built once; safe to share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace endreason {

struct StoredWords {
  std::string_view name;
  std::vector<std::string> words;
};
const std::vector<StoredWords>& stored_words();
// Of one of them, by name: "action", "final_action".
const std::vector<std::string>& stored_words(std::string_view name);

}  // namespace endreason
