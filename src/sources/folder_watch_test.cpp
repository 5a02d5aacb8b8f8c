// SPDX-License-Identifier: Apache-2.0
#include "sources/folder_watch.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "sources/input_list.hpp"
#include "sources/made_files.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

class FolderWatchTest : public testing::Test {
 protected:
  std::unique_ptr<FolderWatch> watch() {
    WatchOptions options;
    options.folders = {files_.folder()};
    options.look = std::chrono::milliseconds(20);
    options.settle = std::chrono::milliseconds(60);
    options.open = [](const std::string& path, std::string& sender) {
      sender = "file " + fs::path(path).filename().string();
      return open_input({path, std::nullopt});
    };
    options.header = [](std::string_view line) { return line == "HEAD"; };
    options.take = [this](std::string_view sender, std::string_view text, std::string_view key,
                          const FilePlace& place) {
      const std::scoped_lock lock(mutex_);
      text_ += text;
      if (!text.empty()) senders_.insert(std::string(sender));
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
    auto made = std::make_unique<FolderWatch>(options, places_);
    EXPECT_TRUE(made->start());
    return made;
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }
  static bool within_seconds(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  static void a_moment() { std::this_thread::sleep_for(std::chrono::milliseconds(250)); }

  MadeFiles files_;
  std::mutex mutex_;
  std::string text_, messages_;
  std::set<std::string> senders_;
  FilePlaces places_;
};

TEST_F(FolderWatchTest, FilesAreReadOncePlainAndPackedAndInFoldersBelow) {
  files_.write("a.log", "a\n");
  const std::string packed = files_.made_by("gzip -c", "b\n");
  const auto watch = this->watch();
  files_.write("b.gz", packed);
  files_.write("below/c.log", "c\nwithout an end");
  files_.write(".d.log.part", "d\n");
  ASSERT_TRUE(within_seconds([&] { return watch->counts().read == 3; })) << text();
  a_moment();
  EXPECT_EQ(text().size(), 4 + std::string("c\nwithout an end").size());
  EXPECT_EQ(senders_, (std::set<std::string>{"file a.log", "file b.gz", "file c.log"}));
  EXPECT_TRUE(watch->has_read(files_.path("a.log")));
}

TEST_F(FolderWatchTest, AnotherStartReadsNothingAgainNorWhatWasRenamed) {
  files_.write("a.log", "a\n");
  {
    const auto watch = this->watch();
    ASSERT_TRUE(within_seconds([&] { return watch->counts().read == 1; }));
    fs::rename(files_.path("a.log"), files_.path("b.log"));
    a_moment();
  }
  const auto watch = this->watch();
  a_moment();
  EXPECT_EQ(text(), "a\n");
  EXPECT_EQ(watch->counts().read, 0u);
  const std::scoped_lock lock(mutex_);
  ASSERT_EQ(places_.size(), 1u);
  EXPECT_TRUE(places_.begin()->first.ends_with("/b.log"));
}

TEST_F(FolderWatchTest, AFileThatIsBeingWrittenIsLeftAloneUntilItIsClosed) {
  const auto watch = this->watch();
  std::ofstream file(files_.path("a.log"));
  file << "begun" << std::flush;
  a_moment();
  EXPECT_EQ(text(), "");
  file << " and ended\n";
  file.close();
  ASSERT_TRUE(within_seconds([&] { return text() == "begun and ended\n"; })) << text();
}

TEST_F(FolderWatchTest, AFileThatGrewIsReadOnAndOneThatIsWrittenAnewFromItsBeginning) {
  files_.write("a.log", "a\n");
  const auto watch = this->watch();
  ASSERT_TRUE(within_seconds([&] { return text() == "a\n"; }));
  std::ofstream(files_.path("a.log"), std::ios::app) << "b\n";
  ASSERT_TRUE(within_seconds([&] { return text() == "a\nb\n"; })) << text();
  files_.write("a.log", "other\n");
  ASSERT_TRUE(within_seconds([&] { return text() == "a\nb\nother\n"; })) << text();
}

TEST_F(FolderWatchTest, AStartInTheMiddleOfAFileGoesOnThere) {
  std::string all;
  for (int i = 0; all.size() < (5 << 20); ++i) all += std::to_string(i) + " of a long file\n";
  files_.write("a.log", all);
  {
    const auto watch = this->watch();
    ASSERT_TRUE(within_seconds([&] { return !text().empty(); }));
  }
  EXPECT_TRUE(all.starts_with(text()));
  const auto watch = this->watch();
  within_seconds([&] { return watch->counts().read == 1; });
  EXPECT_TRUE(text() == all) << text().size() << " of " << all.size();
}

TEST_F(FolderWatchTest, AHeaderRowGoesBeforeEveryPieceOfALargeExport) {
  std::string all = "HEAD\n";
  while (all.size() < (17 << 20)) all += std::string(1000, 'x') + "\n";
  files_.write("export.csv", all);
  const auto watch = this->watch();
  ASSERT_TRUE(within_seconds([&] { return watch->counts().read == 1; }));
  EXPECT_EQ(text().size(), all.size() + 5);
  EXPECT_NE(text().find("HEAD\n", 10), std::string::npos);
}

TEST_F(FolderWatchTest, WhatCannotBeReadIsSaidOnceAndCounted) {
  files_.write("a.bz2", "BZh91AY&SY....");
  const auto watch = this->watch();
  ASSERT_TRUE(within_seconds([&] { return watch->counts().failed == 1; }));
  a_moment();
  EXPECT_EQ(watch->counts().read, 1u);
  const std::scoped_lock lock(mutex_);
  EXPECT_NE(messages_.find("bzip2"), std::string::npos) << messages_;
}

TEST(FolderWatch, AFolderThatIsNotThereIsRefused) {
  WatchOptions options;
  options.folders = {"/no/such/folder"};
  FolderWatch watch(options, {});
  const auto started = watch.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("make it first"), std::string::npos);
}

}  // namespace
}  // namespace endreason
