// SPDX-License-Identifier: Apache-2.0
#include "cli/content_logs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "cli/terminal.hpp"
#include "dataplane/engine.hpp"
#include "format/json_object.hpp"
#include "model/log_flag.hpp"
#include "model/protocol.hpp"
#include "policy/compiled_policy.hpp"

namespace endreason {
namespace {

constexpr std::size_t kFlushBytes = 64 * 1024;

std::string_view direction(bool from_client) {
  return from_client ? "client-to-server" : "server-to-client";
}

}  // namespace

Result<LogFile> LogFile::open(std::string_view option, const std::string& path) {
  LogFile file;
  file.option_ = option;
  file.path_ = path;
  file.descriptor_ = path == "-"
                         ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
                         : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file.descriptor_ < 0)
    return fail(Error::Code::Io,
                fmt::format("{}: cannot open '{}': {}", option, path, std::strerror(errno)));
  return file;
}

LogFile::LogFile(LogFile&& other) noexcept {
  *this = std::move(other);
}
LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(option_, other.option_);
  std::swap(path_, other.path_);
  std::swap(text_, other.text_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(errno_, other.errno_);
  return *this;
}
LogFile::~LogFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LogFile::flush() {
  if (!text_.empty() && errno_ == 0 && !write_all(descriptor_, text_)) errno_ = errno;
  text_.clear();
}

void LogFile::flush_if_full() {
  if (text_.size() >= kFlushBytes) flush();
}

Result<void> LogFile::close() {
  if (descriptor_ < 0) return {};
  flush();
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno_ == 0) errno_ = errno;
  if (errno_ != 0)
    return fail(Error::Code::Io,
                fmt::format("{}: cannot write '{}': {}", option_, path_, std::strerror(errno_)));
  return {};
}

Result<std::unique_ptr<ContentLogs>> ContentLogs::open(
    const ContentLogOptions& options, std::shared_ptr<const inspect::ThreatSet> rules,
    std::shared_ptr<const CompiledPolicy> policy) {
  std::unique_ptr<ContentLogs> logs(new ContentLogs);
  logs->options_ = options;
  logs->rules_ = std::move(rules);
  logs->policy_ = std::move(policy);
  if (!options.threats.empty()) {
    auto file = LogFile::open("--threats", options.threats);
    if (!file) return tl::unexpected(file.error());
    logs->threats_ = std::move(*file);
  }
  if (!options.decryption.empty()) {
    auto file = LogFile::open("--decryption-log", options.decryption);
    if (!file) return tl::unexpected(file.error());
    logs->decryption_ = std::move(*file);
  }
  return logs;
}

void ContentLogs::on_content(const ContentRow& row) {
  if (row.kind == ContentKind::Decryption) {
    if (decryption_.is_open()) decryption(row);
  } else if (threats_.is_open()) {
    threat(row);
  }
}

void ContentLogs::threat(const ContentRow& row) {
  const Session& session = row.session;
  ThreatRecord record;
  record.time_ns = row.time_ns;
  record.config_version = options_.config_version;
  record.seqno = ++seqno_;
  record.sessionid = session.id;
  record.parent_session_id = session.has(kPredicted) ? session.user : 0;
  record.src = session.client();
  record.dst = session.server();
  record.proto = session.key.protocol;
  const bool has_ports = record.proto != kProtoIcmp && record.proto != kProtoIcmp6;
  record.sport = has_ports ? session.client_port() : std::uint16_t{0};
  record.dport = has_ports ? session.server_port() : std::uint16_t{0};
  record.flags = record.src.is_v4() ? 0 : kFlagIpv6;
  record.serial = kEngineSerial;
  record.device_name = kEngineDevice;
  record.rule = row.rule_name.empty() ? kEngineRule : row.rule_name;
  if (policy_ && row.policy.rule != kNoRule) {
    record.rule_uuid = policy_->rule(row.policy.rule).uuid;
    record.logset = policy_->rule(row.policy.rule).log_setting;
  }
  record.app = row.app.empty() ? std::string_view("incomplete") : row.app;
  record.from = row.from_zone;
  record.to = row.to_zone;
  record.action = info(row.action).log_name;
  record.direction = direction(row.from_client);
  record.packet = row.packet;
  if (row.kind == ContentKind::Rule) {
    const inspect::ThreatRule& rule = rules_->rule(row.rule);
    record.subtype = "vulnerability";
    name_ = fmt::format("{}({})", rule.message.empty() ? "rule" : rule.message, rule.sid);
    place_ = fmt::format("{}:{}", rule.file, rule.line);
    record.severity = info(inspect::severity_of(rule.priority)).log_name;
    record.thr_category = rule.class_type;
    record.rule_file = place_;
  } else {
    record.subtype = "spyware";
    name_ = fmt::format("{} of the list {}(0)", row.entry, row.list);
    record.severity = info(inspect::ThreatSeverity::Medium).log_name;
    record.misc = row.subject;
    (row.kind == ContentKind::Name ? record.domain_edl
     : row.from_client             ? record.src_edl
                                   : record.dst_edl) = row.list;
  }
  record.threatid = name_;
  if (options_.panos)
    writer_.append_panos(record, threats_.text());
  else
    writer_.append_json(record, threats_.text());
  threats_.flush_if_full();
}

void ContentLogs::decryption(const ContentRow& row) {
  const Session& session = row.session;
  const inspect::DecryptionCauseInfo& cause = info(row.cause);
  const bool blocks = info(row.action).blocks;
  time_.clear();
  append_rfc3339(time_, {row.time_ns / 1000, 0, 6});
  JsonObject line(decryption_.text());
  line.text("type", "DECRYPTION");
  line.text("time_generated", time_);
  line.number("packet", row.packet);
  line.number("sessionid", std::uint64_t{session.id});
  line.text("src", to_string(session.client()));
  line.text("dst", to_string(session.server()));
  line.number("sport", std::uint64_t{session.client_port()});
  line.number("dport", std::uint64_t{session.server_port()});
  line.text("from", row.from_zone);
  line.text("to", row.to_zone);
  line.text("rule", row.rule_name.empty() ? kEngineRule : row.rule_name);
  line.text("policy_name", row.list);
  line.text("direction", direction(row.from_client));
  line.text("action", blocks ? "block" : cause.note ? "note" : "allow");
  line.text("cause", cause.log_name);
  if (blocks) line.text("session_end_reason", info(cause.reason).log_name);
  line.text("error", row.subject);
  line.close();
  decryption_.text() += '\n';
  decryption_.flush_if_full();
}

Result<void> ContentLogs::close() {
  auto threats = threats_.close();
  auto decryption = decryption_.close();
  return threats ? decryption : threats;
}

}  // namespace endreason
