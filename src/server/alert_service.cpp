// SPDX-License-Identifier: Apache-2.0
#include "server/alert_service.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "transfer/http_client.hpp"

namespace endreason {
namespace {

constexpr auto kLook = std::chrono::milliseconds(250);
constexpr auto kCallTime = std::chrono::seconds(15);

// Written beside and put in its place, so that there is always a whole one.
bool replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush()) return false;
  }
  return std::rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace

AlertService::AlertService(Ingestor& ingestor, std::string state_file,
                           std::function<std::int64_t()> now_micros,
                           std::shared_ptr<OperatorLog> log)
    : ingestor_(ingestor),
      state_file_(std::move(state_file)),
      now_micros_(std::move(now_micros)),
      log_(std::move(log)) {}

AlertService::~AlertService() {
  stop();
}

Result<void> AlertService::start(const std::vector<AlertOptions>& alerts, const RecordClock& clock,
                                 bool rows_stored) {
  if (auto set = watch_.set(alerts, clock); !set) return set;
  std::ostringstream text;
  if (std::ifstream file(state_file_, std::ios::binary); file) text << file.rdbuf();
  if (auto restored = watch_.restore(text.str(), rows_stored); !restored)
    log_->warning("alert-state",
                  fmt::format("{}: the state of the alerts could not be read, they begin anew: {}",
                              state_file_, restored.error().message));
  ingestor_.watch(watch_.watcher(now_micros_), WatchSlot::Alerts);
  looker_ = std::thread([this] { look(); });
  caller_ = std::thread([this] { call(); });
  return {};
}

Result<void> AlertService::change(const std::vector<AlertOptions>& alerts,
                                  const RecordClock& clock) {
  if (auto set = watch_.set(alerts, clock); !set) return set;
  ingestor_.watch(watch_.watcher(now_micros_), WatchSlot::Alerts);
  return {};
}

void AlertService::stop() {
  if (stopping_.exchange(true)) return;
  ingestor_.watch({}, WatchSlot::Alerts);
  {
    const std::scoped_lock lock(mutex_);
    ended_.notify_all();
  }
  if (looker_.joinable()) looker_.join();
  if (caller_.joinable()) caller_.join();
  save();
}

bool AlertService::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ended_.wait_for(lock, time, [this] { return stopping_.load(); });
}

void AlertService::look() {
  do {
    for (const AlertWatch::Event& event : watch_.tick(now_micros_()))
      log_->write(event.firing ? LogLevel::Warning : LogLevel::Info,
                  event.firing ? "alert-firing" : "alert-ended", event.text,
                  {{"alert", event.alert}});
    save();
  } while (pause(kLook));
}

void AlertService::save() {
  const std::uint64_t changes = watch_.changes();
  if (changes == saved_changes_) return;
  const bool failed = !replace_file(state_file_, watch_.saved());
  if (failed && !save_failed_)
    log_->warning("alert-state", fmt::format("{}: cannot be written; after a restart alerts may be "
                                             "sent again",
                                             state_file_));
  save_failed_ = failed;
  if (!failed) saved_changes_ = changes;
}

void AlertService::call() {
  do {
    while (const auto call = stopping_ ? std::nullopt : watch_.due(now_micros_()))
      if (const auto alert = watch_.options_of(call->alert)) make(*call, *alert);
  } while (pause(kLook));
}

void AlertService::make(const AlertCall& call, const AlertOptions& alert) {
  HttpClient client(
      {.connect_time = std::chrono::seconds(5), .whole_time = kCallTime, .ca_file = alert.ca_file});
  HttpCall request;
  request.method = "POST";
  request.url = alert.webhook;
  request.token = alert.token;
  request.headers = {"Content-Type: application/json"};
  request.body = call.body;
  request.stop = &stopping_;
  const auto reply = client.send(request);
  if (!reply && stopping_) return;
  std::string error;
  std::uint64_t retry_after = 0;
  if (!reply) {
    error = reply.error().message;
  } else if (reply->status < 200 || reply->status > 299) {
    error = fmt::format("the webhook answered with status {}", reply->status);
    static_cast<void>(parse_decimal(reply->retry_after, retry_after));
  }
  const bool given_up = watch_.called(call.number, error, retry_after, now_micros_());
  if (error.empty()) {
    log_->info("alert-sent", fmt::format("alert '{}': its webhook was called", call.alert),
               {{"alert", call.alert}});
  } else if (given_up) {
    log_->error("alert-given-up",
                fmt::format("alert '{}': its webhook was not reached for a day, this call is given "
                            "up: {}",
                            call.alert, error),
                {{"alert", call.alert}});
  } else {
    log_->warning("alert-not-sent",
                  fmt::format("alert '{}': {}; it is called again", call.alert, error),
                  {{"alert", call.alert}});
  }
}

}  // namespace endreason
