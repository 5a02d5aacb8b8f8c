// SPDX-License-Identifier: Apache-2.0
// The state of alerts as lines of words, for a file:
//
//   endreason-alerts 1
//   seen ROW
//   alert NAME WINDOW_S FIRING SINCE QUIET PEAK EPISODES LAST_ROW MADE FAILED GIVEN_UP
//   step NUMBER COUNT            of the alert above
//   call MADE DUE ATTEMPTS BODY  of the alert above, in their order
//
// Texts have %XX for what would end a word.
#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "server/alert_watch.hpp"
#include "server/http_types.hpp"

namespace endreason {
namespace {

constexpr std::string_view kHead = "endreason-alerts 1";

std::string as_word(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    out += u <= ' ' || u == '%' || u >= 0x7f ? fmt::format("%{:02X}", u) : std::string(1, c);
  }
  return out.empty() ? "%" : out;
}

std::string as_text(const std::string& word) {
  return word == "%" ? "" : percent_decoded(word, false);
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

// The numbers from the given word on.
std::optional<std::vector<std::uint64_t>> numbers_of(const std::vector<std::string>& words,
                                                     std::size_t first, std::size_t count) {
  if (words.size() < first + count) return std::nullopt;
  std::vector<std::uint64_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i)
    if (!parse_decimal(words[first + i], numbers[i]) || numbers[i] > INT64_MAX) return std::nullopt;
  return numbers;
}

tl::unexpected<Error> not_understood(const std::vector<std::string>& words) {
  return fail(Error::Code::Input, fmt::format("'{}' is not understood", fmt::join(words, " ")));
}

}  // namespace

std::string AlertWatch::saved() const {
  const std::scoped_lock lock(mutex_);
  std::string out = fmt::format("{}\nseen {}\n", kHead, seen_row_.load());
  for (const Watched& a : alerts_) {
    out += fmt::format("alert {} {} {} {} {} {} {} {} {} {} {}\n", as_word(a.options.name),
                       a.options.window_s, a.firing ? 1 : 0, a.since_micros, a.quiet_micros, a.peak,
                       a.episodes, a.last_row, a.calls_made, a.calls_failed, a.calls_given_up);
    for (const SlidingCount::Step& step : a.count.steps())
      if (step.count != 0) out += fmt::format("step {} {}\n", step.number, step.count);
    for (const AlertCall& call : calls_)
      if (call.alert == a.options.name)
        out += fmt::format("call {} {} {} {}\n", call.made_micros, call.due_micros, call.attempts,
                           as_word(call.body));
  }
  return out;
}

Result<void> AlertWatch::restore_alert(const std::vector<std::string>& words, Watched*& alert) {
  const auto n = numbers_of(words, 2, 10);
  if (!n) return not_understood(words);
  alert = find(as_text(words[1]));
  if (alert == nullptr) return {};  // it was taken out of the configuration
  alert->firing = (*n)[1] != 0;
  alert->since_micros = static_cast<std::int64_t>((*n)[2]);
  alert->quiet_micros = static_cast<std::int64_t>((*n)[3]);
  alert->peak = (*n)[4];
  alert->episodes = (*n)[5];
  alert->last_row = (*n)[6];
  alert->calls_made = (*n)[7];
  alert->calls_failed = (*n)[8];
  alert->calls_given_up = (*n)[9];
  return {};
}

Result<void> AlertWatch::restore(std::string_view text, bool rows_stored) {
  const std::scoped_lock lock(mutex_);
  Watched* alert = nullptr;
  std::uint64_t window = 0;
  for (bool first = true; !text.empty(); first = false) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (first && line != kHead)
      return fail(Error::Code::Input, fmt::format("it does not begin with '{}'", kHead));
    const auto words = words_of(line);
    if (first || words.empty()) continue;
    if (words[0] == "seen") {
      const auto n = numbers_of(words, 1, 1);
      if (!n) return not_understood(words);
      seen_row_ = rows_stored ? (*n)[0] : 0;
    } else if (words[0] == "alert") {
      if (auto done = restore_alert(words, alert); !done) return done;
      window = numbers_of(words, 2, 1)->front();
    } else if (words[0] == "step") {
      const auto n = numbers_of(words, 1, 2);
      if (!n) return not_understood(words);
      // Steps of a window of another length count other whiles.
      if (alert != nullptr && alert->options.window_s == window)
        alert->count.put({static_cast<std::int64_t>((*n)[0]), (*n)[1]});
    } else if (words[0] == "call") {
      const auto n = numbers_of(words, 1, 3);
      if (!n || words.size() != 5) return not_understood(words);
      if (alert != nullptr)
        calls_.push_back({++last_call_, alert->options.name, as_text(words[4]),
                          static_cast<std::int64_t>((*n)[0]), static_cast<std::int64_t>((*n)[1]),
                          static_cast<std::uint32_t>((*n)[2])});
    } else {
      return not_understood(words);
    }
  }
  return {};
}

}  // namespace endreason
