// SPDX-License-Identifier: Apache-2.0
// AlertWatch: saved filters, each with a threshold and a window. Counts what is stored, tells when
// an episode begins and ends, and keeps the calls that are still to be made. Time is an argument;
// no thread, file or network of its own. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ingest/ingestor.hpp"
#include "model/record_clock.hpp"
#include "query/filter.hpp"

namespace endreason {

struct AlertOptions {
  std::string name, filter, webhook, token, ca_file;
  std::uint64_t threshold = 1;  // sessions within the window
  std::uint32_t window_s = 300;
};

// Sessions of the last while, in steps of a sixtieth of it.
class SlidingCount {
 public:
  explicit SlidingCount(std::uint32_t window_s)
      : step_micros_(window_s * std::int64_t{1'000'000} / kSteps) {}
  void add(std::int64_t now_micros, std::uint64_t count);
  std::uint64_t sum(std::int64_t now_micros) const;
  std::int64_t step_micros() const { return step_micros_; }
  // For what survives a restart.
  struct Step {
    std::int64_t number = 0;  // of the step, since 1970
    std::uint64_t count = 0;
  };
  static constexpr std::size_t kSteps = 60;
  const std::array<Step, kSteps>& steps() const { return steps_; }
  void put(Step step) { steps_[static_cast<std::size_t>(step.number) % kSteps] = step; }

 private:
  std::int64_t step_micros_;
  std::array<Step, kSteps> steps_{};
};

// A call of a webhook that is to be made.
struct AlertCall {
  std::uint64_t number{};  // of this state
  std::string alert, body;
  std::int64_t made_micros{}, due_micros{};
  std::uint32_t attempts{};
};

// What there is to tell of an alert.
struct AlertView {
  AlertOptions options;
  bool firing{};
  std::uint64_t sessions{}, peak{}, episodes{}, calls_made{}, calls_failed{}, calls_waiting{},
      calls_given_up{};
  std::int64_t since_micros{};  // of the episode, or of the last one; 0: there was none
  std::string last_error;       // of the last call; empty: it went well
};

class AlertWatch {
 public:
  // What happened, for the log: an episode that began or ended.
  struct Event {
    std::string alert, text;
    bool firing{};
  };

  // Alerts of the same name and window go on as they are.
  Result<void> set(const std::vector<AlertOptions>& alerts, const RecordClock& clock);
  // For the ingestor; empty when there is nothing to watch. Of the alerts as they are now.
  RowWatcher watcher(std::function<std::int64_t()> now_micros);
  std::vector<Event> tick(std::int64_t now_micros);
  // The next call that is due; it stays until called() says that it went well.
  std::optional<AlertCall> due(std::int64_t now_micros) const;
  std::optional<AlertOptions> options_of(const std::string& alert) const;
  // `error` empty: it went well. `retry_after_s` 0: as it is here. True: it is given up.
  bool called(std::uint64_t number, const std::string& error, std::uint64_t retry_after_s,
              std::int64_t now_micros);
  std::vector<AlertView> view(std::int64_t now_micros) const;

  // As text, for a file; restore() takes what belongs to alerts that are set. Without rows stored
  // their ids begin anew.
  std::string saved() const;
  Result<void> restore(std::string_view text, bool rows_stored);
  std::uint64_t changes() const;  // grows whenever saved() would say something else

 private:
  struct Watched {
    explicit Watched(AlertOptions o) : options(std::move(o)), count(options.window_s) {}
    AlertOptions options;
    SlidingCount count;
    bool firing{};
    std::int64_t since_micros{}, quiet_micros{};  // quiet: since when it is below; 0: it is not
    std::uint64_t peak{}, episodes{}, last_row{};
    std::uint64_t calls_made{}, calls_failed{}, calls_given_up{};
    std::string last_error;
  };
  struct Compiled {
    std::string alert;
    Filter filter;
  };
  Watched* find(std::string_view name);
  void add(const std::string& alert, std::uint64_t sessions, std::uint64_t row,
           std::int64_t now_micros);
  Event begin(Watched& alert, std::uint64_t sessions, std::int64_t now_micros);
  Event end(Watched& alert, std::int64_t now_micros);
  void queue(const Watched& alert, std::string body, std::int64_t now_micros);
  Result<void> restore_alert(const std::vector<std::string>& words, Watched*& alert);

  mutable std::mutex mutex_;
  std::vector<Watched> alerts_;
  std::shared_ptr<const std::vector<Compiled>> compiled_;
  RecordClock clock_;
  std::deque<AlertCall> calls_;
  std::uint64_t last_call_ = 0;
  std::atomic<std::uint64_t> seen_row_{0};  // up to this id rows are counted
  std::uint64_t changes_ = 0;
};

}  // namespace endreason
