// SPDX-License-Identifier: Apache-2.0
#include "cli/captured_sessions.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "cli/packet_hints.hpp"
#include "dataplane/engine.hpp"
#include "dataplane/engine_observer.hpp"
#include "sources/capture_source.hpp"
#include "sources/memory_source.hpp"

namespace endreason {
namespace {

constexpr std::size_t kFirstPackets = 40, kLastPackets = 20;
constexpr std::size_t kProblemsTold = 5;  // places in the capture
// A capture of the size that is taken has no more sessions at once; a pool for a firewall's million
// would be made anew for every question.
constexpr std::uint32_t kSessionsAtOnce = 65'536;

// Keeps the packets of a session until its row comes.
class Collector final : public EngineSink, public EngineObserver {
 public:
  explicit Collector(const TakeSession& take) : take_(take) {}

  void on_packet(const PacketView& packet, const PacketResult& result) override {
    if (result.session == nullptr) return;
    open_[result.session->id].push_back(notes_.of(packet, result));
  }
  void on_end(const Session& session, std::int64_t ended_ns, const SessionNames&) override {
    notes_.forget(session.id);
    SessionStory& story = ended_[session.id];
    story.end = session;
    story.ended_ns = ended_ns;
  }
  void on_record(TrafficRecord& record) override {
    const auto id = static_cast<std::uint32_t>(record.sessionid);
    auto packets = open_.extract(id);
    auto end = ended_.extract(id);
    SessionStory story;
    if (!end.empty()) story = std::move(end.mapped());
    if (!packets.empty()) story.packets = std::move(packets.mapped());
    ++sessions_;
    take_(record, story.packets.empty() || end.empty() ? "null" : ladder_json(std::move(story)));
  }
  std::uint64_t sessions() const { return sessions_; }

 private:
  const TakeSession& take_;
  PacketNotes notes_;
  std::unordered_map<std::uint32_t, std::vector<NotedPacket>> open_;
  std::unordered_map<std::uint32_t, SessionStory> ended_;  // whose rows come next
  std::uint64_t sessions_ = 0;
};

// What else made packets come to nothing: of each counter that no hint names, what it counts.
void add_other_drops(const SessionCounters& counters, std::vector<std::string>& hints) {
  for (const SessionCounterInfo& row : kSessionCounters) {
    const std::uint64_t n = counters[row.value];
    if (n == 0 || row.kind != CounterKind::Outcome || row.severity != CounterSeverity::Drop)
      continue;
    const bool named = std::ranges::any_of(hints, [&row](const std::string& hint) {
      return hint.find(fmt::format("({})", row.log_name)) != std::string::npos;
    });
    if (!named)
      hints.push_back(fmt::format("{} {} ({}): {}", n, n == 1 ? "packet" : "packets", row.log_name,
                                  row.sentence));
  }
}

std::vector<std::string> hints_of(const CaptureSource& source, const SessionCounters& counters,
                                  const EngineOptions& options) {
  std::vector<std::string> hints;
  const CaptureCounters capture = source.counters();
  for (const CaptureProblem& problem : source.problems()) {
    if (hints.size() == kProblemsTold) {
      hints.push_back(fmt::format("{} places could not be read; these are the first {}",
                                  capture.problems, kProblemsTold));
      break;
    }
    hints.push_back(fmt::format("at byte {}: {}", problem.offset, problem.what));
  }
  for (std::string& hint : packet_hints(
           {counters, capture, source.interfaces(), options.session.capacity, options.identify}))
    hints.push_back(std::move(hint));
  add_other_drops(counters, hints);
  return hints;
}

}  // namespace

std::string ladder_json(SessionStory story) {
  std::size_t left_out = 0;
  if (story.packets.size() > kFirstPackets + kLastPackets) {
    left_out = story.packets.size() - kFirstPackets - kLastPackets;
    story.packets.erase(story.packets.begin() + kFirstPackets, story.packets.end() - kLastPackets);
  }
  std::string lines;
  append_ladder_json(lines, story);
  std::string packets;
  std::string_view rest = lines;
  for (std::size_t i = 0; i < story.packets.size(); ++i) {  // the line behind them is the end's
    const std::size_t end = rest.find('\n');
    packets += packets.empty() ? "" : ",";
    packets += rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  return fmt::format("{{\"packets\":[{}],\"left_out\":{},\"left_out_after\":{}}}", packets,
                     left_out, kFirstPackets);
}

EngineOptions options_of_captured(const EngineOptions& engine, std::uint32_t sessions_at_once) {
  EngineOptions options = engine;
  options.threads = 1;
  options.session.capacity = std::min(options.session.capacity, sessions_at_once);
  options.rules_decide_logs = false;  // every session, and when it has ended
  options.denials_at_end = true;
  return options;
}

Result<CaptureOutcome> read_captured_sessions(std::string_view capture, const EngineOptions& engine,
                                              const TakeSession& take) {
  auto source = CaptureSource::open(std::make_unique<MemorySource>(capture, "the capture"));
  if (!source) return tl::unexpected(source.error());
  Collector collector(take);
  EngineOptions options = options_of_captured(engine, kSessionsAtOnce);
  options.observer = &collector;
  auto running = Engine::create(options, collector);
  if (!running) return tl::unexpected(running.error());
  CaptureOutcome outcome;
  std::array<RawPacket, 256> batch{};
  std::size_t interfaces = 0;  // named to the engine
  for (std::size_t n = 0; (n = (*source)->read(batch)) > 0;) {
    for (const auto known = (*source)->interfaces(); interfaces < known.size(); ++interfaces)
      (*running)->name_interface(interfaces, known[interfaces].name);
    (*running)->process(std::span<const RawPacket>(batch).first(n));
    outcome.packets += n;
  }
  (*running)->finish();
  outcome.sessions = collector.sessions();
  outcome.hints = hints_of(**source, (*running)->counters(), options);
  return outcome;
}

}  // namespace endreason
