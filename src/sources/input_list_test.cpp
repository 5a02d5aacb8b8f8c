// SPDX-License-Identifier: Apache-2.0
#include "sources/input_list.hpp"

#include <filesystem>
#include <map>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/made_files.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

Result<InputList> listed(const std::vector<std::string>& paths) {
  return list_inputs(paths);
}

std::string names_below(const MadeFiles& files, const InputList& list) {
  std::string names;
  for (const Input& input : list.inputs)
    names += fs::relative(input.path, files.folder()).string() + " ";
  return names;
}

TEST(InputList, AFolderIsReadWholeInTheOrderOfItsPathsBytes) {
  const MadeFiles files;
  for (const auto* name : {"b.log", "a/z.log", "a/deep/er/x", "a.log", "B.log", "ä.log"})
    files.write(name, "12345");
  const auto list = listed({files.folder()});
  ASSERT_TRUE(list);
  EXPECT_EQ(names_below(files, *list), "B.log a.log a/deep/er/x a/z.log b.log ä.log ");
  EXPECT_EQ(list->total_bytes(), 30u);
  EXPECT_TRUE(list->skipped.empty());
}

TEST(InputList, NamedInputsKeepTheOrderGivenAndMayRepeat) {
  const MadeFiles files;
  const std::string a = files.write("a", "1");
  const std::string b = files.write("b", "22");
  const auto list = listed({b, a, b});
  ASSERT_TRUE(list);
  EXPECT_EQ(names_below(files, *list), "b a b ");
  EXPECT_EQ(list->inputs[0].bytes, 2u);
}

TEST(InputList, WhatAFolderHoldsBesidesFilesIsListedWithTheReason) {
  const MadeFiles files;
  const MadeFiles elsewhere;
  files.write("logs/kept.log", "1");
  files.write("logs/.hidden", "1");
  elsewhere.write("other.log", "1");
  ASSERT_EQ(::mkfifo(files.path("logs/fifo").c_str(), 0600), 0);
  fs::create_symlink(elsewhere.path("other.log"), files.path("logs/link.log"));
  fs::create_directory_symlink(elsewhere.folder(), files.path("logs/linked"));
  fs::create_directory_symlink(files.path("logs"), files.path("logs/loop"));
  fs::create_symlink("/nowhere", files.path("logs/dangling"));
  const auto list = listed({files.path("logs")});
  ASSERT_TRUE(list);
  ASSERT_EQ(list->inputs.size(), 2u);
  EXPECT_EQ(list->inputs[0].path, files.path("logs/kept.log"));
  EXPECT_EQ(list->inputs[1].path, files.path("logs/link.log"));
  std::map<std::string, SkipReason> reasons;
  for (const Skipped& skipped : list->skipped)
    reasons[fs::path(skipped.path).filename()] = skipped.reason;
  const std::map<std::string, SkipReason> expected{{".hidden", SkipReason::Hidden},
                                                   {"fifo", SkipReason::NotAFile},
                                                   {"linked", SkipReason::LinkToFolder},
                                                   {"loop", SkipReason::LinkToFolder},
                                                   {"dangling", SkipReason::Unreadable}};
  EXPECT_EQ(reasons, expected);
}

TEST(InputList, WhatIsSkippedInAFolderIsReadWhenNamed) {
  const MadeFiles files;
  const MadeFiles elsewhere;
  elsewhere.write("other.log", "1");
  const std::string hidden = files.write(".hidden", "1");
  fs::create_directory_symlink(elsewhere.folder(), files.path("linked"));
  const auto list = listed({hidden, files.path("linked")});
  ASSERT_TRUE(list);
  EXPECT_EQ(list->inputs.size(), 2u);
}

TEST(InputList, AMissingFileIsAnInputErrorThatNamesIt) {
  const auto list = listed({"/nowhere/x.log"});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, Error::Code::Io);
  EXPECT_NE(list.error().message.find("/nowhere/x.log"), std::string::npos);
}

TEST(InputList, AnUnreadableFileIsAnErrorWhenNamedAndListedInAFolder) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const MadeFiles files;
  const std::string path = files.write("logs/secret", "1");
  fs::permissions(path, fs::perms::none);
  EXPECT_FALSE(listed({path}));
  const auto list = listed({files.path("logs")});
  ASSERT_TRUE(list);
  ASSERT_EQ(list->skipped.size(), 1u);
  EXPECT_EQ(list->skipped[0].reason, SkipReason::Unreadable);
}

TEST(InputList, StandardInputIsOneDashAndOnlyOne) {
  const auto list = listed({"-"});
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->inputs[0].is_standard_input());
  const auto twice = listed({"-", "-"});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Error::Code::Usage);
  EXPECT_FALSE(listed({""}));
}

TEST(InputList, ContentDecidesNotTheName) {
  const MadeFiles files;
  const std::string packed = files.made_by("gzip -c", "packed\n");
  const std::string misnamed = files.write("really-gzip.log", packed);
  const std::string plain = files.write("really-plain.gz", "plain\n");
  auto first = open_input({misnamed, std::nullopt});
  auto second = open_input({plain, std::nullopt});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(read_back(**first).text, "packed\n");
  EXPECT_EQ(read_back(**second).text, "plain\n");
}

}  // namespace
}  // namespace endreason
