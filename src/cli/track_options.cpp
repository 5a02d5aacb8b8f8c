// SPDX-License-Identifier: Apache-2.0
#include "cli/track_options.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace endreason {
namespace {

// `-r a.pcap b.pcap tcp port 443`: words that are files belong to -r, from the first other one on
// they are a capture filter.
std::size_t captures_among(const std::vector<std::string>& words) {
  const auto is_file = [](const std::string& word) {
    std::error_code none;
    return std::filesystem::exists(word, none);
  };
  return static_cast<std::size_t>(std::find_if_not(words.begin(), words.end(), is_file) -
                                  words.begin());
}

}  // namespace

void declare_capture_options(CLI::App& app, TrackOptions& options) {
  app.add_option("-r,--read", options.captures,
                 "Captures: pcap or pcapng, plain, gzip or zstd, merged by time; - is standard "
                 "input. May be given several times")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->required();
  app.add_option("BPF", options.words,
                 "More captures, then the packets to take, as tcpdump has it: tcp port 443");
}

void declare_row_options(CLI::App& app, TrackOptions& options) {
  app.add_option("--log", options.log, "Rows to write: end, start or start,end")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"end", "start", "start,end", "end,start"}));
  app.add_flag("--open", options.open_at_end,
               "Sessions that the capture does not end stay open and get no end row");
}

void declare_engine_options(CLI::App& app, TrackOptions& options) {
  app.add_flag("--no-appid", options.no_appid, "Track without looking for applications");
  app.add_flag("--decap", options.decap, "The sessions inside tunnels, not the tunnels' own");
  app.add_option("--checksums", options.checksums, "check: drop packets whose checksum is wrong")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"check", "ignore"}));
  app.add_option("--tcp-reject-non-syn", options.reject_non_syn,
                 "no: TCP packets without a SYN begin sessions too (default yes)")
      ->type_name("YES")
      ->check(CLI::IsMember({"yes", "no"}));
  app.add_option("--allow-challenge-ack", options.challenge_ack,
                 "yes: pass the client's reset of a challenge ACK (default no)")
      ->type_name("YES")
      ->check(CLI::IsMember({"yes", "no"}));
  app.add_option("--asymmetric-path", options.asymmetric_path,
                 "bypass: pass TCP of which one direction is not seen (default drop)")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"drop", "bypass"}));
  app.add_option("--sessions", options.capacity, "Sessions at once (default 1000000)")
      ->type_name("N");
  for (const SessionTimerInfo& row : kSessionTimers) {
    app.add_option_function<std::uint64_t>(
           "--" + std::string(row.log_name),
           [&options, name = std::string(row.log_name)](const std::uint64_t& seconds) {
             options.timers.emplace_back(name, seconds);
           },
           fmt::format("{} to {} (default {})", row.min_s, row.max_s, row.default_s))
        ->type_name("SECONDS")
        ->group("Session timers");
  }
}

Result<void> plan_captures(const TrackOptions& options, RunPlan& plan) {
  std::vector<std::string> paths = options.captures;
  const auto more = static_cast<std::ptrdiff_t>(captures_among(options.words));
  paths.insert(paths.end(), options.words.begin(), options.words.begin() + more);
  return plan_inputs(std::move(paths), plan);
}

Result<TrackPlan> plan_track(const TrackOptions& options, const Settings& settings) {
  TrackPlan plan;
  for (std::size_t i = captures_among(options.words); i < options.words.size(); ++i)
    plan.bpf += (plan.bpf.empty() ? "" : " ") + options.words[i];
  EngineOptions& engine = plan.engine;
  engine.identify = !options.no_appid;
  engine.decode.decap = options.decap;
  engine.decode.check_checksums = options.checksums == "check";
  engine.log_start = options.log.find("start") != std::string::npos;
  engine.log_end = options.log.find("end") != std::string::npos;
  engine.open_at_end = options.open_at_end;
  engine.session.capacity = options.capacity;
  engine.session.tcp.reject_non_syn = options.reject_non_syn == "yes";
  engine.session.tcp.allow_challenge_ack = options.challenge_ack == "yes";
  engine.session.tcp.asymmetric_path =
      options.asymmetric_path == "bypass" ? AsymmetricPath::Bypass : AsymmetricPath::Drop;
  for (const SessionTimerInfo& row : kSessionTimers)
    if (auto set = engine.session.timeouts.set(row.value, settings.timers[row.value]); !set)
      return tl::unexpected(set.error());
  for (const auto& [name, seconds] : options.timers)
    if (auto set = engine.session.timeouts.set(name, seconds); !set)
      return tl::unexpected(set.error());
  return plan;
}

}  // namespace endreason
