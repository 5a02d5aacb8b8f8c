// SPDX-License-Identifier: Apache-2.0
#include "model/vocabulary.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(Vocabulary, EveryLogNameReadsBackAsItsOwnValue) {
  for (const auto& row : kActions)
    if (!row.log_name.empty()) EXPECT_EQ(action_from(row.log_name), row.value) << row.log_name;
  for (const auto& row : kEndReasons)
    if (!row.log_name.empty()) EXPECT_EQ(end_reason_from(row.log_name), row.value) << row.log_name;
  for (const auto& row : kAppStatuses)
    if (!row.log_name.empty()) EXPECT_EQ(app_status_from(row.log_name), row.value) << row.log_name;
  for (const auto& row : kSubtypes)
    if (!row.log_name.empty()) EXPECT_EQ(subtype_from(row.log_name), row.value) << row.log_name;
}

struct ActionCase {
  std::string_view behaviour, text;
  Action expected;
};

TEST(Vocabulary, ActionsAreReadInEverySpellingThatFormatsUse) {
  const ActionCase cases[] = {
      {"the documentation writes a blank", "drop ICMP", Action::DropIcmp},
      {"CEF templates may write capitals", "ALLOW", Action::Allow},
      {"underscores stand for dashes", "reset_both", Action::ResetBoth},
      {"blanks around the word do not count", " reset client ", Action::ResetClient},
      {"an unknown word is not guessed", "alow", Action::Unrecognized},
      {"a prefix is not the word", "reset", Action::Unrecognized},
      {"an empty column is absent", "", Action::Absent},
  };
  for (const auto& c : cases) EXPECT_EQ(action_from(c.text), c.expected) << c.behaviour;
}

TEST(Vocabulary, TheLoggingServiceWritesNADifferently) {
  EXPECT_EQ(end_reason_from("n-a"), EndReason::NotEnded);
  EXPECT_EQ(end_reason_from("N/A"), EndReason::NotEnded);
  EXPECT_EQ(end_reason_from("decrypt-unsupport-param"), EndReason::DecryptUnsupportParam);
  EXPECT_EQ(end_reason_from("tcp-xxx"), EndReason::Unrecognized);
}

TEST(Vocabulary, AnOrdinaryApplicationIsIdentified) {
  EXPECT_EQ(app_status_from("ssl"), AppStatus::Identified);
  EXPECT_EQ(app_status_from("icmp"), AppStatus::Identified);
  EXPECT_EQ(app_status_from("Incomplete"), AppStatus::Incomplete);
  EXPECT_EQ(app_status_from("insufficient data"), AppStatus::InsufficientData);
  EXPECT_EQ(app_status_from(""), AppStatus::Absent);
}

TEST(Vocabulary, EndReasonPrioritiesAreTheVendorsOrder) {
  std::uint8_t last = 0;
  for (const auto& row : kEndReasons) {
    if (row.priority == 0) continue;
    EXPECT_EQ(row.priority, last + 1) << row.log_name;
    last = row.priority;
  }
  EXPECT_EQ(last, 13);
}

}  // namespace
}  // namespace endreason
