// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_run.hpp"

#include <array>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "cli/capture_reader.hpp"
#include "dataplane/threat_inspection.hpp"
#include "format/json_object.hpp"
#include "inspect/threat_action.hpp"
#include "model/protocol.hpp"
#include "session/session_table.hpp"

namespace endreason {
namespace {

constexpr std::size_t kBatchPackets = 64;
constexpr std::size_t kFlushBytes = 256 * 1024;

class ThreatLines {
 public:
  ThreatLines(const ExplainPlan& plan, const inspect::ThreatSet& set, InspectTotals& totals)
      : plan_(plan), set_(set), totals_(totals) {}

  struct Place {
    std::int64_t time_ns;
    std::uint64_t packet;      // counted from 1; 0: the session's end
    std::uint32_t session_id;  // 0: no session
    inspect::AppLayer layer;
  };

  void write(const inspect::SessionEnds& ends, const inspect::ThreatHit& hit, const Place& place) {
    const inspect::ThreatRule& rule = set_.rule(hit.rule);
    if (rule.silent) return;
    const bool from_client = hit.side != inspect::kFromServer;
    const bool is_tcp = ends.protocol == kProtoTcp;
    JsonObject line(output_);
    time_.clear();
    append_rfc3339(time_, {place.time_ns / 1000, 0, 6});
    line.text("time", time_);
    line.number("packet", place.packet);
    line.number("session_id", std::uint64_t{place.session_id});
    protocol_ = protocol_name(ends.protocol);
    line.text("proto", protocol_.empty() ? std::to_string(ends.protocol) : protocol_);
    line.text("src", to_string(from_client ? ends.client : ends.server));
    line.number("sport", std::uint64_t{from_client ? ends.client_port : ends.server_port});
    line.text("dst", to_string(from_client ? ends.server : ends.client));
    line.number("dport", std::uint64_t{from_client ? ends.server_port : ends.client_port});
    line.text("direction", from_client ? "client-to-server" : "server-to-client");
    if (place.layer != inspect::AppLayer::Unknown)
      line.text("app_layer", inspect::kAppLayers[static_cast<std::size_t>(place.layer)].log_name);
    line.text("action", info(inspect::action_of(rule, hit.side, is_tcp, {})).log_name);
    line.text("severity", info(inspect::severity_of(rule.priority)).log_name);
    line.number("gid", std::uint64_t{rule.gid});
    line.number("sid", std::uint64_t{rule.sid});
    line.number("rev", std::uint64_t{rule.rev});
    line.text("msg", rule.message);
    line.text_if("classtype", rule.class_type);
    line.number("priority", std::uint64_t{rule.priority});
    line.text("rule", fmt::format("{}:{}", rule.file, rule.line));
    line.close();
    output_ += '\n';
    ++totals_.threats;
    if (output_.size() >= kFlushBytes) flush();
  }

  void flush() {
    if (!output_.empty() && !totals_.stopped && !plan_.write_output(output_))
      totals_.stopped = true;
    output_.clear();
  }

 private:
  const ExplainPlan& plan_;
  const inspect::ThreatSet& set_;
  InspectTotals& totals_;
  std::string output_, time_, protocol_;
};

class InspectedSessions final : public SessionSink {
 public:
  InspectedSessions(inspect::Inspector& inspector, ThreatLines& lines, InspectTotals& totals,
                    bool block)
      : inspector_(inspector), lines_(lines), totals_(totals), block_(block) {}

  // Where the next batch stands: which of the capture's packets its first one is.
  void begin_batch(const PacketView* first, std::uint64_t number) {
    first_ = first;
    first_number_ = number;
  }

  bool wants_packets() const override { return true; }

  void on_packet(const PacketView& packet, const PacketResult& result) override {
    if (packet.status != DecodeStatus::Ok) return;
    if (result.session == nullptr || !passes(result.outcome) ||
        result.outcome == SessionCounter::IcmpErrorMatched) {
      alone(packet);
      return;
    }
    Session& session = *result.session;
    const inspect::InspectedPacket in = inspected_packet(packet, result);
    inspect::InspectionId id{session.user};
    const inspect::AppLayer before = inspector_.layer(id);
    const inspect::InspectStep step = inspector_.step(id, in);
    session.user = static_cast<std::uint32_t>(id);
    ++totals_.inspected;
    if (step.outcome == inspect::InspectOutcome::QueueFull) ++totals_.queue_full;
    if (step.hits.empty()) return;
    const inspect::AppLayer now = inspector_.layer(id);
    if (!write(session, step.hits,
               {packet.time_ns, number_of(packet), session.id,
                now != inspect::AppLayer::Unknown ? now : before}))
      return;
    inspector_.finish(id, packet.time_ns);
    session.user = static_cast<std::uint32_t>(inspect::InspectionId::Passed);
  }

  void on_end(const Session& session, std::int64_t) override {
    inspect::InspectionId id{session.user};
    if (id == inspect::InspectionId::Passed || id == inspect::InspectionId::None) return;
    const inspect::AppLayer layer = inspector_.layer(id);
    // At the last packet's time: what is found now was there then.
    write(session, inspector_.finish(id, session.last_ns).hits,
          {session.last_ns, 0, session.id, layer});
  }

 private:
  // Whether the session is to be blocked, and is looked into no further.
  bool write(const Session& session, std::span<const inspect::ThreatHit> hits,
             const ThreatLines::Place& place) {
    const inspect::SessionEnds ends{session.client(), session.server(), session.client_port(),
                                    session.server_port(), session.key.protocol};
    bool blocks = false;
    for (const inspect::ThreatHit& hit : hits) {
      lines_.write(ends, hit, place);
      const inspect::ThreatSet& set = inspector_.set();
      blocks |= set.takes_session(hit.rule) &&
                info(inspect::default_action(set.rule(hit.rule).action, hit.side)).blocks;
    }
    return blocks && block_;
  }

  void alone(const PacketView& packet) {
    ++totals_.alone;
    const inspect::SessionEnds ends{packet.src, packet.dst, packet.sport, packet.dport,
                                    packet.protocol};
    for (const inspect::ThreatHit& hit : inspector_.step_alone(packet).hits)
      lines_.write(ends, hit, {packet.time_ns, number_of(packet), 0, inspect::AppLayer::Unknown});
  }

  std::uint64_t number_of(const PacketView& packet) const {
    return first_number_ + static_cast<std::uint64_t>(&packet - first_);
  }

  inspect::Inspector& inspector_;
  ThreatLines& lines_;
  InspectTotals& totals_;
  bool block_;
  const PacketView* first_ = nullptr;
  std::uint64_t first_number_ = 1;
};

}  // namespace

Result<InspectTotals> run_inspect(const ExplainPlan& inputs, const InspectPlan& plan,
                                  std::shared_ptr<const inspect::ThreatSet> set) {
  auto reader = CaptureReader::open(inputs, plan.bpf, kBatchPackets);
  if (!reader) return tl::unexpected(reader.error());
  auto inspector = inspect::Inspector::create(set, plan.inspect);
  if (!inspector) return tl::unexpected(inspector.error());
  auto table = SessionTable::create(plan.session);
  if (!table) return tl::unexpected(table.error());
  Decoder decoder(plan.decode);
  InspectTotals totals;
  ThreatLines lines(inputs, *set, totals);
  InspectedSessions sessions(**inspector, lines, totals, plan.block);
  std::array<PacketView, kBatchPackets> views;
  while (!totals.stopped) {
    const std::span<const RawPacket> batch = reader->read();
    if (batch.empty()) break;
    decoder.decode(batch, std::span(views).first(batch.size()));
    sessions.begin_batch(views.data(), totals.packets + 1);
    (*table)->process(std::span<const PacketView>(views).first(batch.size()), sessions);
    totals.packets += batch.size();
  }
  if (!totals.stopped) (*table)->finish(sessions);
  lines.flush();
  reader->tell_problems(inputs.message);
  totals.filtered = reader->filtered();
  totals.in_frames = (*table)->counters()[SessionCounter::FrameInFrame];
  return totals;
}

}  // namespace endreason
