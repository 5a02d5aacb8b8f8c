// SPDX-License-Identifier: Apache-2.0
// AlertService: gives an AlertWatch its rows, its clock, its file and its webhooks. Two threads:
// one looks at the windows and keeps the file, one makes the calls, which may take their time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "ingest/ingestor.hpp"
#include "server/alert_watch.hpp"
#include "server/operator_log.hpp"

namespace endreason {

class AlertService {
 public:
  // `state_file` need not be there. The ingestor must live longer.
  AlertService(Ingestor& ingestor, std::string state_file, std::function<std::int64_t()> now_micros,
               std::shared_ptr<OperatorLog> log);
  ~AlertService();
  AlertService(const AlertService&) = delete;
  AlertService& operator=(const AlertService&) = delete;

  // `rows_stored`: none means that ids begin anew, whatever the file says.
  Result<void> start(const std::vector<AlertOptions>& alerts, const RecordClock& clock,
                     bool rows_stored);
  Result<void> change(const std::vector<AlertOptions>& alerts, const RecordClock& clock);
  std::vector<AlertView> view() const { return watch_.view(now_micros_()); }
  // Gives up a call in the making; it is made again after the next start.
  void stop();

 private:
  void look();
  void call();
  void make(const AlertCall& call, const AlertOptions& alert);
  void save();
  bool pause(std::chrono::milliseconds time);  // false: the end has come

  Ingestor& ingestor_;
  std::string state_file_;
  std::function<std::int64_t()> now_micros_;
  std::shared_ptr<OperatorLog> log_;
  AlertWatch watch_;
  std::uint64_t saved_changes_ = 0;
  bool save_failed_ = false;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread looker_, caller_;
};

}  // namespace endreason
