// SPDX-License-Identifier: Apache-2.0
#include "store/far_functions.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <fmt/format.h>

namespace endreason {
namespace {

// Of ClickHouse 18.16 and 26.7 (system.table_functions).
constexpr auto kKnown = std::to_array<std::string_view>({
    "arrowstream",
    "azureblobstorage",
    "azureblobstoragecluster",
    "catboostevaluate",
    "cluster",
    "clusterallreplicas",
    "cosn",
    "deltalake",
    "deltalakecluster",
    "dictionary",
    "eval",
    "executable",
    "file",
    "filecluster",
    "filesystem",
    "gcs",
    "hdfs",
    "hdfscluster",
    "hudi",
    "hudicluster",
    "iceberg",
    "icebergcluster",
    "input",
    "jdbc",
    "loop",
    "merge",
    "mongodb",
    "mysql",
    "odbc",
    "oss",
    "paimon",
    "postgresql",
    "redis",
    "remote",
    "remotesecure",
    "s3",
    "s3cluster",
    "sqlite",
    "url",
    "urlcluster",
    "ytsaurus",
});
// They make up rows, or work on those of their argument.
constexpr auto kHarmless = std::to_array<std::string_view>({
    "format",
    "generate_series",
    "generaterandom",
    "generateseries",
    "null",
    "numbers",
    "numbers_mt",
    "primes",
    "values",
    "view",
    "viewifpermitted",
    "zeros",
    "zeros_mt",
});

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Walks SQL from name to name.
class SqlWords {
 public:
  explicit SqlWords(std::string_view sql) : sql_(sql) {}

  // The next name, quoted or not; nothing at the end, or where it cannot be read on.
  std::optional<std::string> next() {
    while (at_ < sql_.size() && !odd_) {
      const char c = sql_[at_];
      if (skip_blank_or_comment()) continue;
      bare_ = is_word(c);
      if (c == '\'') {
        quoted();
      } else if (c == '"' || c == '`') {
        return quoted();
      } else if (bare_) {
        const std::size_t begin = at_;
        while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
        return std::string(sql_.substr(begin, at_ - begin));
      } else {
        // A heredoc, or quotes that only some servers know.
        odd_ = c == '$' || static_cast<unsigned char>(c) >= 0x80;
        ++at_;
      }
    }
    return std::nullopt;
  }
  // Whether arguments follow the name.
  bool is_called() {
    while (skip_blank_or_comment()) {
    }
    return at_ < sql_.size() && sql_[at_] == '(';
  }
  // Whether the last name stood without quotes, as keywords do.
  bool bare() const { return bare_; }
  bool odd() const { return odd_; }

 private:
  bool skip_blank_or_comment() {
    const std::string_view rest = sql_.substr(at_);
    if (rest.empty()) return false;
    if (std::isspace(static_cast<unsigned char>(rest[0])) != 0) {
      ++at_;
    } else if (rest.starts_with("--") || rest[0] == '#') {
      at_ = std::min(sql_.find('\n', at_), sql_.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = sql_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? sql_.size() : end + 2;
    } else {
      return false;
    }
    return true;
  }

  std::string quoted() {
    const char quote = sql_[at_++];
    std::string text;
    for (; at_ < sql_.size() && sql_[at_] != quote; ++at_) {
      if (sql_[at_] == '\\') ++at_;
      if (at_ < sql_.size()) text += sql_[at_];
    }
    odd_ |= at_ >= sql_.size();  // it does not end
    ++at_;
    return text;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  bool bare_ = false;
  bool odd_ = false;
};

}  // namespace

FarFunctions::FarFunctions() : names_(kKnown.begin(), kKnown.end()) {}

void FarFunctions::add(std::string_view name) {
  std::string small = in_small_letters(name);
  if (std::find(kHarmless.begin(), kHarmless.end(), small) == kHarmless.end())
    names_.insert(std::move(small));
}

Result<void> FarFunctions::check(std::string_view sql) const {
  SqlWords words(sql);
  while (const auto name = words.next()) {
    const std::string small = in_small_letters(*name);
    if (words.bare() && small == "settings")
      return fail(Error::Code::Input,
                  "SETTINGS would lift the limits of a query; leave it out, or write \"settings\" "
                  "where it is a name");
    if (words.is_called() && names_.contains(small))
      return fail(Error::Code::Input,
                  fmt::format("{}() reads something else than what is stored; ask the view traffic",
                              small));
  }
  if (words.odd())
    return fail(Error::Code::Input,
                "a $, a character beyond ASCII outside of quotes, or a quote that does not end: "
                "write texts in single quotes and names in double ones");
  return {};
}

}  // namespace endreason
