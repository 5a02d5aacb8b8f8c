// SPDX-License-Identifier: Apache-2.0
#include "ingest/spool.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

namespace endreason {
namespace {

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    std::string name = std::filesystem::temp_directory_path() / "endreason-spool-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~SpoolTest() override { std::filesystem::remove_all(folder_); }
  SpoolOptions options(std::uint64_t bytes_max = 1 << 20,
                       std::uint64_t segment_bytes = 4096) const {
    return {folder_, bytes_max, segment_bytes, SpoolSync::Never};
  }
  std::vector<std::string> texts_from(Spool& spool, SpoolPosition at) const {
    std::vector<std::string> texts;
    SpoolFrame frame;
    while (spool.read(at, frame)) {
      texts.emplace_back(frame.text());
      at = frame.end;
    }
    return texts;
  }
  std::string folder_;
};

TEST_F(SpoolTest, GivesFramesBackInOrderAcrossSegmentsAndRestarts) {
  std::vector<std::string> texts;
  {
    Spool spool(options());
    ASSERT_TRUE(spool.open({}));
    for (int i = 0; i < 50; ++i) {
      texts.push_back(std::string(static_cast<std::size_t>(i * 10), 'x') + std::to_string(i) +
                      "\n");
      ASSERT_EQ(spool.append("tcp 192.0.2.1", 1000 + i, 1, texts.back()), SpoolAppend::Taken);
    }
    EXPECT_EQ(spool.waiting().lines, 50u);
  }
  Spool spool(options());
  ASSERT_TRUE(spool.open({}));
  EXPECT_EQ(spool.waiting().lines, 50u);
  EXPECT_EQ(texts_from(spool, {}), texts);
  SpoolFrame frame;
  ASSERT_TRUE(spool.read({}, frame));
  EXPECT_EQ(frame.sender(), "tcp 192.0.2.1");
  EXPECT_EQ(frame.received_micros, 1000);
}

TEST_F(SpoolTest, AFrameThatWasNotWrittenToItsEndWasNotReceived) {
  {
    Spool spool(options());
    ASSERT_TRUE(spool.open({}));
    ASSERT_EQ(spool.append("", 0, 1, "first\n"), SpoolAppend::Taken);
    ASSERT_EQ(spool.append("", 0, 1, "second\n"), SpoolAppend::Taken);
  }
  const std::string file = folder_ + "/spool-0000000000000001.log";
  for (const std::uintmax_t cut : {1, 7, 20}) {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - cut);
    Spool spool(options());
    ASSERT_TRUE(spool.open({}));
    EXPECT_EQ(texts_from(spool, {}), std::vector<std::string>{"first\n"});
    EXPECT_EQ(spool.waiting().lines, 1u);
    ASSERT_EQ(spool.append("", 0, 1, "second\n"), SpoolAppend::Taken);
  }
}

TEST_F(SpoolTest, WhatIsDamagedIsCountedOnceAndWhatFollowsIsRead) {
  {
    Spool spool(options(1 << 20, 100));
    ASSERT_TRUE(spool.open({}));
    for (int i = 0; i < 6; ++i)
      ASSERT_EQ(spool.append("", 0, 1, std::string(60, static_cast<char>('a' + i)) + "\n"),
                SpoolAppend::Taken);
  }
  std::fstream file(folder_ + "/spool-0000000000000001.log", std::ios::in | std::ios::out);
  file.seekp(40);
  file.put('?');
  file.close();
  Spool spool(options(1 << 20, 100));
  ASSERT_TRUE(spool.open({}));
  EXPECT_EQ(spool.waiting().lines, 6u) << "what a frame holds is looked at when it is read";
  const auto texts = texts_from(spool, {});
  ASSERT_EQ(texts.size(), 5u);
  EXPECT_EQ(texts.front().front(), 'b');
  EXPECT_EQ(spool.waiting().lines, 5u);
  EXPECT_EQ(spool.damaged_bytes(), 32u + 61u);
  EXPECT_EQ(texts_from(spool, {}).size(), 5u);
  EXPECT_EQ(spool.damaged_bytes(), 32u + 61u);
}

// A file is read again from the last place that is whole, so a damaged one must not count.
TEST_F(SpoolTest, APlaceInADamagedFrameWasNotReached) {
  {
    Spool spool(options(1 << 20, 100));
    ASSERT_TRUE(spool.open({}));
    for (const char* place : {"place 1", "place 2"})
      ASSERT_EQ(spool.append("file a", 0, 1, std::string(80, 'x') + "\n", place),
                SpoolAppend::Taken);
    ASSERT_EQ(spool.append("udp", 0, 1, "other\n"), SpoolAppend::Taken);
  }
  std::fstream file(folder_ + "/spool-0000000000000002.log", std::ios::in | std::ios::out);
  file.seekp(100);
  file.put('?');
  file.close();
  Spool spool(options(1 << 20, 100));
  std::vector<std::string> places;
  ASSERT_TRUE(spool.open({}, [&](std::string_view place) { places.emplace_back(place); }));
  EXPECT_EQ(places, std::vector<std::string>{"place 1"});
  EXPECT_EQ(spool.waiting().lines, 2u);
  EXPECT_EQ(texts_from(spool, {}).size(), 2u);
  EXPECT_EQ(spool.waiting().lines, 2u);
}

TEST_F(SpoolTest, ADamagedHeaderInAnEarlierSegmentLosesItsFrameAlone) {
  {
    Spool spool(options(1 << 20, 100));
    ASSERT_TRUE(spool.open({}));
    for (const char* text : {"first\n", "second\n", "third\n", "fourth\n"})
      ASSERT_EQ(spool.append("a", 0, 1, text), SpoolAppend::Taken);
    ASSERT_TRUE(std::filesystem::exists(folder_ + "/spool-0000000000000002.log"));
  }
  for (const int at : {0, 4, 8}) {  // magic word, length, number of lines
    std::fstream file(folder_ + "/spool-0000000000000001.log", std::ios::in | std::ios::out);
    file.seekg(at + 3);
    const auto before = static_cast<char>(file.get());
    file.seekp(at + 3);
    file.put('\x7f');
    file.close();
    {
      Spool spool(options(1 << 20, 100));
      ASSERT_TRUE(spool.open({}));
      EXPECT_EQ(spool.waiting().lines, 3u) << at;
      EXPECT_EQ(texts_from(spool, {}),
                (std::vector<std::string>{"second\n", "third\n", "fourth\n"}));
      EXPECT_EQ(spool.waiting().lines, 3u) << at;
    }
    file.open(folder_ + "/spool-0000000000000001.log", std::ios::in | std::ios::out);
    file.seekp(at + 3);
    file.put(before);
  }
}

// A process that is out of files for a moment must not take what it cannot open for damaged.
TEST_F(SpoolTest, WhatCannotBeReadForNowIsNotPassedOver) {
  Spool spool(options());
  ASSERT_TRUE(spool.open({}));
  for (const char* text : {"one\n", "two\n"})
    ASSERT_EQ(spool.append("a", 1, 1, text), SpoolAppend::Taken);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(next, 0);
  ::close(next);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto refused = texts_from(spool, {});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(refused.empty());
  EXPECT_TRUE(spool.read_refused());
  EXPECT_NE(spool.failure().find("cannot be read"), std::string::npos) << spool.failure();
  EXPECT_EQ(texts_from(spool, {}), (std::vector<std::string>{"one\n", "two\n"}));
  EXPECT_FALSE(spool.read_refused());
  EXPECT_EQ(spool.damaged_bytes(), 0u);
}

TEST_F(SpoolTest, ADamagedLengthInTheSegmentThatIsWrittenLosesItsFrameAlone) {
  {
    Spool spool(options());
    ASSERT_TRUE(spool.open({}));
    for (const char* text : {"first\n", "second\n", "third\n"})
      ASSERT_EQ(spool.append("a", 0, 1, text), SpoolAppend::Taken);
  }
  std::fstream file(folder_ + "/spool-0000000000000001.log", std::ios::in | std::ios::out);
  file.seekp(4);
  file.put('\x7f');
  file.close();
  Spool spool(options());
  ASSERT_TRUE(spool.open({}));
  ASSERT_EQ(spool.append("a", 0, 1, "fourth\n"), SpoolAppend::Taken);
  EXPECT_EQ(texts_from(spool, {}), (std::vector<std::string>{"second\n", "third\n", "fourth\n"}));
}

// As after a disk that lied, or a file that another program wrote to: what was received once is not
// cut off as if it had never been.
TEST_F(SpoolTest, DamageAtTheEndIsCountedAndItsFileIsPutAside) {
  const std::string path = folder_ + "/spool-0000000000000001.log";
  {
    Spool spool(options());
    ASSERT_TRUE(spool.open({}));
    for (const char* text : {"first\n", "second\n"})
      ASSERT_EQ(spool.append("a", 0, 1, text), SpoolAppend::Taken);
  }
  std::fstream file(path, std::ios::in | std::ios::out);
  file.seekp(-2, std::ios::end);
  file.put('?');
  file.close();
  const auto bytes = std::filesystem::file_size(path);
  for (int starts = 0; starts < 2; ++starts) {
    Spool spool(options());
    ASSERT_TRUE(spool.open({}));
    EXPECT_EQ(std::filesystem::file_size(path), bytes);
    if (starts == 0) ASSERT_EQ(spool.append("a", 0, 1, "third\n"), SpoolAppend::Taken);
    EXPECT_EQ(texts_from(spool, {}), (std::vector<std::string>{"first\n", "third\n"}));
    EXPECT_EQ(spool.waiting().lines, 2u);
    EXPECT_EQ(spool.damaged_bytes(), 32u + 1u + 7u);
    if (starts == 0) continue;
    spool.release_before({2, 0}, 2);
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(std::filesystem::file_size(path + ".damaged"), bytes);
  }
  Spool spool(options());
  ASSERT_TRUE(spool.open({2, 0}));
  EXPECT_EQ(texts_from(spool, {2, 0}), std::vector<std::string>{"third\n"});
}

// A process that is killed between its commit and the removal of what was committed does not come
// to remove it: the next one does, which has not read the damage.
TEST_F(SpoolTest, DamageThatWasCommittedJustBeforeAKillIsPutAsideToo) {
  for (const bool all_committed : {true, false}) {
    SCOPED_TRACE(all_committed);
    const std::string path = folder_ + "/spool-0000000000000001.log";
    SpoolPosition committed;
    {
      Spool spool(options());
      ASSERT_TRUE(spool.open({}));
      for (const char* text : {"first\n", "second\n", "third\n"})
        ASSERT_EQ(spool.append("a", 0, 1, text), SpoolAppend::Taken);
      std::fstream file(path, std::ios::in | std::ios::out);
      file.seekp(34);
      file.put('?');
      file.close();
      SpoolFrame frame;
      ASSERT_TRUE(spool.read({}, frame));
      EXPECT_EQ(frame.text(), "second\n");
      committed = all_committed ? SpoolPosition{2, 0} : frame.end;
    }
    const auto bytes = std::filesystem::file_size(path);
    Spool spool(options());
    ASSERT_TRUE(spool.open(committed));
    const auto left = texts_from(spool, committed);
    EXPECT_EQ(left,
              all_committed ? std::vector<std::string>{} : std::vector<std::string>{"third\n"});
    EXPECT_EQ(std::filesystem::exists(path), !all_committed);
    EXPECT_EQ(std::filesystem::file_size(path + ".damaged"), bytes);
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(SpoolTest, OfFilesWithDamageTheNewestEightAreKept) {
  Spool spool(options(1 << 20, 1));  // a segment each
  ASSERT_TRUE(spool.open({}));
  for (int i = 0; i < 10; ++i) ASSERT_EQ(spool.append("a", 0, 1, "text\n"), SpoolAppend::Taken);
  for (int i = 1; i <= 10; ++i)
    std::ofstream(fmt::format("{}/spool-{:016}.log", folder_, i), std::ios::in).put('?');
  EXPECT_TRUE(texts_from(spool, {}).empty());
  spool.release_before({11, 0}, 10);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    names.insert(entry.path().filename());
  EXPECT_EQ(names.size(), 8u + 1u);  // and the one that is written
  EXPECT_EQ(*names.begin(), "spool-0000000000000003.log.damaged");
}

TEST_F(SpoolTest, ASegmentThatIsMissingIsPassedOverAndNothingIsReadTwice) {
  {
    Spool spool(options(1 << 20, 100));
    ASSERT_TRUE(spool.open({}));
    for (int i = 0; i < 6; ++i)
      ASSERT_EQ(spool.append("", 0, 1, std::string(60, static_cast<char>('a' + i)) + "\n"),
                SpoolAppend::Taken);
  }
  std::filesystem::remove(folder_ + "/spool-0000000000000002.log");
  Spool spool(options(1 << 20, 100));
  ASSERT_TRUE(spool.open({}));
  std::string first;
  for (const std::string& text : texts_from(spool, {})) first += text.front();
  EXPECT_EQ(first, "abef");
}

TEST_F(SpoolTest, PlacesOfFilesComeBackWithTheirFramesAndOfThoseThatWait) {
  SpoolPosition committed;
  {
    Spool spool(options());
    ASSERT_TRUE(spool.open({}));
    ASSERT_EQ(spool.append("file a", 0, 1, "first\n", "place 1"), SpoolAppend::Taken);
    ASSERT_EQ(spool.append("udp", 0, 1, "other\n"), SpoolAppend::Taken);
    ASSERT_EQ(spool.append("file a", 0, 1, "second\n", "place 2"), SpoolAppend::Taken);
    SpoolFrame frame;
    ASSERT_TRUE(spool.read({}, frame));
    EXPECT_EQ(frame.place(), "place 1");
    EXPECT_EQ(frame.text(), "first\n");
    committed = frame.end;
  }
  Spool spool(options());
  std::vector<std::string> places;
  ASSERT_TRUE(spool.open(committed, [&](std::string_view place) { places.emplace_back(place); }));
  EXPECT_EQ(places, std::vector<std::string>{"place 2"});
}

TEST_F(SpoolTest, IsBoundedAndTakesAgainWhenSomethingWasReleased) {
  Spool spool(options(1000, 300));
  ASSERT_TRUE(spool.open({}));
  int taken = 0;
  while (spool.append("", 0, 1, std::string(100, 'x')) == SpoolAppend::Taken) ++taken;
  EXPECT_GT(taken, 3);
  EXPECT_LE(spool.waiting().bytes, 1000u);
  SpoolFrame frame;
  SpoolPosition at;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(spool.read(at, frame));
    at = frame.end;
  }
  spool.release_before(at, 4);
  EXPECT_EQ(spool.append("", 0, 1, std::string(100, 'x')), SpoolAppend::Taken);
}

TEST_F(SpoolTest, WhoHasReadEverythingWaitsUntilMoreComes) {
  using namespace std::chrono_literals;
  Spool spool(options());
  ASSERT_TRUE(spool.open({}));
  const std::string text = std::string(2000, 'x') + "\n";
  ASSERT_EQ(spool.append("", 0, 1, text), SpoolAppend::Taken);
  SpoolFrame frame;
  ASSERT_TRUE(spool.read({}, frame));
  // An empty segment takes the place of the one that was read.
  spool.release_before(frame.end, 1);
  ASSERT_EQ(spool.waiting().bytes, 0u);
  EXPECT_FALSE(spool.read(frame.end, frame));
  EXPECT_FALSE(spool.wait(1ms));
  EXPECT_FALSE(spool.wait(1ms));
  spool.wake();
  EXPECT_TRUE(spool.wait(10min));
  EXPECT_FALSE(spool.wait(1ms));
  // What came between looking and waiting is not waited for.
  ASSERT_EQ(spool.append("", 0, 1, text), SpoolAppend::Taken);
  EXPECT_TRUE(spool.wait(10min));
  SpoolPosition at = frame.end;
  ASSERT_TRUE(spool.read(at, frame));
  at = frame.end;
  EXPECT_FALSE(spool.read(at, frame));
  EXPECT_FALSE(spool.wait(1ms));
}

TEST_F(SpoolTest, WhoHasPassedOverDamageWaitsToo) {
  using namespace std::chrono_literals;
  Spool spool(options());
  ASSERT_TRUE(spool.open({}));
  ASSERT_EQ(spool.append("", 0, 1, "first\n"), SpoolAppend::Taken);
  {
    std::fstream file(folder_ + "/spool-0000000000000001.log");
    file.seekp(36);
    file.put('?');
  }
  SpoolFrame frame;
  EXPECT_FALSE(spool.read({}, frame));
  EXPECT_EQ(spool.damaged_bytes(), spool.waiting().bytes);
  EXPECT_FALSE(spool.wait(1ms));
  ASSERT_EQ(spool.append("", 0, 1, "second\n"), SpoolAppend::Taken);
  EXPECT_TRUE(spool.wait(10min));
  EXPECT_TRUE(spool.read({}, frame));
}

TEST_F(SpoolTest, StartsBehindWhatIsCommittedAlsoWhenItsFilesAreGone) {
  Spool spool(options());
  ASSERT_TRUE(spool.open({7, 500}));
  ASSERT_EQ(spool.append("", 0, 1, "new\n"), SpoolAppend::Taken);
  EXPECT_EQ(texts_from(spool, {7, 500}), std::vector<std::string>{"new\n"});
}

}  // namespace
}  // namespace endreason
