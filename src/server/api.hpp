// SPDX-License-Identifier: Apache-2.0
// Api: requests -> answers of /api/v1, /metrics and /healthz, as openapi.json describes them.
// handle() may be called from several threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ingest/ingestor.hpp"
#include "model/record_clock.hpp"
#include "query/filter.hpp"
#include "server/alert_watch.hpp"
#include "server/http_types.hpp"
#include "server/operator_log.hpp"
#include "sources/syslog_listener.hpp"
#include "store/store.hpp"
#include "verdict/judge.hpp"

namespace endreason {

// A capture's sessions as they end: the row, and the packets as JSON (or null). Whoever has a
// session engine gives the function; the server has none.
struct CaptureOutcome {
  std::uint64_t packets{}, sessions{};
  // A sentence each: what could not be read, what to do about packets that made no session or told
  // less than they could, and of all others that were dropped the counter.
  std::vector<std::string> hints;
};
using TakeSession = std::function<void(TrafficRecord& record, std::string_view ladder)>;
using ReadCapture =
    std::function<Result<CaptureOutcome>(std::string_view capture, const TakeSession& take)>;

// The packets of a stored row's session, as JSON, from the capture that it came from.
using ReadLadder = std::function<Result<std::string>(
    const std::string& path, std::string_view serial, std::uint64_t seqno, std::uint64_t session)>;

class FileIntake;

struct ApiOptions {
  std::string version;
  std::string folder;         // as the user named it
  std::string export_folder;  // where the store may write files; empty: nowhere
  std::string token;          // readers and administrators; empty: none is asked for
  std::string reader_token;
  bool loopback_only = true;  // then only requests that name this machine are answered
  std::chrono::milliseconds query_time{30'000};
  LineReaderOptions reader;
  Ruleset ruleset = Ruleset::Standard;
  Timers timers;
  RecordClock clock;
  std::function<std::int64_t()> now_micros;
  std::function<ListenerCounts()> listener;  // nothing: no syslog is received
  ReadCapture read_capture;                  // nothing: captures are refused
  ReadLadder read_ladder;                    // nothing: rows have no ladder
  FileIntake* files = nullptr;               // which outlives the API
  std::uint64_t ingest_body_max = 16u << 20;
  std::uint64_t requests_per_minute = 0;  // of one client; 0: any number
  std::function<std::vector<AlertView>()> alerts;
  std::shared_ptr<OperatorLog> log;  // of every request, at level debug; may be null
};

class Api {
 public:
  Api(Store& store, Ingestor& ingestor, ApiOptions options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  HttpResponse handle(const HttpRequest& request);
  // Acts on requests that come from then on. Any thread.
  void change(ApiOptions next);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace endreason
