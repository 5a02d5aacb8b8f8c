// SPDX-License-Identifier: Apache-2.0
#include "model/stored_words.hpp"

#include "model/traffic_record.hpp"
#include "model/verdict.hpp"

namespace endreason {
namespace {

template <class Rows>
std::vector<std::string> spelled(const Rows& rows) {
  std::vector<std::string> words;
  for (const auto& row : rows) words.emplace_back(row.log_name);
  return words;
}

// A vocabulary of the log: the last two have no spelling.
template <class Rows>
std::vector<std::string> vocabulary(const Rows& rows) {
  std::vector<std::string> words = spelled(rows);
  words[words.size() - 2] = "absent";
  words[words.size() - 1] = "unrecognized";
  return words;
}

}  // namespace

const std::vector<StoredWords>& stored_words() {
  static const std::vector<StoredWords> all = [] {
    std::vector<StoredWords> made{
        {"action", vocabulary(kActions)},         {"session_end_reason", vocabulary(kEndReasons)},
        {"subtype", vocabulary(kSubtypes)},       {"action_source", vocabulary(kActionSources)},
        {"app_status", spelled(kAppStatuses)},    {"input_format", spelled(kInputFormats)},
        {"final_action", spelled(kFinalActions)}, {"decided_by", spelled(kDecidedBy)},
        {"outcome", spelled(kOutcomes)},          {"ended_by", spelled(kEndedBy)},
        {"reason_code", spelled(kReasonCodes)},   {"confidence", spelled(kConfidences)},
    };
    made[4].words[static_cast<std::size_t>(AppStatus::Identified)] = "identified";
    made[4].words[static_cast<std::size_t>(AppStatus::Absent)] = "absent";
    made[7].words[static_cast<std::size_t>(DecidedBy::Nobody)] = "none";
    return made;
  }();
  return all;
}

const std::vector<std::string>& stored_words(std::string_view name) {
  static const std::vector<std::string> none;
  for (const StoredWords& e : stored_words())
    if (e.name == name) return e.words;
  return none;
}

}  // namespace endreason
