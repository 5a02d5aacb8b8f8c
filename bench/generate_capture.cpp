// SPDX-License-Identifier: Apache-2.0
// Writes a capture of packets for benchmarks and tests of size to standard output: made-up sessions
// (churn, concurrent), or real captures repeated and interleaved (mix). The same bytes for the same
// arguments.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "made_sessions.hpp"
#include "mixed_captures.hpp"

namespace {

using namespace endreason::bench;

constexpr std::string_view kUsage =
    "generate_capture churn [--sessions N] [--at-once N] [--seed N] > FILE\n"
    "  short TCP sessions of eight packets (default 1000000, 1000 at once)\n"
    "generate_capture concurrent [--sessions N] [--seed N] > FILE\n"
    "  TCP sessions of eight packets that are all open, in random order (default 1000000)\n"
    "generate_capture mix --captures FOLDER [--copies N] [--seconds N] [--seed N] > FILE\n"
    "  the captures below FOLDER, each repeated with other client addresses (default 46 times),\n"
    "  interleaved over a time (default 600 seconds)\n";

[[noreturn]] void refuse(std::string_view what, std::string_view value) {
  std::fprintf(stderr, "generate_capture: %.*s: %.*s\n\n%.*s", static_cast<int>(what.size()),
               what.data(), static_cast<int>(value.size()), value.data(),
               static_cast<int>(kUsage.size()), kUsage.data());
  std::exit(2);
}

struct Arguments {
  std::uint32_t sessions = 1'000'000, at_once = 1'000, copies = 46, seconds = 600;
  std::uint64_t seed = 1;
  std::string captures;
};

template <class Number>
void set_number(Number& to, std::string_view option, std::string_view text) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  if (error != std::errc() || end != text.data() + text.size() || to == 0) refuse(option, text);
}

Arguments arguments_of(int count, char** words) {
  Arguments arguments;
  for (int i = 2; i < count; i += 2) {
    const std::string_view option = words[i];
    if (i + 1 == count) refuse(option, "a value is missing, or the option is unknown");
    const std::string_view value = words[i + 1];
    if (option == "--sessions") {
      set_number(arguments.sessions, option, value);
    } else if (option == "--at-once") {
      set_number(arguments.at_once, option, value);
    } else if (option == "--copies") {
      set_number(arguments.copies, option, value);
    } else if (option == "--seconds") {
      set_number(arguments.seconds, option, value);
    } else if (option == "--seed") {
      set_number(arguments.seed, option, value);
    } else if (option == "--captures") {
      arguments.captures = value;
    } else {
      refuse("unknown option", option);
    }
  }
  return arguments;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view kind = count > 1 ? words[1] : "--help";
  if (kind == "--help") {
    std::fwrite(kUsage.data(), 1, kUsage.size(), stdout);
    return 0;
  }
  const Arguments a = arguments_of(count, words);
  CaptureWriter out;
  if (kind == "churn") {
    write_churn({a.sessions, a.at_once, a.seed}, out);
  } else if (kind == "concurrent") {
    write_concurrent({a.sessions, a.seed}, out);
  } else if (kind == "mix") {
    if (a.captures.empty()) refuse("mix", "--captures FOLDER is missing");
    write_mix({a.captures, a.copies, a.seconds, a.seed}, out);
  } else {
    refuse("unknown kind", kind);
  }
  out.finish();
  std::fprintf(stderr, "%llu packets, %llu bytes\n", static_cast<unsigned long long>(out.packets()),
               static_cast<unsigned long long>(out.bytes()));
  return 0;
}
