// SPDX-License-Identifier: Apache-2.0
#include "sources/coming_bytes.hpp"

#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sources/file_source.hpp"
#include "sources/lent_bytes.hpp"
#include "sources/made_files.hpp"

namespace endreason {
namespace {

TEST(ComingBytes, AFileThatShrinksUnderAWindowDoesNoHarm) {
  const MadeFiles files;
  const std::string text(3 << 20, 'x');
  const std::string path = files.write("a.log", text);
  auto source = FileSource::open(path);
  ASSERT_TRUE(source);
  const auto coming = (*source)->coming();
  ASSERT_TRUE(coming);
  EXPECT_EQ(coming->size(), text.size());
  ComingWindow window(coming, 1000, 2 << 20);
  window.fetch_to(5000);
  ASSERT_EQ(::truncate(path.c_str(), 4096), 0);
  window.fetch_to(2 << 20);
  ComingWindow behind_the_end(coming, 1 << 20, 1 << 20);
  behind_the_end.fetch_to(1 << 20);
  EXPECT_EQ(read_back(**source).text.size(), 4096u);
}

TEST(ComingBytes, AWindowMayReachOverTheEndOrLieBehindIt) {
  const MadeFiles files;
  auto source = FileSource::open(files.write("a.log", "0123456789"));
  ASSERT_TRUE(source);
  ComingWindow over((*source)->coming(), 5, 100);
  over.fetch_to(100);
  ComingWindow behind((*source)->coming(), 10, 100);
  behind.fetch_to(100);
  over = std::move(behind);
  over.fetch_to(200);
}

TEST(ComingBytes, AFileThatShrinksWhileItIsReadWhereItIsIsNoticedAheadOfTheReader) {
  const MadeFiles files;
  const std::string path = files.write("a.log", std::string(3 << 20, 'x'));
  auto source = FileSource::open(path);
  ASSERT_TRUE(source);
  const auto coming = (*source)->coming();
  ASSERT_TRUE(coming);
  auto window = ComingWindow::lent(coming, 1000, 2 << 20);
  const LentBytes lent({coming->bytes() + 1000, 2 << 20});
  window.fetch_ahead(70'000);
  EXPECT_FALSE(lent.broken());
  ASSERT_EQ(::truncate(path.c_str(), 4096), 0);
  window.fetch_ahead(1 << 20);
  EXPECT_TRUE(lent.broken());
}

TEST(ComingBytes, NothingBehindWhatWasLentIsTouched) {
  const MadeFiles files;
  auto source = FileSource::open(files.write("a.log", "0123456789"));
  ASSERT_TRUE(source);
  auto window = ComingWindow::lent((*source)->coming(), 5, 100);
  window.fetch_ahead(0);
  window.fetch_ahead(5);
}

TEST(ComingBytes, OnlyAFileThatHasBytesAndIsOurOwnIsMapped) {
  const MadeFiles files;
  auto source = FileSource::open(files.write("a.log", ""));
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->coming(), nullptr);
  EXPECT_EQ(FileSource::standard_input()->coming(), nullptr);
  ComingWindow none(nullptr, 0, 100);
  none.fetch_to(100);
}

}  // namespace
}  // namespace endreason
