// SPDX-License-Identifier: Apache-2.0
// ContentLogs: what inspection finds -> the files of --threats and --decryption-log.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "dataplane/content_row.hpp"
#include "format/threat_writer.hpp"

namespace endreason {

class CompiledPolicy;

// A file that is written as it goes; its name is for messages. "-" is standard error.
class LogFile {
 public:
  static Result<LogFile> open(std::string_view option, const std::string& path);
  LogFile() = default;
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  bool is_open() const { return descriptor_ >= 0; }
  std::string& text() { return text_; }
  void flush_if_full();
  // Fails when anything could not be written.
  Result<void> close();

 private:
  void flush();

  std::string option_, path_, text_;
  int descriptor_ = -1, errno_ = 0;
};

struct ContentLogOptions {
  std::string threats, decryption;  // paths; empty: not written
  bool panos = false;               // the THREAT log as PAN-OS CSV, else as JSON
  std::uint16_t config_version = 2817;
};

class ContentLogs final : public ContentSink {
 public:
  // `rules` and `policy` may be null.
  static Result<std::unique_ptr<ContentLogs>> open(const ContentLogOptions& options,
                                                   std::shared_ptr<const inspect::ThreatSet> rules,
                                                   std::shared_ptr<const CompiledPolicy> policy);
  void on_content(const ContentRow& row) override;
  Result<void> close();

 private:
  ContentLogs() = default;
  void threat(const ContentRow& row);
  void decryption(const ContentRow& row);

  ContentLogOptions options_;
  std::shared_ptr<const inspect::ThreatSet> rules_;
  std::shared_ptr<const CompiledPolicy> policy_;
  LogFile threats_, decryption_;
  ThreatWriter writer_;
  std::uint64_t seqno_ = 0;
  std::string name_, place_, time_;
};

}  // namespace endreason
