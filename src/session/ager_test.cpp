// SPDX-License-Identifier: Apache-2.0
#include "session/ager.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace endreason {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class AgerTest : public ::testing::Test {
 protected:
  AgerTest() { ager.start(0); }
  void queue(SessionIndex i, std::int64_t deadline_ns) {
    deadlines[i] = deadline_ns;
    ager.queue(i, deadline_ns);
  }
  // Everything whose time is over, in the order it comes.
  std::vector<SessionIndex> expire(std::int64_t now_ns) {
    std::vector<SessionIndex> order;
    const auto deadline = [this](SessionIndex i) {
      ++looks;
      return deadlines.at(i);
    };
    for (;;) {
      const auto over = ager.expired(
          now_ns, deadline, [](SessionIndex i) { return i + 1; }, [](SessionIndex) {},
          [](SessionIndex) {});
      if (over.empty()) return order;
      for (const Ager::Expired& e : over) order.push_back(e.session);
    }
  }

  Ager ager{100'000};
  std::map<SessionIndex, std::int64_t> deadlines;
  int looks = 0;
};

using Order = std::vector<SessionIndex>;

TEST_F(AgerTest, ExpiresByDeadlineThenById) {
  queue(3, 5 * kSecond);
  queue(1, 5 * kSecond);
  queue(2, 4 * kSecond + 1);
  queue(4, 4 * kSecond);
  EXPECT_EQ(expire(3 * kSecond), Order{});
  EXPECT_EQ(expire(10 * kSecond), (Order{4, 2, 1, 3}));
  EXPECT_EQ(expire(99 * kSecond), Order{});
}

TEST_F(AgerTest, ManyThatAgeTogetherComeByDeadlineThenById) {
  constexpr SessionIndex kMany = 20'000;
  std::mt19937 random(7);
  for (const std::int64_t span : {std::int64_t{900}, 50'000'000 * std::int64_t{1}, 3 * kSecond}) {
    Order wanted;
    const std::int64_t from = 5 * kSecond + (deadlines.empty() ? 0 : deadlines[0]);
    for (SessionIndex i = 0; i < kMany; ++i) {
      queue(i, from + static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(span)));
      wanted.push_back(i);
    }
    std::sort(wanted.begin(), wanted.end(), [&](SessionIndex a, SessionIndex b) {
      return std::pair(deadlines[a], a) < std::pair(deadlines[b], b);
    });
    EXPECT_EQ(expire(from + 4 * kSecond), wanted);
  }
}

TEST_F(AgerTest, SessionWithTrafficIsNotAgedOut) {
  queue(1, 5 * kSecond);
  deadlines[1] = 9 * kSecond;  // a refresh tells the ager nothing
  EXPECT_EQ(expire(8 * kSecond), Order{});
  EXPECT_EQ(expire(10 * kSecond), Order{1});
}

TEST_F(AgerTest, ALaterDeadlineDoesNotMoveASessionAndAnEarlierOneDoes) {
  queue(1, 3600 * kSecond);
  queue(1, 15 * kSecond);
  EXPECT_EQ(expire(16 * kSecond), Order{1});
  queue(2, 20 * kSecond);
  queue(2, 3600 * kSecond);
  EXPECT_EQ(expire(21 * kSecond), Order{});
  EXPECT_EQ(expire(3601 * kSecond), Order{2});
}

TEST_F(AgerTest, ARemovedSessionDoesNotExpire) {
  queue(1, 5 * kSecond);
  queue(2, 5 * kSecond);
  queue(3, 5 * kSecond);
  ager.remove(2);
  EXPECT_FALSE(ager.queued(2));
  EXPECT_TRUE(ager.queued(3));
  ager.remove(2);
  EXPECT_EQ(expire(10 * kSecond), (Order{1, 3}));
}

TEST_F(AgerTest, ReachesAsFarAsTheLongestTimer) {
  const std::int64_t half_a_year = 15'999'999 * kSecond;
  queue(1, half_a_year);
  queue(2, half_a_year - 1);
  EXPECT_EQ(expire(half_a_year - kSecond), Order{});
  EXPECT_EQ(expire(half_a_year + kSecond), (Order{2, 1}));
  EXPECT_LT(looks, 12) << "a waiting session is looked at once a level, not once a tick";
}

TEST_F(AgerTest, ADeadlineInThePastComesWithTheNextTick) {
  EXPECT_EQ(expire(100 * kSecond), Order{});
  queue(1, 5 * kSecond);
  EXPECT_EQ(expire(101 * kSecond), Order{1});
}

TEST_F(AgerTest, TimesNearTheEndOfTheirTypeDoNoHarm) {
  queue(1, INT64_MAX);
  queue(2, INT64_MIN);
  EXPECT_EQ(expire(kSecond), Order{2});
  expire(INT64_MAX);
  ager.remove(1);
  EXPECT_FALSE(ager.queued(1));
}

// Each turn leaves a number behind that does not count any more, as a tuple that is used again and
// again does.
TEST_F(AgerTest, StaleNumbersDoNotPileUp) {
  for (int turn = 0; turn < 1'000'000; ++turn) {
    queue(7, 3600 * kSecond);
    queue(7, 5 * kSecond);
    ager.remove(7);
    ASSERT_LE(ager.entries(), 3u * 4096);
  }
  queue(7, 4 * kSecond);
  EXPECT_EQ(expire(10'000 * kSecond), Order{7});
  EXPECT_EQ(ager.entries(), 0u);
}

// Random times beside a sorted list, with refreshes, moves and removals.
TEST_F(AgerTest, AgreesWithASortedListUnderChange) {
  std::mt19937_64 random(1);
  std::int64_t now = 0;
  const std::int64_t spans[] = {kSecond / 100, kSecond, 20 * kSecond, 4000 * kSecond,
                                2'000'000 * kSecond};
  for (int round = 0; round < 2000; ++round) {
    for (int n = 0; n < 20; ++n) {
      const SessionIndex i = static_cast<SessionIndex>(random() % 5000);
      const std::int64_t span = spans[random() % 5];
      const std::int64_t deadline =
          now + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span));
      if (random() % 10 == 0) {
        ager.remove(i);
        deadlines.erase(i);
      } else {
        queue(i, deadline);
      }
    }
    now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(spans[random() % 4]));
    std::int64_t last = INT64_MIN;
    for (const SessionIndex i : expire(now)) {
      ASSERT_LT(deadlines.at(i), now);
      ASSERT_LE(last, deadlines.at(i));
      last = deadlines.at(i);
      deadlines.erase(i);
      ASSERT_FALSE(ager.queued(i));
    }
    // Nothing is left whose tick is over.
    for (const auto& [i, deadline] : deadlines) {
      ASSERT_TRUE(ager.queued(i));
      ASSERT_GE(deadline, now - (std::int64_t{1} << 26));
    }
  }
}

}  // namespace
}  // namespace endreason
