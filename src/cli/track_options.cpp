// SPDX-License-Identifier: Apache-2.0
#include "cli/track_options.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "cli/options.hpp"

namespace endreason {
namespace {

// `-r a.pcap b.pcap tcp port 443`: words that are files, or - for standard input, belong to -r,
// from the first other one on they are a capture filter.
std::size_t captures_among(const std::vector<std::string>& words) {
  const auto is_file = [](const std::string& word) {
    std::error_code none;
    return word == "-" || std::filesystem::exists(word, none);
  };
  return static_cast<std::size_t>(std::find_if_not(words.begin(), words.end(), is_file) -
                                  words.begin());
}

// And no word of a filter.
bool looks_like_path(const std::string& word) {
  return word.find('/') != std::string::npos || word.find(".pcap") != std::string::npos;
}

}  // namespace

void declare_capture_options(CLI::App& app, TrackOptions& options) {
  option(app, "-r,--read", options.captures,
         "Captures: pcap or pcapng, plain, gzip or zstd, merged by time; - is standard "
         "input. May be given several times")
      .type_name("FILE")
      .allow_extra_args(false);
  option(app, "BPF", options.words,
         "Captures too, then the packets to take, as tcpdump has it: a.pcap tcp port 443");
}

void declare_source_options(CLI::App& app, TrackOptions& options) {
  declare_capture_options(app, options);
  options.may_be_live = true;
  const DeclaredOption interface =
      option(app, "-i,--interface", options.interface,
             "Track what a network interface of this machine receives and sends, until "
             "interrupted; the rights of root are given up as soon as it is open")
          .type_name("IFACE")
          .excludes(*find_option(app, "--read"));
  option(app, "-c,--count", options.packets, "With -i: end after so many packets")
      .type_name("PACKETS")
      .at_least_one()
      .needs(interface);
}

void declare_row_options(CLI::App& app, TrackOptions& options) {
  option(app, "--log", options.log,
         "Rows to write: end, start or start,end; with rules, those that they log")
      .type_name("WHEN")
      .one_of({"end", "start", "start,end", "end,start"}, "end, start or start,end");
  option(app, "--write-replies", options.write_replies,
         "The packets that the firewall would send itself because of its rules, as a pcap "
         "of IP packets: TCP resets, ICMP unreachables")
      .type_name("FILE");
  flag(app, "--open", options.open_at_end,
       "Sessions that the capture does not end stay open and get no end row, so that start rows "
       "are written, too");
  option(app, "--clear-session", options.clear_session,
         "As if an operator had said `clear session all` at this time, or at the end: what "
         "is open ends there with session_end_reason unknown")
      .type_name("TIME|end");
}

void declare_engine_options(CLI::App& app, TrackOptions& options) {
  flag(app, "--no-appid", options.no_appid, "Track without looking for applications");
  flag(app, "--decap", options.decap,
       "The sessions inside tunnels, not the tunnels' own, and those of frames within frames");
  flag(app, "--no-decap", options.no_decap,
       "The tunnels' own sessions, whatever the configuration file says");
  option(app, "--checksums", options.checksums, "check: drop packets whose checksum is wrong")
      .type_name("WHAT")
      .member({"check", "ignore"});
  option(app, "--profile", options.profile,
         "The PAN-OS release whose behaviour and rows: panos-10.1, panos-11.1.8 (default "
         "panos-11.1)")
      .type_name("RELEASE");
  const SessionSettings defaults;
  for (const SessionSettingInfo& row : session_settings()) {
    option_of_text(
        app, "--" + std::string(row.name),
        [&options, &row](const std::string& text) { options.settings.emplace_back(&row, text); },
        fmt::format("{}: {} (default {})", row.meaning, values_text(row),
                    value_text(row, defaults)))
        .type_name("VALUE")
        .group("Session settings");
  }
  for (const SessionTimerInfo& row : kSessionTimers) {
    option_of_text(
        app, "--" + std::string(row.log_name),
        [&options, &row](const std::string& text) { options.timers.emplace_back(&row, text); },
        fmt::format("{} to {} (default {})", row.min_s, row.max_s, row.default_s))
        .type_name("SECONDS")
        .group("Session timers");
  }
}

Result<void> plan_captures(const TrackOptions& options, RunPlan& plan) {
  std::vector<std::string> paths = options.captures;
  const auto more = static_cast<std::ptrdiff_t>(captures_among(options.words));
  paths.insert(paths.end(), options.words.begin(), options.words.begin() + more);
  if (paths.empty()) {
    const bool meant = !options.words.empty() && looks_like_path(options.words.front());
    return fail(
        Error::Code::Usage,
        fmt::format("nothing to {}: {}give captures (-r FILE){}",
                    options.may_be_live ? "track" : "read",
                    meant ? fmt::format("there is no file '{}'; ", options.words.front()) : "",
                    options.may_be_live ? " or an interface (-i IFACE)" : ""));
  }
  return plan_inputs(std::move(paths), plan, InputsWanted::Captures);
}

// The file's settings, then the options', then what the release decides.
static Result<void> plan_sessions(const TrackOptions& options, const Settings& settings,
                                  EngineOptions& engine) {
  engine.session = settings.session;
  for (const auto& [row, text] : options.settings)
    if (auto set = set_from_text(*row, text, engine.session); !set)
      return fail(Error::Code::Usage, "--" + set.error().message);
  for (const auto& [row, text] : options.timers) {
    std::uint64_t seconds = 0;
    if (!parse_decimal(text, seconds) || !engine.session.timeouts.set(row->value, seconds))
      return fail(Error::Code::Usage, fmt::format("--{}: expected {} to {} seconds, found '{}'",
                                                  row->log_name, row->min_s, row->max_s, text));
  }
  VersionProfile profile = settings.profile.value_or(VersionProfile::standard());
  if (!options.profile.empty()) {
    const auto named = VersionProfile::named(options.profile);
    if (!named) return fail(Error::Code::Usage, "--profile: " + named.error().message);
    profile = *named;
  }
  engine.config_version = profile.config_version();
  return profile.apply(engine.session);
}

Result<TrackPlan> plan_track(const TrackOptions& options, const Settings& settings) {
  TrackPlan plan;
  plan.write_replies = options.write_replies;
  plan.interface = options.interface;
  plan.packets = options.packets;
  for (std::size_t i = plan.interface.empty() ? captures_among(options.words) : 0;
       i < options.words.size(); ++i)
    plan.bpf += (plan.bpf.empty() ? "" : " ") + options.words[i];
  EngineOptions& engine = plan.engine;
  engine.identify = !options.no_appid;
  if (options.decap && options.no_decap)
    return fail(Error::Code::Usage, "--decap and --no-decap contradict each other");
  engine.decode.decap = !options.no_decap && (options.decap || settings.decap);
  engine.decode.check_checksums =
      options.checksums.empty() ? settings.check_checksums : options.checksums == "check";
  // A session that stays open has no other row than the one of its start.
  const std::string log = !options.log.empty()  ? options.log
                          : options.open_at_end ? "start,end"
                                                : "end";
  engine.log_start = log.find("start") != std::string::npos;
  engine.log_end = log.find("end") != std::string::npos;
  engine.rules_decide_logs = options.log.empty();
  engine.open_at_end = options.open_at_end;
  engine.zones = settings.zones;
  engine.application_timeouts = settings.application_timeouts;
  engine.user_applications = settings.user_applications;
  if (auto done = plan_sessions(options, settings, engine); !done)
    return tl::unexpected(done.error());
  if (has_rules(settings.policy)) {
    auto policy = CompiledPolicy::create(settings.policy);
    if (!policy) return tl::unexpected(policy.error());
    engine.policy = std::make_shared<const CompiledPolicy>(std::move(*policy));
  }
  return plan;
}

Result<void> plan_clear_session(const TrackOptions& options, const TimeZone& zone,
                                TrackPlan& plan) {
  if (options.clear_session.empty()) return {};
  if (options.clear_session == "end") {
    plan.engine.clear_session_ns = kClearAtEnd;
    return {};
  }
  const auto micros = time_as_logged(options.clear_session, zone);
  if (!micros)
    return fail(Error::Code::Usage,
                fmt::format("--clear-session: expected a time such as '2026/03/10 10:00:00' or "
                            "2026-03-10T10:00:00.5+01:00, or end, found '{}'",
                            options.clear_session));
  constexpr std::int64_t kMostMicros = INT64_MAX / 1000 - 1;  // the year 2262
  plan.engine.clear_session_ns = std::clamp(*micros, -kMostMicros, kMostMicros) * 1000;
  return {};
}

Result<TrackPlan> plan_track(const TrackOptions& options, const InspectionOptions& inspection,
                             const Settings& settings, bool quiet) {
  auto plan = plan_track(options, settings);
  if (!plan) return plan;
  InspectionOptions wanted = inspection;
  apply_settings(settings.inspection, wanted);
  auto inspected =
      plan_inspection(wanted, plan->engine.policy.get(), plan->engine.session.capacity, quiet);
  if (!inspected) return tl::unexpected(inspected.error());
  plan->inspection = std::move(*inspected);
  return plan;
}

}  // namespace endreason
