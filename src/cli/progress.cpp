// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <cstdio>

#include <fmt/format.h>

namespace endreason {
namespace {

constexpr auto kQuietAtFirst = std::chrono::seconds{1};  // short runs show nothing
constexpr auto kBetween = std::chrono::milliseconds{200};

}  // namespace

void ProgressLine::show(std::uint64_t bytes_read, std::optional<std::uint64_t> bytes_total) {
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock(mutex_);
  if (now - started_ < kQuietAtFirst || now - last_ < kBetween) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = static_cast<double>(bytes_read) / seconds / 1e6;
  std::string text =
      fmt::format("\r{:.1f} GB read, {:.0f} MB/s", static_cast<double>(bytes_read) / 1e9, rate);
  if (bytes_total && *bytes_total > 0)
    text += fmt::format(
        ", {:.0f} %", 100.0 * static_cast<double>(bytes_read) / static_cast<double>(*bytes_total));
  text += "   ";
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  shown_ = true;
}

void ProgressLine::clear() {
  const std::scoped_lock lock(mutex_);
  if (!shown_) return;
  shown_ = false;
  static_cast<void>(std::fputs("\r\x1b[K", stderr));
}

}  // namespace endreason
