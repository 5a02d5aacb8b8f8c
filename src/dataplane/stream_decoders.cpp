// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stream_decoders.hpp"

#include <array>
#include <span>
#include <utility>
#include <variant>

#include "appid/ftp_control.hpp"
#include "appid/http_proxy.hpp"
#include "appid/stream_order.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::uint16_t kFtpPort = 21;  // IANA's; on others the application tells

using Bytes = std::span<const std::uint8_t>;

Bytes payload_of(const PacketView& p) {
  return {p.payload, p.payload_captured};
}

}  // namespace

struct StreamDecoders::Reading {
  std::array<StreamOrder, 2> sides;  // c2s, s2c
  std::variant<FtpControl, HttpProxy> decoder;

  template <class Take>
  void add(const PacketView& p, Flow flow, Take&& take) {
    sides[static_cast<std::size_t>(flow)].add(p.seq, payload_of(p), p.payload_length, take);
  }
};

StreamDecoders::StreamDecoders(const AppCatalogue& catalogue, SessionTable& table)
    : table_(table),
      ftp_(catalogue.find("ftp")),
      ftp_data_(catalogue.find("ftp-data")),
      http_proxy_(catalogue.find("http-proxy")) {}
StreamDecoders::~StreamDecoders() = default;

StreamDecoders::Reading* StreamDecoders::begin(const PacketResult& result, bool ftp) {
  if (readings_.size() + elsewhere_ >= kMost) {
    ++counters_.refused;
    return nullptr;
  }
  ++counters_.begun;
  auto made = std::make_unique<Reading>();
  if (ftp)
    made->decoder.emplace<FtpControl>();
  else
    made->decoder.emplace<HttpProxy>();
  result.session->set(kWatched);
  return (readings_[result.session->key] = std::move(made)).get();
}

void StreamDecoders::stop(Session& session) {
  readings_.erase(session.key);
  session.clear(kWatched);
}

void StreamDecoders::forget(const Session& session) {
  if (session.has(kWatched)) readings_.erase(session.key);
}

AppId StreamDecoders::see(const PacketView& packet, const PacketResult& result, bool first_payload,
                          SessionSink& sink) {
  Session& session = *result.session;
  Reading* reading = nullptr;
  if (session.has(kWatched)) {
    if (const auto found = readings_.find(session.key); found != readings_.end())
      reading = found->second.get();
  } else if (first_payload && session.key.protocol == kProtoTcp) {
    const bool ftp = session.server_port() == kFtpPort;
    if (ftp || (result.flow == Flow::C2s && HttpProxy::may_begin(payload_of(packet))))
      reading = begin(result, ftp);
  }
  if (reading == nullptr) return AppId::None;
  return std::holds_alternative<FtpControl>(reading->decoder)
             ? read_ftp(*reading, packet, result)
             : read_proxy(*reading, packet, result, sink);
}

void StreamDecoders::named(const PacketView& packet, const PacketResult& result, AppId app) {
  Session& session = *result.session;
  if (app == ftp_ && !session.has(kWatched) && session.key.protocol == kProtoTcp) {
    if (Reading* reading = begin(result, true)) read_ftp(*reading, packet, result);
    return;
  }
  // Another application on FTP's port: there is nothing to read.
  if (app == ftp_ || app < AppId::FirstIdentified || !session.has(kWatched)) return;
  const auto found = readings_.find(session.key);
  if (found != readings_.end() && std::holds_alternative<FtpControl>(found->second->decoder))
    stop(session);
}

AppId StreamDecoders::read_ftp(Reading& reading, const PacketView& packet,
                               const PacketResult& result) {
  Session& session = *result.session;
  FtpControl& control = std::get<FtpControl>(reading.decoder);
  AppId shown = AppId::None;
  reading.add(packet, result.flow, [&](Bytes bytes, bool after_gap) {
    control.see(result.flow == Flow::C2s, bytes, after_gap, [&](const FtpAnnouncement& found) {
      shown = ftp_;
      const IpAddress& from = found.passive ? session.client() : session.server();
      const IpAddress& to = found.passive ? session.server() : session.client();
      // A server behind NAT may name an address that its clients know not to use. A client that
      // names another host's asks for a bounce (RFC 2577 section 3), which RFC 959 allows and for
      // which nothing is opened: if the server goes there, that is a session like any other.
      if (!found.passive && *found.address != to) {
        ++counters_.third_hosts;
        return;
      }
      const SessionIndex child = table_.predict(result.index, {from, to, found.port, kProtoTcp},
                                                static_cast<std::uint16_t>(ftp_data_));
      if (child != kNoSession) announced_.emplace_back(result.index, child);
    });
  });
  if (control.encrypted()) stop(session);
  return shown;
}

AppId StreamDecoders::read_proxy(Reading& reading, const PacketView& packet,
                                 const PacketResult& result, SessionSink& sink) {
  HttpProxy& proxy = std::get<HttpProxy>(reading.decoder);
  HttpProxy::Seen seen = HttpProxy::Seen::Nothing;
  reading.add(packet, result.flow, [&](Bytes bytes, bool after_gap) {
    const auto found = proxy.see(result.flow == Flow::C2s, bytes, after_gap);
    if (seen == HttpProxy::Seen::Nothing) seen = found;
  });
  const bool finished = proxy.finished();
  if (seen == HttpProxy::Seen::NewConnection) {
    result.session->clear(kWatched);  // its end is not the end of the reading
    table_.divide(packet, result, EndReason::Decoder, sink);
    result.session->set(kWatched);
    if (finished) stop(*result.session);
    return http_proxy_;
  }
  if (finished) stop(*result.session);
  return seen == HttpProxy::Seen::FirstConnection ? http_proxy_ : AppId::None;
}

}  // namespace endreason
