// SPDX-License-Identifier: Apache-2.0
#include "server/web_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace endreason {
namespace {

TEST(WebFiles, TheFirstPageIsThereWhateverWasBuilt) {
  const auto page = find_web_file("/index.html");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_NE(page->bytes.find("endreason"), std::string_view::npos);
  EXPECT_EQ(page->cache_control, "no-cache");
}

TEST(WebFiles, AnAddressOfAPageGivesTheFirstPageSoThatItCanBeOpenedAgain) {
  const auto page = find_web_file("/index.html");
  ASSERT_TRUE(page);
  for (const char* path : {"/", "/log", "/session/12-34", "/a/b/"}) {
    const auto found = find_web_file(path);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->etag, page->etag) << path;
  }
}

TEST(WebFiles, AFileThatIsNotThereIsNotAPage) {
  for (const char* path : {"/none.js", "/assets/none.css", "", "index.html", "/../etc/passwd.txt"})
    EXPECT_FALSE(find_web_file(path)) << path;
}

TEST(WebFiles, TheTableIsSortedAndEveryFileComplete) {
  const auto files = embedded_web_files();
  EXPECT_TRUE(std::is_sorted(files.begin(), files.end(),
                             [](const auto& a, const auto& b) { return a.path < b.path; }));
  for (const EmbeddedWebFile& entry : files) {
    const std::string name(entry.path);
    EXPECT_TRUE(name.starts_with('/')) << name;
    EXPECT_FALSE(entry.file.bytes.empty()) << name;
    EXPECT_TRUE(entry.file.etag.starts_with('"') && entry.file.etag.ends_with('"')) << name;
    EXPECT_FALSE(entry.file.content_type.empty()) << name;
    EXPECT_NE(entry.file.content_security_policy.find("default-src 'none'"), std::string_view::npos)
        << name;
    EXPECT_FALSE(find_web_file(name)->bytes.empty()) << name;
    if (!entry.file.gzip.empty()) {
      EXPECT_LT(entry.file.gzip.size(), entry.file.bytes.size()) << name;
      EXPECT_TRUE(entry.file.gzip.starts_with("\x1f\x8b")) << name;
    }
  }
}

// A page may load nothing but what is built in: no script in the page, nothing from another host.
TEST(WebFiles, ThePageLoadsOnlyFilesThatAreBuiltIn) {
  const auto page = find_web_file("/index.html");
  ASSERT_TRUE(page);
  const std::string html(page->bytes);
  std::size_t loaded = 0;
  for (const std::string_view attribute : {"src=\"", "href=\""}) {
    for (std::size_t at = html.find(attribute); at != std::string::npos;
         at = html.find(attribute, at + 1)) {
      const std::size_t begin = at + attribute.size();
      const std::string target = html.substr(begin, html.find('"', begin) - begin);
      EXPECT_TRUE(target.starts_with('/') && !target.starts_with("//")) << target;
      if (target.find('.') == std::string::npos) continue;  // a link to the API
      EXPECT_TRUE(find_web_file(target)) << target;
      ++loaded;
    }
  }
  EXPECT_TRUE(loaded > 0 || embedded_web_files().size() == 1);
}

}  // namespace
}  // namespace endreason
