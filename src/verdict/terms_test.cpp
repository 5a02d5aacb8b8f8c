// SPDX-License-Identifier: Apache-2.0
#include "verdict/terms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/field.hpp"
#include "model/log_flag.hpp"
#include "model/session_terms.hpp"
#include "model/verdict.hpp"

namespace endreason {
namespace {

const Term* term_of(TermKind kind, std::string_view word) {
  for (const Term* term : find_terms(word))
    if (term->kind == kind) return term;
  return nullptr;
}

template <class Rows>
void expect_terms(TermKind kind, const Rows& rows) {
  for (const auto& row : rows)
    if (!row.log_name.empty())
      EXPECT_NE(term_of(kind, row.log_name), nullptr) << info(kind).log_name << " " << row.log_name;
}

TEST(Terms, EveryWordOfEveryVocabularyHasATerm) {
  expect_terms(TermKind::Action, kActions);
  expect_terms(TermKind::AppStatus, kAppStatuses);
  expect_terms(TermKind::EndReason, kEndReasons);
  expect_terms(TermKind::Subtype, kSubtypes);
  expect_terms(TermKind::ActionSource, kActionSources);
  expect_terms(TermKind::TrackerStage, kTrackerStages);
  expect_terms(TermKind::SessionState, kSessionStates);
  expect_terms(TermKind::SessionTimer, kSessionTimers);
  expect_terms(TermKind::Flag, kLogFlags);
  expect_terms(TermKind::Column, kFields);
  expect_terms(TermKind::FinalAction, kFinalActions);
  expect_terms(TermKind::Outcome, kOutcomes);
  expect_terms(TermKind::EndedBy, kEndedBy);
  expect_terms(TermKind::Confidence, kConfidences);
  expect_terms(TermKind::ReasonCode, kReasonCodes);
  expect_terms(TermKind::Contradiction, kContradictions);
}

TEST(Terms, EveryTermHasAMeaningInASentenceAndASource) {
  for (const Term& term : all_terms()) {
    EXPECT_FALSE(term.name.empty());
    EXPECT_TRUE(term.meaning.ends_with('.')) << term.name;
    EXPECT_EQ(term.meaning.find(".."), std::string::npos) << term.name;
    EXPECT_FALSE(term.source.empty()) << term.name;
    if (!term.leads_to.empty()) EXPECT_TRUE(term.leads_to.ends_with('.')) << term.leads_to;
  }
}

TEST(Terms, CaseAndTheMarksBetweenWordsDoNotMatter) {
  for (const std::string_view word : {"aged-out", "Aged Out", "AGED_OUT", " aged-out "}) {
    EXPECT_NE(term_of(TermKind::EndReason, word), nullptr) << word;
    EXPECT_NE(term_of(TermKind::TrackerStage, word), nullptr) << word;
  }
  EXPECT_NE(term_of(TermKind::EndReason, "N/A"), nullptr);
  EXPECT_NE(term_of(TermKind::EndReason, "n-a"), nullptr);
  EXPECT_NE(term_of(TermKind::Action, "drop ICMP"), nullptr);
  EXPECT_NE(term_of(TermKind::TrackerStage, "tcp rst - client"), nullptr);
  EXPECT_NE(term_of(TermKind::Column, "Session End Reason"), nullptr);
  EXPECT_NE(term_of(TermKind::Flag, "0x00800000"), nullptr);
}

TEST(Terms, SpellingsOfOtherFormatsAreFound) {
  EXPECT_NE(term_of(TermKind::Action, "drop-reset"), nullptr);
  EXPECT_NE(term_of(TermKind::EndReason, "decrypt-unsupported-param"), nullptr);
  EXPECT_NE(term_of(TermKind::Column, "imsi"), nullptr);
  EXPECT_NE(term_of(TermKind::Column, "Bytes Received"), nullptr);
  EXPECT_TRUE(find_terms("no such word").empty());
}

TEST(Terms, TheTrackerStagesOfASessionLeadToWhatTheLogSays) {
  const std::pair<const char*, const char*> stages[] = {
      {"Aged out", "aged-out"},
      {"TCP FIN", "tcp-fin"},
      {"TCP RST - client", "tcp-rst-from-client"},
      {"TCP RST - server", "tcp-rst-from-server"},
      {"appid policy lookup deny", "policy-deny"},
      {"mitigation tdb", "threat"},
      {"resource limit", "resources-unavailable"},
      {"host service", ""},
  };
  for (const auto& [stage, reason] : stages) {
    const Term* term = term_of(TermKind::TrackerStage, stage);
    ASSERT_NE(term, nullptr) << stage;
    EXPECT_NE(term->leads_to.find(reason), std::string::npos) << stage << ": " << term->leads_to;
  }
}

TEST(Terms, OneWordMayBeSeveralTerms) {
  std::set<TermKind> kinds;
  for (const Term* term : find_terms("unknown")) kinds.insert(term->kind);
  EXPECT_EQ(kinds, (std::set<TermKind>{TermKind::EndReason, TermKind::ActionSource,
                                       TermKind::Outcome, TermKind::EndedBy}));
  kinds.clear();
  for (const Term* term : find_terms("deny")) kinds.insert(term->kind);
  EXPECT_EQ(kinds, (std::set<TermKind>{TermKind::Action, TermKind::Subtype}));
}

TEST(Terms, AnUnknownWordGetsTheNearestOnes) {
  EXPECT_TRUE(find_terms("incomplet").empty());
  const auto names = nearest_terms("incomplet");
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names[0], "incomplete");
  EXPECT_TRUE(find_terms("").empty());
}

TEST(Terms, AWordLeadsToTheVerdictOfTheThreeQuestions) {
  EXPECT_EQ(term_of(TermKind::Action, "deny")->leads_to, "Blocked: policy denied it.");
  EXPECT_EQ(term_of(TermKind::Action, "reset-client")->leads_to,
            "Allowed: ended, TCP reset to the client. Blocked in the rule set vendor.");
  EXPECT_TRUE(term_of(TermKind::AppStatus, "not-applicable")->leads_to.starts_with("Blocked"));
  EXPECT_TRUE(term_of(TermKind::EndReason, "threat")->leads_to.starts_with("Blocked"));
  EXPECT_TRUE(term_of(TermKind::EndReason, "n/a")->leads_to.starts_with("Provisional"));
  EXPECT_EQ(term_of(TermKind::TrackerStage, "mitigation tdb")->leads_to,
            "The log then says threat.");
}

// Wrong "facts" that circulate; our texts must say otherwise.
TEST(Terms, StatusesOfTheApplicationAreNotEndReasons) {
  for (const std::string_view word :
       {"incomplete", "insufficient-data", "unknown-tcp", "unknown-udp", "not-applicable"}) {
    EXPECT_EQ(term_of(TermKind::EndReason, word), nullptr) << word;
    ASSERT_NE(term_of(TermKind::AppStatus, word), nullptr) << word;
  }
  EXPECT_NE(term_of(TermKind::AppStatus, "incomplete")->meaning.find("not a session end reason"),
            std::string::npos);
}

TEST(Terms, InsufficientDataMeansThatSomeDataPassedAndNamesNoNumberOfBytes) {
  const std::string& text = term_of(TermKind::AppStatus, "insufficient-data")->meaning;
  EXPECT_NE(text.find("handshake was complete and some data passed"), std::string::npos);
  EXPECT_EQ(text.find("128"), std::string::npos);
}

TEST(Terms, TheTcpTimerIsAnHour) {
  const std::string& text = term_of(TermKind::SessionTimer, "timeout-tcp")->meaning;
  EXPECT_NE(text.find("Default 3600 s"), std::string::npos);
}

TEST(Terms, NoTextAdvisesToOverrideTheApplicationOrTiesIncompleteToAPort) {
  for (const Term& term : all_terms()) {
    EXPECT_EQ(term.meaning.find("application override"), std::string::npos) << term.name;
    EXPECT_EQ(term.meaning.find("web-browsing"), std::string::npos) << term.name;
  }
}

}  // namespace
}  // namespace endreason
