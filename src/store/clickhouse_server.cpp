// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse_server.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "model/odd_texts.hpp"
#include "store/lz4_blocks.hpp"

namespace endreason {
namespace {

constexpr std::chrono::milliseconds kConnectTime{3'000};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// "Code: 62, e.displayText() = DB::Exception: Syntax error: ..., e.what() = DB::Exception"
std::string message_in(std::string_view body) {
  for (const std::string_view begin : {"e.displayText() = ", "DB::Exception: "})
    if (const std::size_t at = body.find(begin); at != std::string_view::npos)
      body.remove_prefix(at + begin.size());
  body = body.substr(0, body.find(", e.what()"));
  std::string line;
  for (const char c : body.substr(0, 600)) line += c == '\n' || c == '\r' ? ' ' : c;
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

unsigned code_in(std::string_view body) {
  const std::size_t at = body.find("Code: ");
  std::uint64_t code = 0;
  if (at == std::string_view::npos) return 0;
  body.remove_prefix(at + 6);
  if (!parse_decimal(body.substr(0, body.find_first_not_of("0123456789")), code)) return 0;
  return static_cast<unsigned>(code);
}

// A cell of TabSeparated; its tabs and line ends are escapes.
std::string unescaped(std::string_view cell) {
  std::string out;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\' || i + 1 == cell.size()) {
      out += cell[i];
      continue;
    }
    constexpr std::string_view kNames = "btnfr0";
    constexpr std::string_view kValues{"\b\t\n\f\r\0", 6};
    const std::size_t known = kNames.find(cell[++i]);
    out += known == std::string_view::npos ? cell[i] : kValues[known];
  }
  return out;
}

Cell cell_of(std::string_view text, std::string_view type) {
  if (text == "\\N") return {};
  if (type.starts_with("Nullable(")) type = type.substr(9, type.size() - 10);
  std::uint64_t number = 0;
  if (type.starts_with("UInt") && parse_decimal(text, number)) return number;
  if (type.starts_with("Int")) {
    const bool negative = text.starts_with('-');
    if (parse_decimal(text.substr(negative ? 1 : 0), number))
      return negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
  }
  if (type.starts_with("Float")) return std::strtod(std::string(text).c_str(), nullptr);
  return as_bytes(unescaped(text));
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t end = line.find('\t');
    cells.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 1);
  }
}

// TabSeparatedWithNamesAndTypes.
Result<Table> table_of(std::string_view body, std::uint64_t rows_max) {
  Table table;
  std::vector<std::string> types;
  for (std::size_t line = 0; !body.empty(); ++line) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const auto cells = cells_of(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line == 0) {
      for (const std::string_view name : cells) table.columns.push_back({unescaped(name), {}});
    } else if (line == 1) {
      for (std::size_t i = 0; i < cells.size() && i < table.columns.size(); ++i)
        table.columns[i].type = unescaped(cells[i]);
    } else if (cells.size() != table.columns.size()) {
      return fail(Error::Code::Io, "ClickHouse: the answer is no table");
    } else if (table.rows.size() == rows_max) {
      table.truncated = true;
      return table;
    } else {
      std::vector<Cell>& row = table.rows.emplace_back();
      for (std::size_t i = 0; i < cells.size(); ++i)
        row.push_back(cell_of(cells[i], table.columns[i].type));
    }
  }
  return table;
}

}  // namespace

Result<ClickhouseAddress> parse_clickhouse_address(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return fail(Error::Code::Usage,
                fmt::format("store: {}; write clickhouse://USER@HOST:8123/DATABASE, and more "
                            "servers of a cluster behind commas: HOST:8123,HOST:8123",
                            what));
  };
  ClickhouseAddress address;
  std::string_view rest = text;
  if (rest.starts_with("clickhouse://")) {
    address.scheme = "http";
    rest.remove_prefix(13);
  } else if (rest.starts_with("clickhouses://")) {
    address.scheme = "https";
    rest.remove_prefix(14);
  } else {
    return wrong("this is no address of ClickHouse");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  address.database = slash < rest.size() ? rest.substr(slash + 1) : "endreason";
  rest = rest.substr(0, slash);
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    address.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    if (address.user.find(':') != std::string::npos)
      return wrong(
          "a password does not belong into the address, where others see it: give "
          "store-password-file or ENDREASON_STORE_PASSWORD");
  }
  const bool plain = std::all_of(address.database.begin(), address.database.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (address.database.empty() || !plain)
    return wrong("the database's name has letters, digits, _");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string server(rest.substr(0, end));
    if (server.empty()) return wrong("a server's name is empty");
    if (server.rfind(':') == std::string::npos || server.back() == ']')
      server += address.scheme == "http" ? ":8123" : ":8443";
    address.servers.push_back(std::move(server));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (address.servers.empty()) return wrong("no server is named");
  return address;
}

ClickhouseServer::ClickhouseServer(const ClickhouseAddress& address, std::string server,
                                   std::string password, std::string ca_file,
                                   std::chrono::milliseconds answer_time)
    : address_(address),
      server_(std::move(server)),
      password_(std::move(password)),
      client_({kConnectTime, answer_time, std::move(ca_file), "endreason"}) {}

bool ClickhouseServer::shard_missing(const Error& error) {
  return error.message.find("[code 279]") != std::string::npos ||
         error.message.find("[code 209]") != std::string::npos ||
         error.message.find("[code 210]") != std::string::npos ||
         error.message.find("[code 32]") != std::string::npos;
}

bool ClickhouseServer::tables_missing(const Error& error) {
  return error.message.find("[code 60]") != std::string::npos ||
         error.message.find("[code 81]") != std::string::npos;
}

Result<std::string> ClickhouseServer::send(const std::string& parameters, std::string_view body,
                                           const ClickhouseSettings& settings, bool fresh) {
  HttpCall call;
  call.method = "POST";
  // The answer begins once it is known to be one.
  call.url = fmt::format("{}://{}/?wait_end_of_query=1{}", address_.scheme, server_, parameters);
  if (!settings.query_id.empty()) call.url += "&query_id=" + escaped(settings.query_id);
  if (!settings.database.empty()) call.url += "&database=" + settings.database;
  if (settings.read_only) call.url += "&readonly=2";
  if (settings.skip_shards) call.url += "&skip_unavailable_shards=1";
  if (settings.time.count() > 0)
    call.url +=
        fmt::format("&max_execution_time={}", std::max<long>(settings.time.count() / 1000, 1));
  if (!address_.user.empty()) {
    call.headers = {"X-ClickHouse-User: " + address_.user};
    if (!password_.empty()) call.headers.push_back("X-ClickHouse-Key: " + password_);
  }
  call.body = body;
  call.fresh_connection = fresh;
  auto reply = client_.send(call);
  if (!reply) return tl::unexpected(reply.error());
  if (reply->status == 200) return std::move(reply->body);
  const unsigned code = code_in(reply->body);
  const std::string why = message_in(reply->body);
  if (code == 159)
    return fail(Error::Code::Input,
                fmt::format("the query took longer than {} s and was stopped; ask for a shorter "
                            "time or filter more",
                            static_cast<double>(settings.time.count()) / 1000));
  return fail(settings.read_only && code != 279 && code != 209 && code != 210 && code != 32
                  ? Error::Code::Input
                  : Error::Code::Io,
              fmt::format("ClickHouse at {}: {} [code {}]", server_, why, code));
}

Result<void> ClickhouseServer::run(const std::string& sql, const ClickhouseSettings& settings) {
  auto done = send("", sql, settings, false);
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<Table> ClickhouseServer::ask(const std::string& sql, std::uint64_t rows_max,
                                    const ClickhouseSettings& settings) {
  auto body = send("", sql + "\nFORMAT TabSeparatedWithNamesAndTypes", settings, false);
  if (!body) return tl::unexpected(body.error());
  return table_of(*body, rows_max);
}

Result<std::string> ClickhouseServer::fetch(const std::string& sql,
                                            const ClickhouseSettings& settings) {
  return send("", sql, settings, false);
}

Result<void> ClickhouseServer::insert(const std::string& statement,
                                      std::span<const std::string_view> block,
                                      const ClickhouseSettings& settings) {
  // On the way over a network a third or less of the bytes; a machine without the library can do
  // without it.
  auto packed = lz4_blocks(block);
  std::string parameters = "&query=" + escaped(statement);
  std::string body;
  if (packed) {
    parameters += kLz4Parameters;
    body = *std::move(packed);
  } else {
    for (const std::string_view piece : block) body += piece;
  }
  auto done = send(parameters, body, settings, true);
  if (!done) return tl::unexpected(done.error());
  return {};
}

}  // namespace endreason
