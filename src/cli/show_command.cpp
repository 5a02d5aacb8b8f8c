// SPDX-License-Identifier: Apache-2.0
// `endreason show session ...` and `show counter global`, over captures as of any moment.
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <memory>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "cli/capture_reader.hpp"
#include "cli/commands.hpp"
#include "cli/content_run.hpp"
#include "cli/options.hpp"
#include "cli/packet_hints.hpp"
#include "cli/record_run.hpp"
#include "cli/show_counters.hpp"
#include "cli/show_session.hpp"
#include "cli/terminal.hpp"
#include "cli/track_options.hpp"
#include "dataplane/engine_observer.hpp"

namespace endreason {
namespace {

constexpr std::string_view kUsage =
    "expected `session all [filter ...]`, `session id N`, `session info` or `counter global "
    "[filter "
    "...]`";

struct ShowCommand {
  RunOptions run;
  TrackOptions track;
  InspectionOptions inspection;
  std::vector<std::string> words;
  std::string at, bpf;
};

struct Question {
  enum class Kind : std::uint8_t { SessionAll, SessionId, SessionInfo, CounterGlobal };
  Kind kind{};
  std::uint64_t id = 0;
  SessionFilter sessions;
  CounterFilter counters;
};

Result<Question> question_of(const std::vector<std::string>& words) {
  const auto word = [&words](std::size_t i) {
    return i < words.size() ? std::string_view(words[i]) : std::string_view();
  };
  Question question;
  using Kind = Question::Kind;
  const auto usage = [&] {
    return fail(Error::Code::Usage,
                fmt::format("show: {}, found '{}'", kUsage, fmt::join(words, " ")));
  };
  std::size_t used = 2;
  if (word(0) == "session" && word(1) == "all") {
    question.kind = Kind::SessionAll;
  } else if (word(0) == "session" && word(1) == "info") {
    question.kind = Kind::SessionInfo;
  } else if (word(0) == "session" && word(1) == "id" && parse_decimal(word(2), question.id)) {
    question.kind = Kind::SessionId;
    used = 3;
  } else if (word(0) == "counter" && word(1) == "global") {
    question.kind = Kind::CounterGlobal;
  } else {
    return usage();
  }
  if (words.size() == used) return question;
  const bool filters = question.kind == Kind::SessionAll || question.kind == Kind::CounterGlobal;
  if (!filters || word(used) != "filter") return usage();
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(used) + 1,
                                      words.end());
  if (question.kind == Kind::SessionAll) {
    auto filter = SessionFilter::parse(rest);
    if (!filter) return tl::unexpected(filter.error());
    question.sessions = std::move(*filter);
  } else {
    auto filter = CounterFilter::parse(rest);
    if (!filter) return tl::unexpected(filter.error());
    question.counters = std::move(*filter);
  }
  return question;
}

// "+12.5": seconds from the first packet; else a time in any spelling that logs use.
struct Moment {
  std::optional<std::int64_t> after_first_ns, at_ns;
};

Result<Moment> moment_of(const ShowCommand& command, const Settings& settings) {
  Moment moment;
  const std::string& text = command.at;
  if (text.empty()) return moment;
  if (text[0] == '+') {
    char* end = nullptr;
    const double seconds = std::strtod(text.c_str() + 1, &end);
    if (end != text.c_str() + 1 && *end == '\0' && seconds >= 0 && seconds < 1e9) {
      moment.after_first_ns = static_cast<std::int64_t>(seconds * 1e9);
      return moment;
    }
  } else if (const auto parsed = parse_time(text)) {
    TimeZone zone = settings.zone.value_or(TimeZone::utc());
    if (!command.run.tz.empty()) {
      auto named = TimeZone::named(command.run.tz);
      if (!named) return fail(Error::Code::Usage, "--tz: " + named.error().message);
      zone = *named;
    }
    moment.at_ns = (parsed->offset_minutes
                        ? parsed->civil.micros - std::int64_t{*parsed->offset_minutes} * 60'000'000
                        : zone.to_instant(parsed->civil).utc_micros) *
                   1000;
    return moment;
  }
  return fail(
      Error::Code::Usage,
      fmt::format("--at: expected a time such as '2026/03/10 10:00:00', or +12.5 for seconds "
                  "from the first packet, found '{}'",
                  text));
}

// Keeps the session that is asked for after its end, and what happened in the last second.
class Watch final : public EngineSink, public EngineObserver {
 public:
  explicit Watch(std::uint64_t id) : id_(id) {}
  void on_record(TrafficRecord&) override {}
  void on_packet(const PacketView& packet, const PacketResult& result) override {
    recent_.push_back({packet.time_ns, packet.wire_length, result.first});
    forget_before(packet.time_ns - kNanosPerSecond);
  }
  void on_end(const Session& session, std::int64_t ended_ns, const SessionNames& names) override {
    if (session.id != id_) return;
    ended_ = ShownSession{};
    ended_->session = session;
    ended_->app = names.app;
    ended_->rule = names.rule;
    ended_->interfaces = names.interfaces;
    ended_->logged_at_end = names.logs_end;
    ended_->ended_ns = ended_ns;
  }
  std::optional<ShownSession>& ended() { return ended_; }
  TableFacts facts_at(std::int64_t now_ns) {
    forget_before(now_ns - kNanosPerSecond);
    TableFacts facts;
    for (const Recent& packet : recent_) {
      ++facts.packets_last_s;
      facts.bytes_last_s += packet.bytes;
      facts.created_last_s += packet.created;
    }
    return facts;
  }

 private:
  struct Recent {
    std::int64_t time_ns;
    std::uint32_t bytes;
    bool created;
  };
  void forget_before(std::int64_t time_ns) {
    while (!recent_.empty() && recent_.front().time_ns <= time_ns) recent_.pop_front();
  }
  std::uint64_t id_;
  std::optional<ShownSession> ended_;
  std::deque<Recent> recent_;
};

struct Played {
  std::unique_ptr<ContentRun> content;  // outlives the engine
  std::unique_ptr<Engine> engine;
  std::int64_t first_ns = 0, now_ns = 0;
  bool any = false;
};

// All packets up to the moment; then time runs on to it.
Result<Played> play(CaptureReader& reader, const TrackPlan& track, const Moment& moment,
                    Watch& watch) {
  EngineOptions options = track.engine;
  options.threads = 1;
  options.observer = &watch;
  Played played;
  auto content = ContentRun::begin(track);
  if (!content) return tl::unexpected(content.error());
  played.content = std::move(*content);
  options.inspection = played.content->inspection();
  auto engine = Engine::create(options, watch);
  if (!engine) return tl::unexpected(engine.error());
  played.engine = std::move(*engine);
  std::int64_t until = moment.at_ns.value_or(INT64_MAX);
  for (bool over = false; !over;) {
    const auto packets = reader.read();
    reader.name_interfaces(*played.engine);
    if (packets.empty()) break;
    if (!played.any) {
      played.any = true;
      played.first_ns = played.now_ns = packets[0].time_ns;
      if (moment.after_first_ns) until = played.first_ns + *moment.after_first_ns;
    }
    std::size_t count = 0;
    while (count < packets.size() && packets[count].time_ns <= until)
      played.now_ns = std::max(played.now_ns, packets[count++].time_ns);
    over = count < packets.size();
    played.engine->process(packets.first(count));
  }
  if (until != INT64_MAX) {
    played.now_ns = std::max(played.now_ns, until);
    played.engine->advance(until);
  }
  return played;
}

ShownSession shown(const Session& session, const Engine& engine) {
  ShownSession out;
  out.session = session;
  const SessionNames names = engine.names_of(session);
  out.app = names.app;
  out.rule = names.rule;
  out.interfaces = names.interfaces;
  out.logged_at_end = names.logs_end;
  out.open = true;
  out.deadline_ns = engine.sessions().deadline_ns(session);
  return out;
}

void name_ways(ShownSession& session, const Engine& engine) {
  session.from_zone = engine.zone_name(static_cast<ZoneNumber>(session.session.key.zone));
  session.to_zone = engine.zone_name(session.session.server_zone);
  session.ingress = engine.inbound_if(session.session, session.interfaces);
  session.egress = engine.outbound_if(session.session, session.interfaces);
}

std::vector<ShownSession> open_sessions(const Engine& engine) {
  std::vector<ShownSession> sessions;
  engine.sessions().visit([&](const Session& session) {
    sessions.push_back(shown(session, engine));
    name_ways(sessions.back(), engine);
  });
  std::sort(sessions.begin(), sessions.end(), [](const ShownSession& a, const ShownSession& b) {
    return a.session.id < b.session.id;
  });
  return sessions;
}

// What rules and inspection came to.
std::vector<NamedEvent> events_of(const Played& played) {
  std::vector<NamedEvent> events;
  const auto add = [&events](std::string_view name, std::uint64_t count,
                             std::string_view sentence) {
    events.push_back({name, count, sentence});
  };
  const GateCounters gate = played.engine->gate_counters();
  for (const GateEventInfo& row : kGateEvents)
    if (row.count != &GateCounters::rows_not_logged)
      add(row.log_name, gate.*row.count, row.sentence);
  const StreamDecoderCounters decoders = played.engine->decoders();
  for (const StreamDecoderEvent& row : kStreamDecoderEvents)
    add(row.log_name, decoders.*row.count, row.sentence);
  played.content->each_counter(add);
  return events;
}

Result<std::string> answer(const Question& question, const Played& played, Watch& watch) {
  std::string out;
  const Engine& engine = *played.engine;
  switch (question.kind) {
    case Question::Kind::SessionInfo:
      append_session_info(out, engine.sessions(), watch.facts_at(played.now_ns));
      return out;
    case Question::Kind::CounterGlobal:
      append_counters(out, engine.sessions().counters(), events_of(played), question.counters,
                      played.now_ns - played.first_ns);
      return out;
    case Question::Kind::SessionAll: {
      auto sessions = open_sessions(engine);
      std::erase_if(sessions, [&](const ShownSession& session) {
        return !question.sessions.matches(session, played.now_ns);
      });
      if (question.sessions.count)
        return fmt::format("Number of sessions that match filter: {}\n", sessions.size());
      append_session_list(out, sessions);
      return out;
    }
    case Question::Kind::SessionId:
      break;
  }
  std::optional<ShownSession> found = watch.ended();
  if (!found)
    for (ShownSession& session : open_sessions(engine))
      if (session.session.id == question.id) found = std::move(session);
  if (!found)
    return fail(Error::Code::Usage,
                fmt::format("session {} does not exist at that moment: {} have been created",
                            question.id, engine.sessions().pool().last_id()));
  name_ways(*found, engine);
  append_session(out, *found, played.now_ns);
  return out;
}

// A list of sessions says nothing of packets that are in none.
void tell_hints(const Played& played, const CaptureReader& reader, bool applications) {
  const SessionTable& sessions = played.engine->sessions();
  for (const std::string& hint :
       packet_hints({sessions.counters(), reader.counters(), reader.interfaces(),
                     sessions.settings().capacity, applications}))
    say(hint);
}

int run_command(const ShowCommand& command) {
  const auto question = question_of(command.words);
  if (!question) return complain(question.error());
  const auto settings = load_settings(command.run.config);
  if (!settings) return complain(settings.error());
  const auto moment = moment_of(command, *settings);
  if (!moment) return complain(moment.error());
  auto plan = plan_run(command.run, *settings);
  if (!plan) return complain(plan.error());
  auto track = plan_track(command.track, command.inspection, *settings, command.run.quiet);
  if (!track) return complain(track.error());
  if (auto planned = plan_captures(command.track, *plan); !planned)
    return complain(planned.error());
  auto reader = CaptureReader::open(plan->explain, command.bpf);
  if (!reader) return complain(reader.error());
  Watch watch(question->kind == Question::Kind::SessionId ? question->id : 0);
  const auto played = play(*reader, *track, *moment, watch);
  if (!played) return complain(played.error());
  if (auto closed = played->content->close(); !closed) return complain(closed.error());
  if (!command.run.quiet) reader->tell_problems([](std::string_view text) { say(text); });
  if (!command.run.quiet && question->kind == Question::Kind::SessionAll)
    tell_hints(*played, *reader, track->engine.identify);
  const auto text = answer(*question, *played, watch);
  if (!text) return complain(text.error());
  const bool written = write_all(STDOUT_FILENO, *text) || errno == EPIPE;
  return written && !reader->source_failed() ? kExitDone : kExitIo;
}

}  // namespace

RunCommand declare_show(CLI::App& app) {
  auto command = std::make_shared<ShowCommand>();
  option(app, "WHAT", command->words,
         "session all [filter source A destination A source-port N destination-port N "
         "protocol N application NAME from ZONE to ZONE rule NAME state STATE type TYPE min-kb N "
         "max-kb N min-age N count yes], session id N, session info, counter global [filter "
         "severity S category C aspect A]")
      .required();
  option(app, "-r,--read", command->track.captures,
         "Captures: pcap or pcapng, plain, gzip or zstd, merged by time; - is standard "
         "input. May be given several times")
      .type_name("FILE")
      .allow_extra_args(false)
      .required();
  option(app, "--at", command->at,
         "The moment: a time, or +12.5 for seconds from the first packet. Default: the last "
         "packet")
      .type_name("TIME");
  option(app, "--bpf", command->bpf, "Packets to take, as tcpdump has it").type_name("FILTER");
  option(app, "--tz", command->run.tz, "Zone of --at, where it has none (default UTC)")
      .type_name("ZONE");
  option(app, "--config", command->run.config, "Configuration file").type_name("FILE");
  flag(app, "-q,--quiet", command->run.quiet, "No messages about what could not be read");
  declare_inspection_options(app, command->inspection);
  declare_engine_options(app, command->track);
  footer(
      app,
      "Examples:\n"
      "  endreason show session all -r capture.pcap\n"
      "  endreason show session all filter source 10.1.1.1 destination-port 443 -r capture.pcap\n"
      "  endreason show session id 17 -r capture.pcap --at \"2026/03/10 10:00:00\"\n"
      "  endreason show session all filter state discard -r capture.pcap --config policy.yaml\n"
      "  endreason show session info -r capture.pcap --at +30\n"
      "  endreason show counter global filter severity drop -r capture.pcap");
  return [command] { return run_command(*command); };
}

}  // namespace endreason
