// SPDX-License-Identifier: Apache-2.0
#include "server/alert_watch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "server/api_support.hpp"
#include "server/json_writer.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
// An episode ends when it was quiet for as long as the window, but not longer than this.
constexpr std::int64_t kQuietMax = 300 * kMicros;
// Calls are tried again after 1, 2, 4 ... seconds, at most so many, for so long.
constexpr std::int64_t kRetryMax = 300 * kMicros;
constexpr std::int64_t kRetryFor = 24 * 3600 * kMicros;
constexpr std::uint64_t kRetryAfterMax = 3600;  // that a server may ask for
constexpr std::size_t kCallsMax = 1000;

std::string duration_text(std::int64_t micros) {
  const std::int64_t s = micros / kMicros;
  return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string plural(std::uint64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", grouped_digits(n), noun, n == 1 ? "" : "s");
}

std::string call_body(const AlertOptions& options, bool firing, std::string_view episode,
                      std::uint64_t sessions, std::int64_t since, std::int64_t until,
                      std::uint64_t row, std::string_view text) {
  std::string body;
  JsonWriter json(body);
  json.object().text("alert", options.name).text("state", firing ? "firing" : "ended");
  json.text("episode", episode).text("text", text).number("sessions", sessions);
  json.number("threshold", options.threshold).number("window_seconds", options.window_s);
  json.text("filter", options.filter).text("since", time_text(since));
  json.text_or_null("until", until == 0 ? "" : time_text(until));
  json.text_or_null("last_row", row == 0 ? "" : std::to_string(row)).end_object();
  return body;
}

}  // namespace

void SlidingCount::add(std::int64_t now_micros, std::uint64_t count) {
  const std::int64_t number = now_micros / step_micros_;
  Step& step = steps_[static_cast<std::size_t>(number) % kSteps];
  if (step.number != number) step = {number, 0};
  step.count += count;
}

// Steps of the future, of a clock that was set back, count until the clock is past them.
std::uint64_t SlidingCount::sum(std::int64_t now_micros) const {
  const std::int64_t oldest = now_micros / step_micros_ - static_cast<std::int64_t>(kSteps) + 1;
  std::uint64_t sum = 0;
  for (const Step& step : steps_)
    if (step.number >= oldest) sum += step.count;
  return sum;
}

// Times that count from now have no place in a filter that is watched for months.
Result<void> AlertWatch::set(const std::vector<AlertOptions>& alerts, const RecordClock& clock) {
  auto compiled = std::make_shared<std::vector<Compiled>>();
  for (const AlertOptions& alert : alerts) {
    auto filter = Filter::parse(alert.filter);
    if (!filter)
      return fail(Error::Code::Usage,
                  fmt::format("alert '{}': {}", alert.name, filter.error().message));
    compiled->push_back({alert.name, *std::move(filter)});
  }
  const std::scoped_lock lock(mutex_);
  std::vector<Watched> next;
  for (const AlertOptions& alert : alerts) {
    Watched* known = find(alert.name);
    next.push_back(known != nullptr && known->options.window_s == alert.window_s ? std::move(*known)
                                                                                 : Watched(alert));
    next.back().options = alert;
  }
  alerts_ = std::move(next);
  std::erase_if(calls_, [&](const AlertCall& call) { return find(call.alert) == nullptr; });
  compiled_ = std::move(compiled);
  clock_ = clock;
  ++changes_;
  return {};
}

// The filters belong to the function, so rows are matched without a lock.
RowWatcher AlertWatch::watcher(std::function<std::int64_t()> now_micros) {
  const std::scoped_lock lock(mutex_);
  if (!compiled_ || compiled_->empty()) return {};
  return [this, compiled = compiled_, clock = clock_, now_micros = std::move(now_micros)](
             const TrafficRecord& record, const Verdict& verdict, std::uint64_t id) {
    // Rows that had to be added again were counted the first time.
    if (id <= seen_row_.load(std::memory_order_relaxed)) return;
    seen_row_.store(id, std::memory_order_relaxed);
    const std::uint64_t sessions = record.subtype == Subtype::Start ? 0 : record.repeatcnt;
    if (sessions == 0) return;
    for (const Compiled& alert : *compiled)
      if (alert.filter.matches(record, verdict, clock))
        add(alert.alert, sessions, id, now_micros());
  };
}

AlertWatch::Watched* AlertWatch::find(std::string_view name) {
  const auto found = std::ranges::find_if(
      alerts_, [&](const Watched& alert) { return alert.options.name == name; });
  return found == alerts_.end() ? nullptr : &*found;
}

void AlertWatch::add(const std::string& alert, std::uint64_t sessions, std::uint64_t row,
                     std::int64_t now_micros) {
  const std::scoped_lock lock(mutex_);
  Watched* watched = find(alert);
  if (watched == nullptr) return;
  watched->count.add(now_micros, sessions);
  watched->last_row = row;
  ++changes_;
}

std::vector<AlertWatch::Event> AlertWatch::tick(std::int64_t now_micros) {
  const std::scoped_lock lock(mutex_);
  std::vector<Event> events;
  for (Watched& alert : alerts_) {
    const std::uint64_t sessions = alert.count.sum(now_micros);
    const bool above = sessions >= alert.options.threshold;
    if (alert.firing && sessions > alert.peak) {
      alert.peak = sessions;
      ++changes_;
    }
    if (above && !alert.firing) {
      events.push_back(begin(alert, sessions, now_micros));
    } else if (above && alert.quiet_micros != 0) {
      alert.quiet_micros = 0;
      ++changes_;
    } else if (!above && alert.firing && alert.quiet_micros == 0) {
      alert.quiet_micros = now_micros;
      ++changes_;
    }
    const std::int64_t quiet = std::min(alert.options.window_s * kMicros, kQuietMax);
    if (alert.firing && alert.quiet_micros != 0 && now_micros - alert.quiet_micros >= quiet)
      events.push_back(end(alert, now_micros));
  }
  return events;
}

AlertWatch::Event AlertWatch::begin(Watched& alert, std::uint64_t sessions,
                                    std::int64_t now_micros) {
  alert.firing = true;
  alert.since_micros = now_micros;
  alert.quiet_micros = 0;
  alert.peak = sessions;
  ++alert.episodes;
  std::string text =
      fmt::format("alert '{}' fires: {} within {} s match {}; the threshold is {}",
                  alert.options.name, plural(sessions, "session"), alert.options.window_s,
                  alert.options.filter, grouped_digits(alert.options.threshold));
  queue(alert,
        call_body(alert.options, true, fmt::format("{}/{}", alert.options.name, now_micros),
                  sessions, now_micros, 0, alert.last_row, text),
        now_micros);
  return {alert.options.name, std::move(text), true};
}

AlertWatch::Event AlertWatch::end(Watched& alert, std::int64_t now_micros) {
  alert.firing = false;
  std::string text =
      fmt::format("alert '{}' is over: it lasted {}, with at most {} within {} s",
                  alert.options.name, duration_text(alert.quiet_micros - alert.since_micros),
                  plural(alert.peak, "session"), alert.options.window_s);
  queue(
      alert,
      call_body(alert.options, false, fmt::format("{}/{}", alert.options.name, alert.since_micros),
                alert.peak, alert.since_micros, alert.quiet_micros, alert.last_row, text),
      now_micros);
  alert.quiet_micros = 0;
  return {alert.options.name, std::move(text), false};
}

void AlertWatch::queue(const Watched& alert, std::string body, std::int64_t now_micros) {
  if (calls_.size() >= kCallsMax) calls_.pop_front();
  calls_.push_back({++last_call_, alert.options.name, std::move(body), now_micros, now_micros, 0});
  ++changes_;
}

// Of one alert in their order: an end must not come before its beginning.
std::optional<AlertCall> AlertWatch::due(std::int64_t now_micros) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string_view> earlier;
  for (const AlertCall& call : calls_) {
    if (std::ranges::find(earlier, call.alert) != earlier.end()) continue;
    // After a clock was set back nothing waits longer than it would have.
    if (call.due_micros <= now_micros ||
        call.due_micros - now_micros > 2 * static_cast<std::int64_t>(kRetryAfterMax) * kMicros)
      return call;
    earlier.push_back(call.alert);
  }
  return std::nullopt;
}

std::optional<AlertOptions> AlertWatch::options_of(const std::string& alert) const {
  const std::scoped_lock lock(mutex_);
  for (const Watched& watched : alerts_)
    if (watched.options.name == alert) return watched.options;
  return std::nullopt;
}

bool AlertWatch::called(std::uint64_t number, const std::string& error, std::uint64_t retry_after_s,
                        std::int64_t now_micros) {
  const std::scoped_lock lock(mutex_);
  const auto call = std::ranges::find(calls_, number, &AlertCall::number);
  if (call == calls_.end()) return false;
  ++changes_;
  Watched* alert = find(call->alert);
  if (alert != nullptr) {
    alert->last_error = error;
    ++(error.empty() ? alert->calls_made : alert->calls_failed);
  }
  const bool give_up = !error.empty() && now_micros - call->made_micros >= kRetryFor;
  if (give_up && alert != nullptr) ++alert->calls_given_up;
  if (error.empty() || give_up) {
    calls_.erase(call);
    return give_up;
  }
  const std::int64_t wait = std::min(kMicros << std::min(call->attempts, 20u), kRetryMax);
  const auto asked = static_cast<std::int64_t>(std::min(retry_after_s, kRetryAfterMax)) * kMicros;
  ++call->attempts;
  call->due_micros = now_micros + std::max(wait, asked);
  return false;
}

std::vector<AlertView> AlertWatch::view(std::int64_t now_micros) const {
  const std::scoped_lock lock(mutex_);
  std::vector<AlertView> views;
  for (const Watched& alert : alerts_) {
    AlertView view;
    view.options = alert.options;
    view.firing = alert.firing;
    view.sessions = alert.count.sum(now_micros);
    view.peak = alert.peak;
    view.episodes = alert.episodes;
    view.calls_made = alert.calls_made;
    view.calls_failed = alert.calls_failed;
    view.calls_given_up = alert.calls_given_up;
    view.calls_waiting = static_cast<std::uint64_t>(
        std::ranges::count(calls_, alert.options.name, &AlertCall::alert));
    view.since_micros = alert.since_micros;
    view.last_error = alert.last_error;
    views.push_back(std::move(view));
  }
  return views;
}

std::uint64_t AlertWatch::changes() const {
  const std::scoped_lock lock(mutex_);
  return changes_;
}

}  // namespace endreason
