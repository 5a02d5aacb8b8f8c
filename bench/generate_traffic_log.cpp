// SPDX-License-Identifier: Apache-2.0
// Writes a traffic log of any size to standard output: made up, the same for the same arguments, of
// realistic variety. For benchmarks and tests of size; the network, its people and their traffic
// are invented.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "traffic_writer.hpp"

namespace {

using namespace endreason::bench;

constexpr std::string_view kUsage =
    "generate_traffic_log (--bytes N[K|M|G] | --lines N) [options] > FILE\n"
    "  --bytes N      whole lines until at least N bytes are written (K, M, G: powers of 1000)\n"
    "  --lines N      this many lines\n"
    "  --skip N       leave out the first N lines, so that a long log can be had in pieces\n"
    "  --seed N       other sessions of another network (default 1)\n"
    "  --format F     panos-csv, cef, leef, json; several with commas between take turns\n"
    "                 (default panos-csv: 117 columns of PAN-OS 11.1)\n"
    "  --envelope E   none, bsd, ietf: the syslog header before each line (default none)\n"
    "  --quoted P     of 100 records, how many write the fields that need quotes (default 90)\n";

struct Settings {
  std::uint64_t bytes = UINT64_MAX, lines = UINT64_MAX, skip = 0, seed = 1, quoted = 90;
  std::vector<LineFormat> formats{LineFormat::PanosCsv};
  Envelope envelope = Envelope::None;
};

[[noreturn]] void refuse(std::string_view what, std::string_view value) {
  std::fprintf(stderr, "generate_traffic_log: %.*s: %.*s\n\n%.*s", static_cast<int>(what.size()),
               what.data(), static_cast<int>(value.size()), value.data(),
               static_cast<int>(kUsage.size()), kUsage.data());
  std::exit(2);
}

std::uint64_t number_of(std::string_view option, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || unit.size() > 1) refuse(option, text);
  if (unit.empty()) return value;
  constexpr std::string_view kUnits = "KMG";
  const std::size_t at = kUnits.find(unit);
  if (at == std::string_view::npos) refuse(option, text);
  for (std::size_t i = 0; i <= at; ++i) value *= 1000;
  return value;
}

std::vector<LineFormat> formats_of(std::string_view text) {
  std::vector<LineFormat> formats;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    const auto format = line_format_named(name);
    if (!format) refuse("--format", name);
    formats.push_back(*format);
    text.remove_prefix(std::min(text.size(), name.size() + 1));
  }
  if (formats.empty()) refuse("--format", "empty");
  return formats;
}

Settings settings_of(int count, char** arguments) {
  Settings settings;
  for (int i = 1; i < count; i += 2) {
    const std::string_view option = arguments[i];
    if (option == "--help") {
      std::fwrite(kUsage.data(), 1, kUsage.size(), stdout);
      std::exit(0);
    }
    if (i + 1 == count) refuse(option, "a value is missing, or the option is unknown");
    const std::string_view value = arguments[i + 1];
    if (option == "--bytes") {
      settings.bytes = number_of(option, value);
    } else if (option == "--lines") {
      settings.lines = number_of(option, value);
    } else if (option == "--skip") {
      settings.skip = number_of(option, value);
    } else if (option == "--seed") {
      settings.seed = number_of(option, value);
    } else if (option == "--quoted") {
      settings.quoted = number_of(option, value);
      if (settings.quoted > 100) refuse(option, value);
    } else if (option == "--format") {
      settings.formats = formats_of(value);
    } else if (option == "--envelope") {
      const auto envelope = envelope_named(value);
      if (!envelope) refuse(option, value);
      settings.envelope = *envelope;
    } else {
      refuse("unknown option", option);
    }
  }
  if (settings.bytes == UINT64_MAX && settings.lines == UINT64_MAX)
    refuse("missing", "--bytes or --lines");
  return settings;
}

void write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      std::fprintf(stderr, "generate_traffic_log: writing failed: %s\n", std::strerror(errno));
      std::exit(4);
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

int main(int count, char** arguments) {
  const Settings settings = settings_of(count, arguments);
  const World world(settings.seed);
  SessionStream sessions(world, settings.seed, static_cast<std::uint32_t>(settings.quoted));
  LineWriter writer(settings.envelope);

  constexpr std::size_t kBufferBytes = std::size_t{1} << 18;
  const std::unique_ptr<char[]> buffer(new char[kBufferBytes + kLineBytesMax]);
  char* to = buffer.get();
  std::uint64_t bytes = 0;
  std::size_t turn = 0;
  Session session{};
  for (std::uint64_t i = 0; i < settings.skip; ++i) sessions.next(session);
  turn = settings.skip % settings.formats.size();
  for (std::uint64_t lines = 0; lines < settings.lines && bytes < settings.bytes; ++lines) {
    sessions.next(session);
    char* const end = writer.write(session, settings.formats[turn], to);
    turn = turn + 1 == settings.formats.size() ? 0 : turn + 1;
    bytes += static_cast<std::uint64_t>(end - to);
    to = end;
    if (to < buffer.get() + kBufferBytes) continue;
    write_out({buffer.get(), static_cast<std::size_t>(to - buffer.get())});
    to = buffer.get();
  }
  write_out({buffer.get(), static_cast<std::size_t>(to - buffer.get())});
  return 0;
}
