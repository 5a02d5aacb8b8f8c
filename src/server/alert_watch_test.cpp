// SPDX-License-Identifier: Apache-2.0
#include "server/alert_watch.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace endreason {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kStart = 1'773'136'800 * kSecond;  // 2026-03-10 10:00:00

class AlertWatchTest : public testing::Test {
 protected:
  AlertWatchTest() { EXPECT_TRUE(watch_.set({alert()}, {})); }
  static AlertOptions alert() {
    return {"many threats", "( rule eq threat )", "http://h/secret", "", "", 10, 60};
  }
  // One row, judged; its id is the next.
  void row(AlertWatch& watch, std::uint64_t repeat = 1, bool matches = true, bool again = false) {
    if (!again) ++id_;
    TrafficRecord record;
    record.reset(kText.data());
    record.subtype = Subtype::End;
    record.repeatcnt = static_cast<std::uint32_t>(repeat);
    if (matches) record.set(Field::Rule, kText);
    watch.watcher([this] { return now_; })(record, Verdict{}, id_);
  }
  void pass(std::int64_t seconds) { now_ += seconds * kSecond; }
  std::vector<AlertWatch::Event> tick() { return watch_.tick(now_); }
  nlohmann::json due() {
    const auto call = watch_.due(now_);
    return call ? nlohmann::json::parse(call->body) : nlohmann::json();
  }
  static constexpr std::string_view kText = "threat";
  std::int64_t now_ = kStart;
  std::uint64_t id_ = 0;
  AlertWatch watch_;
};

TEST_F(AlertWatchTest, AnEpisodeIsToldOnceAndItsEndOnce) {
  for (int i = 0; i < 9; ++i) row(watch_);
  row(watch_, 5, false);
  EXPECT_TRUE(tick().empty());
  row(watch_);
  const auto events = tick();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].firing);
  EXPECT_EQ(events[0].text,
            "alert 'many threats' fires: 10 sessions within 60 s match ( rule eq "
            "threat ); the threshold is 10");
  EXPECT_EQ(due()["state"], "firing");
  EXPECT_EQ(due()["sessions"], 10);
  EXPECT_EQ(due()["last_row"], "11");
  watch_.called(1, "", 0, now_);
  for (int i = 0; i < 30; ++i) {
    row(watch_);
    EXPECT_TRUE(tick().empty());
  }
  pass(61);  // below the threshold; over when it was so for a window
  EXPECT_TRUE(tick().empty());
  pass(59);
  EXPECT_TRUE(tick().empty());
  pass(2);
  const auto ended = tick();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_FALSE(ended[0].firing);
  EXPECT_EQ(
      ended[0].text,
      "alert 'many threats' is over: it lasted 00:01:01, with at most 40 sessions within 60 s");
  EXPECT_EQ(due()["state"], "ended");
  EXPECT_EQ(due()["until"], "2026-03-10T10:01:01Z");
}

TEST_F(AlertWatchTest, RepeatCountsCountAndACountAroundTheThresholdIsOneEpisode) {
  row(watch_, 10);
  EXPECT_EQ(tick().size(), 1u);
  for (int i = 0; i < 20; ++i) {
    pass(61);
    EXPECT_TRUE(tick().empty());  // quiet begins
    row(watch_, 12);
    EXPECT_TRUE(tick().empty());  // and is over, in the same episode
  }
  EXPECT_EQ(watch_.view(now_)[0].episodes, 1u);
  EXPECT_EQ(watch_.view(now_)[0].peak, 12u);
}

TEST_F(AlertWatchTest, RowsThatHadToBeStoredAgainAreCountedOnce) {
  row(watch_, 6);
  row(watch_, 6, true, true);
  EXPECT_EQ(watch_.view(now_)[0].sessions, 6u);
}

TEST_F(AlertWatchTest, ACallThatFailsIsMadeAgainWithGrowingPausesAndGivenUpAfterADay) {
  row(watch_, 10);
  tick();
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 11; ++i) {
    const std::int64_t before = now_;
    while (!watch_.due(now_) && now_ - before < 1000 * kSecond) pass(1);
    pauses.push_back((now_ - before) / kSecond);
    EXPECT_FALSE(watch_.called(1, "no route", 0, now_));
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300}));
  EXPECT_EQ(watch_.view(now_)[0].last_error, "no route");
  EXPECT_EQ(watch_.view(now_)[0].calls_failed, 11u);
  EXPECT_FALSE(watch_.called(1, "busy", 1000, now_));  // as the server asks
  EXPECT_FALSE(watch_.due(now_ + 999 * kSecond));
  EXPECT_TRUE(watch_.due(now_ + 1000 * kSecond));
  pass(86'400);
  EXPECT_TRUE(watch_.called(1, "no route", 0, now_));
  EXPECT_FALSE(watch_.due(now_ + 86'400 * kSecond));
  EXPECT_EQ(watch_.view(now_)[0].calls_given_up, 1u);
}

TEST_F(AlertWatchTest, TheEndOfAnEpisodeWaitsForItsBeginning) {
  row(watch_, 10);
  tick();
  watch_.called(1, "no route", 3000, now_);
  pass(61), tick(), pass(61), tick();
  EXPECT_EQ(watch_.view(now_)[0].calls_waiting, 2u);
  EXPECT_FALSE(watch_.due(now_));
  pass(3000);
  EXPECT_EQ(due()["state"], "firing");
}

TEST_F(AlertWatchTest, ItsStateSurvivesARestart) {
  row(watch_, 10);
  row(watch_, 3);
  tick();
  watch_.called(1, "no route", 0, now_);
  const std::string saved = watch_.saved();
  AlertWatch next;
  ASSERT_TRUE(next.set({alert()}, {}));
  ASSERT_TRUE(next.restore(saved, true));
  EXPECT_EQ(next.saved(), saved);
  row(next, 3, true, true);  // had not been committed
  EXPECT_EQ(next.view(now_)[0].sessions, 13u);
  EXPECT_TRUE(next.tick(now_).empty()) << "the episode was told already";
  pass(2);
  EXPECT_EQ(nlohmann::json::parse(next.due(now_)->body), due());
  // What is no state of ours is refused, whatever it is.
  for (std::size_t cut = 0; cut < saved.size(); ++cut) {
    AlertWatch other;
    ASSERT_TRUE(other.set({alert()}, {}));
    static_cast<void>(other.restore(saved.substr(0, cut) + "x y", true));
  }
  EXPECT_FALSE(next.restore("garbage", true));
}

TEST_F(AlertWatchTest, AnotherConfigurationKeepsWhatGoesOn) {
  row(watch_, 10);
  tick();
  AlertOptions higher = alert();
  higher.threshold = 20;
  ASSERT_TRUE(watch_.set({higher}, {}));
  EXPECT_TRUE(watch_.view(now_)[0].firing);
  EXPECT_EQ(watch_.view(now_)[0].sessions, 10u);
  ASSERT_TRUE(watch_.set({}, {}));
  EXPECT_TRUE(watch_.view(now_).empty());
  EXPECT_FALSE(watch_.due(now_));
  AlertOptions wrong = alert();
  wrong.filter = "( ap eq dns )";
  EXPECT_FALSE(watch_.set({wrong}, {}));
}

}  // namespace
}  // namespace endreason
