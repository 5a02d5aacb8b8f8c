// SPDX-License-Identifier: Apache-2.0
#include "config/serve_settings.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"
#include "sources/syslog_listener.hpp"

namespace endreason {
namespace {

using S = ServeSettings;
using enum ServeKind;

constexpr std::array<std::string_view, 3> kFsyncWords{"frame", "second", "never"};
constexpr std::array<std::string_view, 2> kLogFormats{"text", "json"};
constexpr std::array<std::string_view, 4> kMechanisms{"", "PLAIN", "SCRAM-SHA-256",
                                                      "SCRAM-SHA-512"};
constexpr std::array<std::string_view, 4> kLogLevels{"error", "warning", "info", "debug"};

Result<void> check_http(std::string_view text) {
  if (parse_listen_address("tcp:" + std::string(text))) return {};
  return fail(Error::Code::Usage,
              fmt::format("expected an address such as 127.0.0.1:8088, found '{}'", text));
}

Result<void> check_listen(std::string_view text) {
  if (text == kNoListeners) return {};
  auto address = parse_listen_address(text);
  if (!address) return tl::unexpected(address.error());
  return {};
}

constexpr auto kSettings = std::to_array<ServeSettingInfo>({
    {.name = "folder",
     .type_name = "FOLDER",
     .meaning =
         "Where database and spool are; none: $STATE_DIRECTORY, $XDG_STATE_HOME/endreason or "
         "~/.local/state/endreason",
     .kind = Text,
     .member = &S::folder},
    {.name = "store",
     .type_name = "STORE",
     .meaning = "Where rows are kept: duckdb, in the folder, or "
                "clickhouse://USER@HOST:8123/DATABASE; clickhouses:// is over TLS, and a cluster's "
                "servers stand behind commas",
     .kind = Text,
     .member = &S::store},
    {.name = "store-cluster",
     .type_name = "NAME",
     .meaning = "Name of the cluster in ClickHouse's own configuration; none: one server",
     .kind = Text,
     .member = &S::store_cluster},
    {.name = "store-node",
     .type_name = "NUMBER",
     .meaning = "Number of this endreason where several store into one database",
     .kind = Number,
     .member = &S::store_node,
     .max = 32'767},
    {.name = "store-password-file",
     .type_name = "FILE",
     .meaning = "File with the store's password on its first line; none: $ENDREASON_STORE_PASSWORD",
     .kind = Text,
     .member = &S::store_password_file},
    {.name = "store-ca",
     .type_name = "FILE",
     .meaning = "Authority of the store's certificate, PEM; none: those of the system",
     .kind = Text,
     .member = &S::store_ca},
    {.name = "http",
     .type_name = "ADDRESS:PORT",
     .meaning = "Address and port of the pages and the API. Beyond this machine token-file and "
                "certificate are required",
     .kind = Text,
     .member = &S::http,
     .check = check_http},
    {.name = "certificate",
     .type_name = "FILE",
     .meaning = "Certificate chain for HTTPS, PEM",
     .kind = Text,
     .member = &S::certificate,
     .at_once = true},
    {.name = "key",
     .type_name = "FILE",
     .meaning = "Its key, PEM",
     .kind = Text,
     .member = &S::key,
     .at_once = true},
    {.name = "token-file",
     .type_name = "FILE",
     .meaning = "File with the administrators' token on its first line",
     .kind = Text,
     .member = &S::token_file,
     .at_once = true},
    {.name = "reader-token-file",
     .type_name = "FILE",
     .meaning = "The same for readers: they may not send logs or ask in SQL",
     .kind = Text,
     .member = &S::reader_token_file,
     .at_once = true},
    {.name = "listen",
     .type_name = "KIND:ADDRESS:PORT",
     .meaning = "Where syslog is received: udp:127.0.0.1:5514, tcp:[::]:5514, tls:0.0.0.0:6514; "
                "several may be given; none: no syslog",
     .kind = Texts,
     .member = &S::listen,
     .check = check_listen},
    {.name = "syslog-certificate",
     .type_name = "FILE",
     .meaning = "Certificate chain for syslog over TLS; none: that of HTTPS",
     .kind = Text,
     .member = &S::syslog_certificate,
     .at_once = true},
    {.name = "syslog-key",
     .type_name = "FILE",
     .meaning = "Its key",
     .kind = Text,
     .member = &S::syslog_key,
     .at_once = true},
    {.name = "syslog-client-ca",
     .type_name = "FILE",
     .meaning = "Senders over TLS must have a certificate of this authority",
     .kind = Text,
     .member = &S::syslog_client_ca,
     .at_once = true},
    {.name = "kafka-brokers",
     .type_name = "HOST:PORT",
     .meaning = "Some servers of a Kafka cluster, from whose topics logs are read; several may be "
                "given",
     .kind = Texts,
     .member = &S::kafka_brokers},
    {.name = "kafka-topics",
     .type_name = "TOPIC",
     .meaning = "Its topics; ^ in front makes one an expression for names",
     .kind = Texts,
     .member = &S::kafka_topics},
    {.name = "kafka-group",
     .type_name = "NAME",
     .meaning = "Consumer group: those of one group share the topics' partitions",
     .kind = Text,
     .member = &S::kafka_group},
    {.name = "kafka-tls",
     .type_name = "",
     .meaning = "Kafka is asked over TLS",
     .kind = YesNo,
     .member = &S::kafka_tls},
    {.name = "kafka-ca",
     .type_name = "FILE",
     .meaning = "Authority of Kafka's certificate, PEM; none: those of the system",
     .kind = Text,
     .member = &S::kafka_ca},
    {.name = "kafka-certificate",
     .type_name = "FILE",
     .meaning = "Certificate by which Kafka knows us, PEM",
     .kind = Text,
     .member = &S::kafka_certificate},
    {.name = "kafka-key",
     .type_name = "FILE",
     .meaning = "Its key, PEM",
     .kind = Text,
     .member = &S::kafka_key},
    {.name = "kafka-mechanism",
     .type_name = "MECHANISM",
     .meaning = "How a user proves who it is; none: there is no user",
     .kind = Word,
     .member = &S::kafka_mechanism,
     .words = kMechanisms},
    {.name = "kafka-user",
     .type_name = "NAME",
     .meaning = "The user",
     .kind = Text,
     .member = &S::kafka_user},
    {.name = "kafka-password-file",
     .type_name = "FILE",
     .meaning = "File with its password on the first line; none: $ENDREASON_KAFKA_PASSWORD",
     .kind = Text,
     .member = &S::kafka_password_file},
    {.name = "kafka-session-seconds",
     .type_name = "SECONDS",
     .meaning = "A member of the group that is silent so long has left it",
     .kind = Number,
     .member = &S::kafka_session_seconds,
     .min = 6,
     .max = 300},
    {.name = "load",
     .type_name = "PATH",
     .meaning = "Files and folders whose rows are stored at the start; rows with a sequence number "
                "that is stored already are left out",
     .kind = Texts,
     .member = &S::load},
    {.name = "follow",
     .type_name = "FILE",
     .meaning = "Logs that grow: their lines are stored as they are written; rotated and truncated "
                "files are followed on",
     .kind = Texts,
     .member = &S::follow},
    {.name = "watch",
     .type_name = "FOLDER",
     .meaning = "Folders: files that appear there are read once, also gzip and zstd; captures are "
                "tracked and their sessions stored",
     .kind = Texts,
     .member = &S::watch},
    {.name = "capture-bytes",
     .type_name = "BYTES",
     .meaning = "How much of the captures that are posted is kept, so that packets can be shown",
     .kind = Bytes,
     .member = &S::capture_bytes,
     .max = UINT64_MAX},
    {.name = "keep-raw",
     .type_name = "",
     .meaning = "Keep every line as it came, besides its columns",
     .kind = YesNo,
     .member = &S::keep_raw},
    {.name = "keep-days",
     .type_name = "DAYS",
     .meaning = "Remove rows that are older; 0: none",
     .kind = Number,
     .member = &S::keep_days,
     .max = 36'500,
     .at_once = true},
    {.name = "keep-bytes",
     .type_name = "BYTES",
     .meaning = "Remove the oldest rows when the database is larger, as 100GiB; 0: none",
     .kind = Bytes,
     .member = &S::keep_bytes,
     .max = UINT64_MAX,
     .at_once = true},
    {.name = "spool-bytes",
     .type_name = "BYTES",
     .meaning = "How large the spool may become",
     .kind = Bytes,
     .member = &S::spool_bytes,
     .min = 128 << 10,
     .max = UINT64_MAX},
    {.name = "spool-fsync",
     .type_name = "WHEN",
     .meaning = "When the disk is asked to keep what was received",
     .kind = Word,
     .member = &S::spool_fsync,
     .words = kFsyncWords},
    {.name = "memory",
     .type_name = "BYTES",
     .meaning = "What the database may use",
     .kind = Bytes,
     .member = &S::memory,
     .min = 64 << 20,
     .max = UINT64_MAX},
    {.name = "threads",
     .type_name = "N",
     .meaning = "Threads of the database; 0: one a core",
     .kind = Number,
     .member = &S::threads,
     .max = 1024},
    {.name = "query-seconds",
     .type_name = "SECONDS",
     .meaning = "How long a question may take",
     .kind = Number,
     .member = &S::query_seconds,
     .min = 1,
     .max = 3600,
     .at_once = true},
    {.name = "requests-per-minute",
     .type_name = "N",
     .meaning = "Questions that one client may ask in a minute; 0: any number",
     .kind = Number,
     .member = &S::requests_per_minute,
     .max = 1'000'000,
     .at_once = true},
    {.name = "body-bytes",
     .type_name = "BYTES",
     .meaning = "How large a request may be that brings logs",
     .kind = Bytes,
     .member = &S::body_bytes,
     .min = 1024,
     .max = 1 << 30,
     .at_once = true},
    {.name = "log-format",
     .type_name = "FORMAT",
     .meaning = "How its own messages on standard error are written",
     .kind = Word,
     .member = &S::log_format,
     .words = kLogFormats,
     .at_once = true},
    {.name = "log-level",
     .type_name = "LEVEL",
     .meaning = "Which of them; debug has every request",
     .kind = Word,
     .member = &S::log_level,
     .words = kLogLevels,
     .at_once = true},
});

struct Unit {
  std::string_view name;
  unsigned shift;
};
// A kilobyte is 1024 bytes by either name, as memory and disks are reported here.
constexpr auto kUnits = std::to_array<Unit>({{"", 0},
                                             {"b", 0},
                                             {"k", 10},
                                             {"kb", 10},
                                             {"kib", 10},
                                             {"m", 20},
                                             {"mb", 20},
                                             {"mib", 20},
                                             {"g", 30},
                                             {"gb", 30},
                                             {"gib", 30},
                                             {"t", 40},
                                             {"tb", 40},
                                             {"tib", 40}});

// "100GiB", "64 MiB", "1048576".
bool parse_bytes(std::string_view text, std::uint64_t& bytes) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string unit;
  for (const char c : text.substr(digits))
    if (c != ' ') unit += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const auto row = std::ranges::find(kUnits, std::string_view(unit), &Unit::name);
  std::uint64_t value = 0;
  if (row == kUnits.end() || !parse_decimal(text.substr(0, digits), value) ||
      value > UINT64_MAX >> row->shift)
    return false;
  bytes = value << row->shift;
  return true;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames{"", "KiB", "MiB", "GiB", "TiB"};
  std::size_t i = 0;
  while (i + 1 < kNames.size() && bytes != 0 && bytes % 1024 == 0) bytes /= 1024, ++i;
  return fmt::format("{}{}", bytes, kNames[i]);
}

tl::unexpected<Error> expected(std::string_view what, std::string_view found) {
  return fail(Error::Code::Usage, fmt::format("expected {}, found '{}'", what, found));
}

Result<void> set_number(const ServeSettingInfo& row, const std::string& text, std::uint64_t& into) {
  std::uint64_t value = 0;
  const bool read = row.kind == Bytes ? parse_bytes(text, value) : parse_decimal(text, value);
  if (read && value >= row.min && value <= row.max) {
    into = value;
    return {};
  }
  if (row.kind == Number) return expected(fmt::format("{} to {}", row.min, row.max), text);
  std::string range;
  if (row.min != 0) range += " of at least " + bytes_text(row.min);
  if (row.max != UINT64_MAX) range += " and at most " + bytes_text(row.max);
  return expected(fmt::format("a size{} such as 4GiB or 64MiB", range), text);
}

Result<void> set_text(const ServeSettingInfo& row, const std::string& text, std::string& into) {
  if (row.kind == Word && std::ranges::find(row.words, text) == row.words.end()) {
    const auto near = nearest_names(text, row.words, 1);
    return fail(Error::Code::Usage,
                fmt::format("expected {}, found '{}'{}", fmt::join(row.words, " or "), text,
                            near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
  }
  if (row.check != nullptr)
    if (auto good = row.check(text); !good) return good;
  into = text;
  return {};
}

}  // namespace

std::span<const ServeSettingInfo> serve_settings() {
  return kSettings;
}

std::vector<std::string> value_texts(const ServeSettingInfo& row, const ServeSettings& settings) {
  if (const auto* text = std::get_if<std::string S::*>(&row.member)) return {settings.**text};
  if (const auto* list = std::get_if<std::vector<std::string> S::*>(&row.member))
    return settings.**list;
  if (const auto* flag = std::get_if<bool S::*>(&row.member))
    return {settings.**flag ? "yes" : "no"};
  const std::uint64_t number = settings.*std::get<std::uint64_t S::*>(row.member);
  return {row.kind == Bytes ? bytes_text(number) : fmt::format("{}", number)};
}

Result<void> set_from_texts(const ServeSettingInfo& row, std::span<const std::string> texts,
                            ServeSettings& settings) {
  if (const auto* list = std::get_if<std::vector<std::string> S::*>(&row.member)) {
    for (const std::string& text : texts)
      if (row.check != nullptr)
        if (auto good = row.check(text); !good) return good;
    (settings.**list).assign(texts.begin(), texts.end());
    return {};
  }
  if (texts.size() != 1) return fail(Error::Code::Usage, "expected one value");
  const std::string& text = texts[0];
  if (const auto* flag = std::get_if<bool S::*>(&row.member)) {
    const bool yes = text == "yes" || text == "true";
    if (!yes && text != "no" && text != "false") return expected("yes or no", text);
    settings.** flag = yes;
    return {};
  }
  if (const auto* number = std::get_if<std::uint64_t S::*>(&row.member))
    return set_number(row, text, settings.**number);
  return set_text(row, text, settings.*std::get<std::string S::*>(row.member));
}

}  // namespace endreason
