// SPDX-License-Identifier: Apache-2.0
#include "sources/file_follower.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "sources/made_files.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

// What a store would keep: the lines, and the places that came with them.
class FileFollowerTest : public testing::Test {
 protected:
  FileFollowerTest() : path_(files_.path("traffic.log")) {}

  std::unique_ptr<FileFollower> follow() {
    FollowOptions options;
    options.files = {path_};
    options.look = std::chrono::milliseconds(20);
    options.quiet = std::chrono::milliseconds(150);
    options.take = [this](std::string_view sender, std::string_view text, std::string_view key,
                          const FilePlace& place) {
      const std::scoped_lock lock(mutex_);
      if (!takes_) return false;
      EXPECT_EQ(sender, "file traffic.log");
      EXPECT_TRUE(text.ends_with('\n') || !lines_end_) << text;
      text_ += text;
      places_.insert_or_assign(std::string(key), place);
      return true;
    };
    options.forget = [this](std::string_view key) {
      const std::scoped_lock lock(mutex_);
      places_.erase(places_.find(key));
    };
    options.message = [this](std::string_view text) {
      const std::scoped_lock lock(mutex_);
      messages_ += std::string(text) + "\n";
    };
    auto follower = std::make_unique<FileFollower>(options, places_);
    follower->start();
    return follower;
  }
  void append(std::string_view text) const {
    std::ofstream(path_, std::ios::binary | std::ios::app) << text;
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }
  std::size_t places() {
    const std::scoped_lock lock(mutex_);
    return places_.size();
  }
  static bool within_seconds(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  void expect(std::string_view all) {
    within_seconds([&] { return text() == all; });
    EXPECT_EQ(text(), all);
  }

  MadeFiles files_;
  std::string path_;
  std::mutex mutex_;
  std::string text_, messages_;
  FilePlaces places_;
  bool takes_ = true, lines_end_ = true;
};

TEST_F(FileFollowerTest, GivesLinesAsTheyAreWrittenAndNoPartOfOne) {
  const auto follower = follow();
  append("a\nb");
  expect("a\n");
  append("c\n");
  expect("a\nbc\n");
  ASSERT_TRUE(within_seconds([&] { return follower->files().at(0).offset == 5; }));
  EXPECT_TRUE(follower->files()[0].there);
  EXPECT_EQ(follower->files()[0].size, 5u);
}

TEST_F(FileFollowerTest, AFileThatAppearsLaterIsReadFromItsBeginning) {
  const auto follower = follow();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  append("later\n");
  expect("later\n");
}

TEST_F(FileFollowerTest, ARenamedFileIsReadToItsEndAlsoWhenItIsStillWrittenTo) {
  append("1\n");
  const auto follower = follow();
  expect("1\n");
  std::ofstream writer(path_, std::ios::app);
  fs::rename(path_, path_ + ".1");
  writer << "2\n" << std::flush;
  expect("1\n2\n");
  append("3\n");
  expect("1\n2\n3\n");
  writer << "late\nand cut" << std::flush;
  lines_end_ = false;
  expect("1\n2\n3\nlate\nand cut");
  EXPECT_TRUE(within_seconds([&] { return places() == 1; }));
}

TEST_F(FileFollowerTest, ATruncatedFileIsReadFromItsBeginning) {
  append("first line of some length\n");
  const auto follower = follow();
  expect("first line of some length\n");
  std::ofstream(path_, std::ios::trunc) << "x\n";
  expect("first line of some length\nx\n");
}

TEST_F(FileFollowerTest, AFileThatIsWrittenAnewAndIsLongerIsReadFromItsBeginning) {
  append("old\n");
  const auto follower = follow();
  expect("old\n");
  std::ofstream(path_, std::ios::trunc) << "something new\nand more\n";
  expect("old\nsomething new\nand more\n");
}

TEST_F(FileFollowerTest, WhatWasNotReadBeforeCopyAndTruncateIsReadFromTheCopy) {
  append("1\n2\n");
  const auto follower = follow();
  expect("1\n2\n");
  {
    const std::scoped_lock lock(mutex_);
    takes_ = false;
  }
  append("3\n4\n");
  fs::copy_file(path_, path_ + "-20260310");
  fs::resize_file(path_, 0);
  append("5\n");
  {
    const std::scoped_lock lock(mutex_);
    takes_ = true;
  }
  within_seconds([&] { return text().size() == 10; });
  std::string all = text();
  std::erase(all, '\n');
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, "12345");
}

TEST_F(FileFollowerTest, AStartGoesOnWhereTheLastOneEnded) {
  append("1\n");
  {
    const auto follower = follow();
    expect("1\n");
  }
  append("2\n3");
  {
    const auto follower = follow();
    expect("1\n2\n");
  }
  append("\n");
  const auto follower = follow();
  expect("1\n2\n3\n");
}

TEST_F(FileFollowerTest, AStartFindsWhatWasRotatedMeanwhileAlsoTwiceAndPacked) {
  append("1\n2\n");
  {
    const auto follower = follow();
    expect("1\n2\n");
  }
  append("3\n");
  files_.write("traffic.log.2.gz", files_.made_by("gzip -c", MadeFiles::bytes_of(path_)));
  fs::remove(path_);
  files_.write("traffic.log.unrelated", "no\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  files_.write("traffic.log.1", "4\n5\n");
  files_.write("traffic.log", "6\n");
  const auto follower = follow();
  within_seconds([&] { return text().size() == 12; });
  std::string all = text();
  std::erase(all, '\n');
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, "123456");
  EXPECT_TRUE(within_seconds([&] { return places() == 1; })) << "places of old files are forgotten";
}

TEST_F(FileFollowerTest, AStartWithoutTheFileKeepsItsPlaceUntilItIsThere) {
  append("1\n");
  {
    const auto follower = follow();
    expect("1\n");
  }
  fs::rename(path_, path_ + ".away");
  const auto follower = follow();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  append("");  // an empty one would be another file
  fs::rename(path_ + ".away", path_);
  append("2\n");
  expect("1\n2\n");
}

TEST_F(FileFollowerTest, SaysThatAFileIsGoneThatHadBeenReadInPart) {
  append("1\n");
  {
    const auto follower = follow();
    expect("1\n");
  }
  fs::remove(path_);
  append("another\n");
  const auto follower = follow();
  expect("1\nanother\n");
  const std::scoped_lock lock(mutex_);
  EXPECT_NE(messages_.find("read up to byte 2 is not there"), std::string::npos) << messages_;
}

TEST(FilePlace, IsTheSameAfterItTravelledAsBytes) {
  const FilePlace place{7, 8, 9};
  std::string_view key;
  FilePlace back;
  const std::string bytes = place_bytes("1:/a", place);
  ASSERT_TRUE(read_place(bytes, key, back));
  EXPECT_EQ(key, "1:/a");
  EXPECT_EQ(back, place);
  EXPECT_FALSE(read_place("too short", key, back));
}

TEST(FileTail, IsThatOfTheLastBytesHoweverTheyCame) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i);
  FileTail whole, parts;
  whole.add(text);
  for (std::size_t at = 0; at < text.size(); at += 37) parts.add(text.substr(at, 37));
  EXPECT_EQ(whole.bytes(), text.substr(text.size() - FileTail::kBytes));
  EXPECT_EQ(whole.digest(), parts.digest());
}

}  // namespace
}  // namespace endreason
