// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "model/odd_texts.hpp"

namespace endreason {
namespace {

constexpr std::string_view kFirstLine = "endreason clickhouse state 1";

// A line each: what it is, a tab, a number, a tab, a name. Names have no line ends: a sender's are
// escapes.
std::string one_line(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out;
}

std::string whole_name(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i)
    out += line[i] != '\\' || i + 1 == line.size() ? line[i] : line[++i] == 'n' ? '\n' : line[i];
  return out;
}

std::string text_of(const ClickhouseState& state) {
  std::string text(kFirstLine);
  const auto line = [&](std::string_view what, std::uint64_t value, std::string_view name) {
    text += fmt::format("\n{}\t{}\t{}", what, value, one_line(name));
  };
  line("next_id", state.next_id, "");
  for (const auto& [name, value] : state.state) line("state", value, name);
  for (std::size_t i = 0; i < state.senders.size(); ++i) line("sender", i, state.senders[i]);
  if (state.begun) {
    line("begun_next_id", state.begun->next_id, "");
    for (const auto& [name, value] : state.begun->state) line("begun_state", value, name);
  }
  return text + "\nend\n";
}

tl::unexpected<Error> cannot(const std::string& path, const char* what) {
  return fail(Error::Code::Io, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<void> write_clickhouse_state(const std::string& path, const ClickhouseState& state) {
  const std::string beside = path + ".new";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return cannot(beside, "cannot be written");
  const bool well = write_all(file, text_of(state)) && ::fdatasync(file) == 0;
  if (::close(file) != 0 || !well) return cannot(beside, "cannot be written");
  if (std::rename(beside.c_str(), path.c_str()) != 0) return cannot(path, "cannot be replaced");
  const std::string folder = std::filesystem::path(path).parent_path();
  if (const int at = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); at >= 0) {
    static_cast<void>(::fsync(at));
    static_cast<void>(::close(at));
  }
  return {};
}

Result<std::optional<ClickhouseState>> read_clickhouse_state(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return std::optional<ClickhouseState>();
  std::ifstream file(path, std::ios::binary);
  std::string line;
  ClickhouseState state;
  bool whole = false;
  const auto damaged = [&] {
    return fail(Error::Code::Io,
                path +
                    ": this is no state of endreason; restore it from a copy, or remove it "
                    "together with the spool beside it");
  };
  if (!std::getline(file, line) || line != kFirstLine) return damaged();
  while (std::getline(file, line)) {
    whole = line == "end";
    if (whole) break;
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    std::uint64_t value = 0;
    if (second == std::string::npos ||
        !parse_decimal(std::string_view(line).substr(first + 1, second - first - 1), value))
      return damaged();
    const std::string_view what = std::string_view(line).substr(0, first);
    const std::string name = whole_name(std::string_view(line).substr(second + 1));
    if (what == "next_id") state.next_id = value;
    if (what == "state") state.state.emplace_back(name, value);
    if (what == "sender") state.senders.push_back(name);
    if (what == "begun_next_id") state.begun = {value, {}};
    if (what == "begun_state" && state.begun) state.begun->state.emplace_back(name, value);
  }
  if (!whole) return damaged();
  return std::optional<ClickhouseState>(std::move(state));
}

}  // namespace endreason
