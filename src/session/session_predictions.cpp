// SPDX-License-Identifier: Apache-2.0
// SessionTable: sessions that an application announced, type PREDICT, until their first packet.
#include <cassert>

#include "model/protocol.hpp"
#include "session/arrival.hpp"

namespace endreason {

SessionIndex SessionTable::predict(SessionIndex parent_index, const PredictedFlow& flow,
                                   std::uint16_t app) {
  const Session& parent = pool_[parent_index];
  const bool from_client = flow.client == parent.client();
  const bool server_known = parent.server_zone != kNoZone;
  const auto client_zone = static_cast<ZoneNumber>(parent.key.zone);
  FlowKey key;
  const KeyDirection way =
      make_flow_key(flow.client, flow.server, 0, flow.server_port, flow.protocol,
                    from_client || !server_known ? client_zone : parent.server_zone, key);
  const std::uint64_t hash = table_.hash(key);
  SessionIndex index = table_.find(key, hash);
  if (index != kNoSession && !pool_[index].has(kPredict)) return kNoSession;  // it is there
  if (index == kNoSession) {
    index = allocate();
    if (index != kNoSession) {
      pool_[index].key = key;
      if (!table_.insert(hash, index)) {
        pool_.release(index);
        index = kNoSession;
      }
    }
    counters_.add(index == kNoSession ? SessionCounter::PredictRefused : SessionCounter::Predicted);
    if (index == kNoSession) return kNoSession;
    ++predicted_;
  }
  Session& session = pool_[index];
  session.set(kPredict);
  session.clear(kClientIsHigh);
  if (way == KeyDirection::HighToLow) session.set(kClientIsHigh);
  session.state = SessionState::Active;
  session.start_ns = session.last_ns = session.refreshed_ns = now_ns_;
  session.timeout_s = kPredictSeconds;
  session.user = parent.id;
  if (notes_births_) born_.announced.push_back(index);
  session.app = app;
  ager_.queue(index, deadline_ns(session));
  watch_utilization();
  return index;
}

SessionIndex SessionTable::find_predicted(const PacketView& p, const Arrival& arrival) const {
  if (p.protocol == kProtoTcp && tracker_.admit(p) != SessionCounter::Created) return kNoSession;
  FlowKey key;
  const KeyDirection way =
      make_flow_key(p.src, p.dst, 0, p.dport, p.protocol, arrival.zones.from, key);
  const std::uint64_t hash = table_.hash(key);  // the same in every zone
  if (table_.surely_none(hash)) return kNoSession;
  const auto in_zone = [&](std::uint16_t zone) {
    key.zone = zone;
    const SessionIndex index = table_.find(key, hash);
    if (index == kNoSession) return kNoSession;
    const Session& session = pool_[index];
    const bool awaited = session.has(kPredict) && session.flow_of(way) == Flow::C2s &&
                         arrival.at_ns < deadline_ns(session);
    return awaited ? index : kNoSession;
  };
  for (std::uint16_t i = 0; i < settings_.zones; ++i) {
    // The zone that it came in by, then the others: the server's may not be known when it was said.
    const auto zone = static_cast<std::uint16_t>(i == 0                    ? arrival.zones.from
                                                 : i <= arrival.zones.from ? i - 1
                                                                           : i);
    if (const SessionIndex index = in_zone(zone); index != kNoSession) return index;
  }
  return kNoSession;
}

// A PREDICT session becomes a FLOW session: same place, same id, now with the client's port.
PacketResult SessionTable::take_predicted(const PacketView& p, const Arrival& arrival,
                                          SessionIndex index) {
  Session& session = pool_[index];
  table_.erase(table_.hash(session.key), index);
  ager_.remove(index);
  session.clear(kPredict);
  session.clear(kClientIsHigh);
  if (arrival.way == KeyDirection::HighToLow) session.set(kClientIsHigh);
  session.set(kPredicted);
  session.key = arrival.key;
  --predicted_;
  counters_.add(SessionCounter::PredictMatched);
  const bool placed = table_.insert(arrival.hash, index);
  assert(placed && "the entry that was erased left room");
  static_cast<void>(placed);
  begin(session, index, p, arrival);
  return {.outcome = SessionCounter::Created,
          .flow = Flow::C2s,
          .first = true,
          .session = &session,
          .index = index};
}

}  // namespace endreason
