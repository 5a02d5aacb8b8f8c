// SPDX-License-Identifier: Apache-2.0
// What can be set about `endreason serve`, as a table: the options of the command and the keys of
// the configuration's section `serve` are the same names, read by the same rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace endreason {

// A filter that is watched: when `threshold` sessions of it came within the window, a webhook is
// called.
struct AlertSettings {
  std::string name, filter, webhook, webhook_token_file, webhook_ca;
  std::uint64_t threshold = 1;
  std::uint32_t window_s = 300;
  bool operator==(const AlertSettings&) const = default;
};

struct ServeSettings {
  std::string folder, store = "duckdb", store_cluster, store_password_file, store_ca;
  std::uint64_t store_node = 0;
  std::string http = "127.0.0.1:8088", certificate, key, token_file, reader_token_file,
              syslog_certificate, syslog_key, syslog_client_ca, spool_fsync = "second",
              log_format = "text", log_level = "info";
  std::vector<std::string> listen{"udp:127.0.0.1:5514", "tcp:127.0.0.1:5514"}, load, follow, watch;
  bool keep_raw = false;
  std::uint64_t keep_days = 0, keep_bytes = 0, spool_bytes = std::uint64_t{4} << 30,
                memory = std::uint64_t{768} << 20, threads = 0, query_seconds = 30,
                requests_per_minute = 6000, body_bytes = std::uint64_t{16} << 20,
                capture_bytes = std::uint64_t{1} << 30;
  std::vector<std::string> kafka_brokers, kafka_topics;
  std::string kafka_group = "endreason", kafka_ca, kafka_certificate, kafka_key, kafka_mechanism,
              kafka_user, kafka_password_file;
  bool kafka_tls = false;
  std::uint64_t kafka_session_seconds = 45;
  std::vector<AlertSettings> alerts;
  std::map<std::string, std::size_t, std::less<>> lines;  // where the file has each setting
};

enum class ServeKind : std::uint8_t { Text, Texts, YesNo, Number, Bytes, Word };

struct ServeSettingInfo {
  using Member =
      std::variant<std::string ServeSettings::*, std::vector<std::string> ServeSettings::*,
                   bool ServeSettings::*, std::uint64_t ServeSettings::*>;
  std::string_view name;       // "keep-days": key and option
  std::string_view type_name;  // "DAYS", for the help
  std::string_view meaning;
  ServeKind kind;
  Member member;
  std::uint64_t min = 0, max = 0;                // of a number
  std::span<const std::string_view> words = {};  // of a word
  bool at_once = false;  // acts when the configuration is read again, without a restart
  Result<void> (*check)(std::string_view text) = nullptr;  // of one text
};
// In the order in which documents list them.
std::span<const ServeSettingInfo> serve_settings();

// The value as it is written; of a list, one text each.
std::vector<std::string> value_texts(const ServeSettingInfo& setting,
                                     const ServeSettings& settings);
// Sets from texts (one, but for a list); an Error says what is expected, without the setting's
// name.
Result<void> set_from_texts(const ServeSettingInfo& setting, std::span<const std::string> texts,
                            ServeSettings& settings);

// "listen: none": the word for an empty list that would have a default.
inline constexpr std::string_view kNoListeners = "none";

}  // namespace endreason
