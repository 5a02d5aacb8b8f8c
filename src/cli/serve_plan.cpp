// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_plan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

#include "cli/capture_log.hpp"
#include "cli/captured_sessions.hpp"
#include "cli/run_plan.hpp"
#include "cli/serve_folder.hpp"
#include "cli/terminal.hpp"
#include "cli/track_options.hpp"
#include "cli/version.hpp"
#include "config/settings.hpp"

namespace endreason {
namespace {

constexpr std::size_t kTokenMin = 16;  // characters

std::int64_t wall_clock_micros() {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A secret is the first line of a file, so that it stands on no command line.
Result<void> read_token(const char* setting, const std::string& path, std::string& token) {
  if (path.empty()) return {};
  std::ifstream file(path);
  if (!std::getline(file, token))
    return fail(Error::Code::Usage,
                fmt::format("{}: {} has no first line that could be read", setting, path));
  if (token.size() < kTokenMin)
    return fail(Error::Code::Usage, fmt::format("{}: the token in {} is shorter than {} characters",
                                                setting, path, kTokenMin));
  return {};
}

Result<void> read_addresses(const ServeSettings& s, ServeOptions& options) {
  const auto http = parse_listen_address("tcp:" + s.http);  // checked when it was set
  options.http.address = http->address;
  options.http.port = http->port;
  if (s.certificate.empty() != s.key.empty())
    return fail(Error::Code::Usage, "certificate and key: give both or none");
  options.http.certificate_file = s.certificate;
  options.http.key_file = s.key;
  options.syslog.certificate_file =
      s.syslog_certificate.empty() ? s.certificate : s.syslog_certificate;
  options.syslog.key_file = s.syslog_key.empty() ? s.key : s.syslog_key;
  options.syslog.client_ca_file = s.syslog_client_ca;
  for (const std::string& text : s.listen) {
    if (text == kNoListeners) {
      if (s.listen.size() == 1) return {};
      return fail(Error::Code::Usage,
                  fmt::format("listen: '{}' stands alone, or not at all", kNoListeners));
    }
    options.syslog.addresses.push_back(*parse_listen_address(text));
  }
  return {};
}

// The password is a secret, too.
Result<void> plan_database(const ServeSettings& s, StoreOptions& options) {
  if (s.store == "duckdb") {
    if (s.store_cluster.empty() && s.store_password_file.empty() && s.store_ca.empty()) return {};
    return fail(Error::Code::Usage,
                "store-cluster, store-password-file and store-ca: the embedded database has none; "
                "give store: clickhouse://... too, or leave them out");
  }
  options.clickhouse = s.store;
  options.cluster = s.store_cluster;
  options.ca_file = s.store_ca;
  options.node = static_cast<std::uint16_t>(s.store_node);
  if (!s.store_password_file.empty()) {
    std::ifstream file(s.store_password_file);
    if (!std::getline(file, options.password))
      return fail(Error::Code::Usage,
                  fmt::format("store-password-file: {} has no first line that could be read",
                              s.store_password_file));
  } else if (const char* password = std::getenv("ENDREASON_STORE_PASSWORD")) {
    options.password = password;
  }
  return {};
}

Result<void> plan_kafka(const ServeSettings& s, ServeOptions& options) {
  KafkaOptions& kafka = options.ingest.kafka;
  if (s.kafka_brokers.empty() != s.kafka_topics.empty())
    return fail(Error::Code::Usage, "kafka-brokers and kafka-topics: give both or none");
  if (s.kafka_certificate.empty() != s.kafka_key.empty())
    return fail(Error::Code::Usage, "kafka-certificate and kafka-key: give both or none");
  const bool files = !s.kafka_ca.empty() || !s.kafka_certificate.empty();
  if (files && !s.kafka_tls)
    return fail(
        Error::Code::Usage,
        "kafka-ca and kafka-certificate are for TLS; give kafka-tls, too, or leave them out");
  if (s.kafka_mechanism.empty() != s.kafka_user.empty())
    return fail(Error::Code::Usage, "kafka-mechanism and kafka-user: give both or none");
  kafka.brokers = s.kafka_brokers;
  kafka.topics = s.kafka_topics;
  kafka.group = s.kafka_group;
  kafka.tls = s.kafka_tls;
  kafka.ca_file = s.kafka_ca;
  kafka.certificate_file = s.kafka_certificate;
  kafka.key_file = s.kafka_key;
  kafka.mechanism = s.kafka_mechanism;
  kafka.user = s.kafka_user;
  kafka.session_time = std::chrono::seconds(s.kafka_session_seconds);
  kafka.message = [log = options.log](std::string_view text) { log->warning("kafka", text); };
  if (!s.kafka_password_file.empty()) {
    std::ifstream file(s.kafka_password_file);
    if (!std::getline(file, kafka.password))
      return fail(Error::Code::Usage,
                  fmt::format("kafka-password-file: {} has no first line that could be read",
                              s.kafka_password_file));
  } else if (const char* password = std::getenv("ENDREASON_KAFKA_PASSWORD")) {
    kafka.password = password;
  }
  return {};
}

void plan_store(const ServeSettings& s, ServeOptions& options) {
  const std::string folder = serve_folder(s.folder);
  options.store.folder = folder;
  options.store.keep_raw = s.keep_raw;
  options.store.memory_bytes = s.memory;
  options.store.threads = static_cast<unsigned>(s.threads);
  options.store.export_folder = folder + "/export";
  IngestOptions& ingest = options.ingest;
  ingest.spool.folder = folder + "/spool";
  ingest.spool.bytes_max = s.spool_bytes;
  ingest.spool.sync = s.spool_fsync == "never"   ? SpoolSync::Never
                      : s.spool_fsync == "frame" ? SpoolSync::EveryFrame
                                                 : SpoolSync::EverySecond;
  ingest.keep_days = static_cast<std::uint32_t>(s.keep_days);
  ingest.keep_bytes = s.keep_bytes;
  FileIntakeOptions& files = options.files;
  files.load = s.load;
  files.follow = s.follow;
  files.watch = s.watch;
  files.capture_folder = folder + "/captures";
  files.capture_bytes = s.capture_bytes;
  files.message = [log = options.log](std::string_view text) { log->info("files", text); };
}

// How rows are read and judged: the same for what is received and for what is explained on request.
Result<void> plan_reading(const RunPlan& run, const Settings& settings, ServeOptions& options) {
  IngestOptions& ingest = options.ingest;
  ingest.reader = run.explain.reader;
  ingest.reader.cells_wanted = kCellsMax;
  ingest.ruleset = run.explain.ruleset;
  ingest.timers = run.explain.timers;
  ingest.clock = run.explain.clock;
  ingest.now_micros = wall_clock_micros;
  ApiOptions& api = options.api;
  api.version = kVersion;
  api.folder = options.store.folder;
  api.export_folder = options.store.export_folder;
  api.reader = ingest.reader;
  api.ruleset = ingest.ruleset;
  api.timers = ingest.timers;
  api.clock = ingest.clock;
  api.now_micros = wall_clock_micros;
  auto track = plan_track(TrackOptions{}, settings);
  if (!track) return tl::unexpected(track.error());
  api.read_capture = [engine = track->engine](std::string_view capture, const TakeSession& take) {
    return read_captured_sessions(capture, engine, take);
  };
  api.read_ladder = [engine = track->engine](const std::string& path, std::string_view serial,
                                             std::uint64_t seqno, std::uint64_t session) {
    return read_session_ladder(path, engine,
                               {std::string(serial), seqno, static_cast<std::uint32_t>(session)});
  };
  options.files.open_capture = [engine = track->engine,
                                log = options.log](std::unique_ptr<ByteSource> capture) {
    return open_capture_log(std::move(capture), engine,
                            [log](std::string_view hint) { log->warning("capture", hint); });
  };
  options.files.keys = ingest.reader.keys;
  return {};
}

Result<void> plan_asking(const ServeSettings& s, ServeOptions& options) {
  options.api.query_time = std::chrono::seconds(s.query_seconds);
  options.api.ingest_body_max = s.body_bytes;
  options.api.requests_per_minute = s.requests_per_minute;
  options.api.log = options.log;
  // What is explained has a limit of its own, in the API.
  options.http.body_max = std::max<std::uint64_t>(s.body_bytes, 16u << 20);
  if (auto token = read_token("token-file", s.token_file, options.api.token); !token) return token;
  return read_token("reader-token-file", s.reader_token_file, options.api.reader_token);
}

Result<void> plan_alerts(const ServeSettings& s, ServeOptions& options) {
  for (const AlertSettings& alert : s.alerts) {
    AlertOptions& o = options.alerts.emplace_back(AlertOptions{alert.name, alert.filter,
                                                               alert.webhook, "", alert.webhook_ca,
                                                               alert.threshold, alert.window_s});
    if (alert.webhook_token_file.empty()) continue;
    std::ifstream file(alert.webhook_token_file);
    if (!std::getline(file, o.token))
      return fail(Error::Code::Usage,
                  fmt::format("alert '{}': webhook-token-file: {} has no first line that could be "
                              "read",
                              alert.name, alert.webhook_token_file));
  }
  return {};
}

LogFormat log_format_of(const ServeSettings& s) {
  if (s.log_format == "json") return LogFormat::Json;
  if (stderr_is_terminal()) return LogFormat::Terminal;
  const char* journal = std::getenv("JOURNAL_STREAM");
  return journal != nullptr && *journal != '\0' ? LogFormat::Journal : LogFormat::Plain;
}

LogLevel log_level_of(const ServeSettings& s) {
  return std::ranges::find(kLogLevels, std::string_view(s.log_level), &LogLevelInfo::log_name)
      ->value;
}

}  // namespace

Result<ServePlan> plan_serve(const ServeOrder& order, std::shared_ptr<OperatorLog> log) {
  const auto settings = load_settings(order.run.config);
  if (!settings) return tl::unexpected(settings.error());
  const auto run = plan_run(order.run, *settings);
  if (!run) return tl::unexpected(run.error());
  ServePlan plan;
  plan.settings = settings->serve;
  plan.aliases = settings->aliases;
  for (const GivenSetting& given : order.given)
    if (auto set = set_from_texts(*given.setting, given.texts, plan.settings); !set)
      return fail(Error::Code::Usage,
                  fmt::format("--{}: {}", given.setting->name, set.error().message));
  plan.options.log = std::move(log);
  plan.log_format = log_format_of(plan.settings);
  plan.log_level = log_level_of(plan.settings);
  plan_store(plan.settings, plan.options);
  if (auto done = plan_database(plan.settings, plan.options.store); !done)
    return tl::unexpected(done.error());
  if (auto done = plan_kafka(plan.settings, plan.options); !done)
    return tl::unexpected(done.error());
  if (auto done = plan_reading(*run, *settings, plan.options); !done)
    return tl::unexpected(done.error());
  if (auto done = plan_asking(plan.settings, plan.options); !done)
    return tl::unexpected(done.error());
  if (auto done = plan_alerts(plan.settings, plan.options); !done)
    return tl::unexpected(done.error());
  if (auto done = read_addresses(plan.settings, plan.options); !done)
    return tl::unexpected(done.error());
  return plan;
}

std::vector<std::string> waiting_for_restart(const ServePlan& running, const ServePlan& next) {
  std::vector<std::string> names;
  for (const ServeSettingInfo& row : serve_settings())
    if (!row.at_once && value_texts(row, running.settings) != value_texts(row, next.settings))
      names.emplace_back(row.name);
  if (running.aliases != next.aliases) names.emplace_back("aliases");
  return names;
}

}  // namespace endreason
