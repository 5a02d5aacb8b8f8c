// SPDX-License-Identifier: Apache-2.0
// OperatorLog: what the server says about itself, a line an event, as text or JSON. Any thread.
// Nothing that is secret is ever handed to it: no token, and of a webhook's address only the host.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace endreason {

enum class LogLevel : std::uint8_t { Error, Warning, Info, Debug };
struct LogLevelInfo {
  LogLevel value;
  std::string_view log_name;
  char syslog_priority;  // as the journal reads it, "<3>"
};
inline constexpr LogLevelInfo kLogLevels[] = {{LogLevel::Error, "error", '3'},
                                              {LogLevel::Warning, "warning", '4'},
                                              {LogLevel::Info, "info", '6'},
                                              {LogLevel::Debug, "debug", '7'}};

// Terminal: for a person who looks on, without times. Plain: with them. Journal: for journald,
// which has times of its own and reads the level. Json: an object a line.
enum class LogFormat : std::uint8_t { Terminal, Plain, Journal, Json };

class OperatorLog {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

  // Lines with their end go to `write`; `now_micros` is the wall clock.
  OperatorLog(std::function<void(std::string_view)> write, std::function<std::int64_t()> now_micros)
      : write_(std::move(write)), now_micros_(std::move(now_micros)) {}
  void set(LogFormat format, LogLevel level) {
    format_ = format;
    level_ = level;
  }
  bool wants(LogLevel level) const { return level <= level_; }
  // `event` is a short name for machines ("listening"); fields stand in JSON only, for what the
  // text says in words.
  void write(LogLevel level, std::string_view event, std::string_view text, Fields fields = {});
  void error(std::string_view event, std::string_view text, Fields fields = {}) {
    write(LogLevel::Error, event, text, fields);
  }
  void warning(std::string_view event, std::string_view text, Fields fields = {}) {
    write(LogLevel::Warning, event, text, fields);
  }
  void info(std::string_view event, std::string_view text, Fields fields = {}) {
    write(LogLevel::Info, event, text, fields);
  }

 private:
  std::function<void(std::string_view)> write_;
  std::function<std::int64_t()> now_micros_;
  std::atomic<LogFormat> format_{LogFormat::Plain};
  std::atomic<LogLevel> level_{LogLevel::Info};
};

}  // namespace endreason
