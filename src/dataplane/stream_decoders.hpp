// SPDX-License-Identifier: Apache-2.0
// StreamDecoders: reads on in sessions whose content announces or holds other sessions, after their
// application is settled: FTP's control connection (predicts its data connections) and a client's
// connection to an HTTP proxy (divides it). In: payload packets of TCP sessions as they are
// tracked. One thread; memory only for sessions that are read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "appid/app_catalogue.hpp"
#include "model/app_id.hpp"
#include "model/packet_view.hpp"
#include "session/flow_hash.hpp"
#include "session/session_table.hpp"

namespace endreason {

struct StreamDecoderCounters {
  std::uint64_t begun{};
  std::uint64_t refused{};      // too many are read already
  std::uint64_t third_hosts{};  // data connections that FTP wants to a host that is no end of it
};
// Named in the manner of `show counter global`.
struct StreamDecoderEvent {
  std::string_view log_name;
  std::uint64_t StreamDecoderCounters::*count;
  std::string_view sentence;
};
inline constexpr auto kStreamDecoderEvents = std::to_array<StreamDecoderEvent>({
    {"decoder_refused", &StreamDecoderCounters::refused,
     "Connections of FTP or a proxy that are not read: too many are already."},
    {"decoder_ftp_third_host", &StreamDecoderCounters::third_hosts,
     "FTP's PORT or EPRT named a host that is not its client; nothing is opened for it."},
});

class StreamDecoders {
 public:
  // How many sessions are read at once; further ones are not decoded, and counted.
  static constexpr std::size_t kMost = 64 * 1024;

  StreamDecoders(const AppCatalogue& catalogue, SessionTable& table);
  ~StreamDecoders();
  StreamDecoders(const StreamDecoders&) = delete;
  StreamDecoders& operator=(const StreamDecoders&) = delete;

  // Before the session's application is looked for in this packet. `first_payload`: of the session.
  // Returns what the session is if decoding has shown it, else None. The session may have been
  // divided: `sink` then got the end of the earlier one.
  AppId see(const PacketView& packet, const PacketResult& result, bool first_payload,
            SessionSink& sink);
  // The session's application has become known.
  void named(const PacketView& packet, const PacketResult& result, AppId app);
  // The session has ended.
  void forget(const Session& session);

  // Sessions that were announced since, each behind the one that announced it.
  std::span<const std::pair<SessionIndex, SessionIndex>> announced() const { return announced_; }
  void forget_announced() { announced_.clear(); }

  const StreamDecoderCounters& counters() const { return counters_; }
  // How many sessions are read now, and how many others of the same engine are: kMost is for all.
  std::size_t reading() const { return readings_.size(); }
  void set_elsewhere(std::uint64_t readings) { elsewhere_ = readings; }

 private:
  struct Reading;
  Reading* begin(const PacketResult& result, bool ftp);
  void stop(Session& session);
  AppId read_ftp(Reading& reading, const PacketView& packet, const PacketResult& result);
  AppId read_proxy(Reading& reading, const PacketView& packet, const PacketResult& result,
                   SessionSink& sink);

  SessionTable& table_;
  AppId ftp_, ftp_data_, http_proxy_;
  // By the tuple: a session's number and place are the table's to change.
  std::unordered_map<FlowKey, std::unique_ptr<Reading>, FlowHash> readings_;
  std::vector<std::pair<SessionIndex, SessionIndex>> announced_;
  std::uint64_t elsewhere_ = 0;
  StreamDecoderCounters counters_;
};

}  // namespace endreason
