// SPDX-License-Identifier: Apache-2.0
// `endreason ladder`: the packets of a session between client and server, with what went wrong.
#include <unistd.h>

#include <memory>
#include <unordered_map>

#include <fmt/format.h>

#include "cli/capture_reader.hpp"
#include "cli/commands.hpp"
#include "cli/content_run.hpp"
#include "cli/ladder.hpp"
#include "cli/options.hpp"
#include "cli/packet_hints.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "cli/track_options.hpp"
#include "dataplane/engine_observer.hpp"
#include "format/record_writer.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {
namespace {

constexpr std::string_view kListColumns =
    "sessionid,src,sport,dst,dport,proto,app,session_end_reason,handshake,why";

struct LadderCommand {
  RunOptions run;
  TrackOptions track;
  InspectionOptions inspection;
  std::uint64_t session = 0;  // 0: whichever the filters take
  std::size_t draw = 3;
  std::size_t packets = 60;
};

// "threat TROJAN checkin (2000001, high): reset-both".
std::string text_of(const ContentRow& row, const inspect::ThreatSet* rules) {
  const std::string_view action = info(row.action).log_name;
  if (row.kind == ContentKind::Decryption)
    return fmt::format("decryption rule {}: {}: {}", row.list, row.subject, action);
  if (row.kind != ContentKind::Rule)
    return fmt::format("{} is in the block list {} ({}): {}", row.subject, row.list, row.entry,
                       action);
  const inspect::ThreatRule& rule = rules->rule(row.rule);
  return fmt::format("threat {} ({}, {}): {}", rule.message, rule.sid,
                     info(inspect::severity_of(rule.priority)).log_name, action);
}

std::string end_point(const TrafficRecord& r, Field address, Field port) {
  const std::string_view ip = r.text(address);
  const bool v6 = ip.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", ip, v6 ? "]" : "", r.text(port));
}

// Keeps the packets of open sessions, and of those ended sessions that the filters take.
class Stories final : public EngineSink, public EngineObserver, public ContentSink {
 public:
  Stories(const LadderCommand& command, const RunPlan& plan, const TrackPlan& track)
      : command_(command),
        plan_(plan),
        rules_(track.inspection ? track.inspection->inspection.rules : nullptr),
        has_policy_(track.engine.policy != nullptr),
        clock_(plan.explain.clock) {
    WriterOptions list = plan.writer;
    list.format = OutputFormat::Table;
    list.columns = *parse_columns(kListColumns);
    list_ = make_writer(list);
    list_->begin(list_text_);
  }

  void on_packet(const PacketView& packet, const PacketResult& result) override {
    ++packets_;
    if (result.session == nullptr || !wanted(result.session->id)) return;
    NotedPacket note = notes_.of(packet, result);
    note.number = packets_;
    if (matched_.size() < command_.draw) open_[result.session->id].packets.push_back(note);
  }
  // Behind the packets in which it was found, before the session's row.
  void on_content(const ContentRow& row) override {
    if (!wanted(row.session.id) || matched_.size() >= command_.draw) return;
    open_[row.session.id].findings.push_back(
        {row.packet, info(row.action).blocks, text_of(row, rules_.get())});
  }
  void on_end(const Session& session, std::int64_t ended_ns, const SessionNames&) override {
    notes_.forget(session.id);
    ended_[session.id] = {session, ended_ns};
  }
  void on_record(TrafficRecord& record) override {
    const auto id = static_cast<std::uint32_t>(record.sessionid);
    auto told = open_.extract(id);
    const auto end = ended_.extract(id);
    if (!wanted(id)) return;
    const Verdict verdict = judge(record, plan_.explain.ruleset, plan_.explain.timers);
    const auto& filter = plan_.explain.filter;
    if (filter && !filter->matches(record, verdict, clock_)) return;
    if (end.empty()) {
      ++refused_;  // a packet that was let begin no session
      return;
    }
    ++count_;
    list_->write(record, verdict, list_text_);
    if (matched_.size() >= command_.draw) return;
    SessionStory story;
    if (!told.empty()) story = std::move(told.mapped());
    story.end = end.mapped().session;
    story.ended_ns = end.mapped().at_ns;
    tell(record, verdict, story);
    matched_.push_back(std::move(story));
  }

  void take_counters(const SessionCounters& counters) { counters_ = counters; }
  const SessionCounters& counters() const { return counters_; }

  const std::vector<SessionStory>& matched() const { return matched_; }
  std::uint64_t count() const { return count_; }
  std::uint64_t refused() const { return refused_; }
  std::string list() {
    list_->end(list_text_);
    return list_text_;
  }

 private:
  struct Ended {
    Session session;
    std::int64_t at_ns;
  };
  bool wanted(std::uint32_t id) const { return command_.session == 0 || id == command_.session; }
  void tell(const TrafficRecord& record, const Verdict& verdict, SessionStory& story) const {
    story.client = end_point(record, Field::Src, Field::Sport);
    story.server = end_point(record, Field::Dst, Field::Dport);
    story.protocol = record.text(Field::Proto);
    story.app = record.text(Field::App);
    story.end_reason = record.text(Field::SessionEndReason);
    if (has_policy_) {
      story.rule = record.text(Field::Rule);
      story.action = record.text(Field::Action);
    }
    story.tracker_stage = record.engine->text(EngineColumn::TrackerStage);
    story.verdict =
        fmt::format("{}, {}: {} ({})", log_name(verdict.final_action), log_name(verdict.outcome),
                    why(verdict), log_name(verdict.reason_code));
  }

  const LadderCommand& command_;
  const RunPlan& plan_;
  std::shared_ptr<const inspect::ThreatSet> rules_;
  bool has_policy_;
  RecordClock clock_;
  PacketNotes notes_;
  std::unordered_map<std::uint32_t, SessionStory> open_;  // packets and findings alone
  std::unordered_map<std::uint32_t, Ended> ended_;        // whose rows come next
  std::vector<SessionStory> matched_;
  std::unique_ptr<RecordWriter> list_;
  std::string list_text_;
  SessionCounters counters_;  // of the whole run
  std::uint64_t count_ = 0, refused_ = 0, packets_ = 0;
};

Result<void> play(CaptureReader& reader, const TrackPlan& track, Stories& stories) {
  EngineOptions options = track.engine;
  options.threads = 1;
  options.observer = &stories;
  auto content = ContentRun::begin(track, &stories);
  if (!content) return tl::unexpected(content.error());
  options.inspection = (*content)->inspection();
  auto engine = Engine::create(options, stories);
  if (!engine) return tl::unexpected(engine.error());
  for (;;) {
    const auto packets = reader.read();
    reader.name_interfaces(**engine);
    if (packets.empty()) break;
    (*engine)->process(packets);
  }
  (*engine)->finish();
  stories.take_counters((*engine)->counters());
  return (*content)->close();
}

std::string drawn(const LadderCommand& command, Stories& stories) {
  const bool json = command.run.output == "ndjson" || command.run.output == "json";
  std::string out;
  if (!json && stories.count() > command.draw) {
    say(
        fmt::format("{} sessions match: choose one with --session ID, take fewer with -f or a "
                    "capture filter, or draw more with --limit {}",
                    stories.count(), stories.count()));
    return stories.list();
  }
  LadderOptions options;
  options.width = terminal_width() == 0 ? 80 : terminal_width();
  options.colour = colour_wanted(command.run.colour);
  options.packets_max = command.packets;
  for (const SessionStory& story : stories.matched()) {
    if (json) {
      append_ladder_json(out, story);
      continue;
    }
    if (!out.empty()) out += '\n';
    append_ladder(out, story, options);
  }
  return out;
}

int run_command(const LadderCommand& command) {
  const auto settings = load_settings(command.run.config);
  if (!settings) return complain(settings.error());
  auto plan = plan_run(command.run, *settings);
  if (!plan) return complain(plan.error());
  auto track = plan_track(command.track, command.inspection, *settings, command.run.quiet);
  if (!track) return complain(track.error());
  track->engine.rules_decide_logs = false;  // every session, and when it has ended
  track->engine.denials_at_end = true;
  if (auto planned = plan_captures(command.track, *plan); !planned)
    return complain(planned.error());
  auto reader = CaptureReader::open(plan->explain, track->bpf);
  if (!reader) return complain(reader.error());
  Stories stories(command, *plan, *track);
  if (auto played = play(*reader, *track, stories); !played) return complain(played.error());
  if (!command.run.quiet) reader->tell_problems([](std::string_view text) { say(text); });
  if (stories.refused() > 0 && !command.run.quiet)
    say(fmt::format(
        "{} {} of packets that a rule let begin no session (type drop): there is nothing "
        "to draw of them; endreason track shows them",
        stories.refused(), stories.refused() == 1 ? "row is" : "rows are"));
  if (stories.count() == 0 && !command.run.quiet)
    for (const std::string& hint :
         packet_hints({stories.counters(), reader->counters(), reader->interfaces(),
                       track->engine.session.capacity, track->engine.identify}))
      say(hint);
  if (stories.count() == 0)
    say(command.session != 0
            ? fmt::format("there is no session {}, or the filters do not take it", command.session)
            : std::string("no session matches"));
  const bool written = write_all(STDOUT_FILENO, drawn(command, stories)) || errno == EPIPE;
  return written && !reader->source_failed() ? kExitDone : kExitIo;
}

}  // namespace

RunCommand declare_ladder(CLI::App& app) {
  auto command = std::make_shared<LadderCommand>();
  declare_capture_options(app, command->track);
  option(app, "--session", command->session, "The session of this id, as rows and lists have it")
      .type_name("ID")
      .at_least_one();
  option(app, "-f,--filter", command->run.filter,
         "Sessions to draw, as a PAN-OS filter on their rows: \"( outcome eq failed )\"")
      .type_name("FILTER");
  option(app, "--limit", command->draw,
         "Draw so many sessions; when more match, list them (default 3)")
      .type_name("N")
      .range(1, 100000);
  option(app, "--packets", command->packets,
         "Draw so many packets of a session; of longer ones both ends and what is wrong "
         "(default 60)")
      .type_name("N");
  option(app, "-o,--output", command->run.output, "text (default), or ndjson: a packet a line")
      .type_name("FORMAT")
      .member({"text", "ndjson", "json"});
  option(app, "--config", command->run.config, "Configuration file").type_name("FILE");
  option(app, "--color,--colour", command->run.colour,
         "auto, always or never (NO_COLOR is honoured)")
      .type_name("WHEN")
      .member({"auto", "always", "never"});
  flag(app, "-q,--quiet", command->run.quiet, "No messages about what could not be read");
  declare_inspection_options(app, command->inspection);
  declare_engine_options(app, command->track);
  footer(
      app,
      "Examples:\n"
      "  endreason ladder -r capture.pcap host 10.1.1.1 and port 443\n"
      "  endreason ladder -r capture.pcap -f \"( reason_code eq challenge-ack )\"\n"
      "  endreason ladder -r capture.pcap --rules local.rules -f \"( session_end_reason eq threat "
      ")\"\n"
      "  endreason ladder -r capture.pcap --session 17 -o ndjson");
  return [command] {
    LadderCommand run = *command;
    if (run.run.output == "text") run.run.output.clear();
    return run_command(run);
  };
}

}  // namespace endreason
