// SPDX-License-Identifier: Apache-2.0
#include "dataplane/conn_state.hpp"

#include "model/protocol.hpp"

namespace endreason {
namespace {

bool said(const Session& session, Flow flow, HandshakeWord word) {
  for (std::size_t i = 0; i < session.handshake.size(); ++i)
    if (session.handshake[i].flow == flow && session.handshake[i].word == word) return true;
  return false;
}

// What one end has done.
struct End {
  bool closed;
  bool reset;
  bool opened;  // its SYN or SYN-ACK was seen
};

End end_of(const Session& session, Flow flow) {
  const EndReason rst =
      flow == Flow::C2s ? EndReason::TcpRstFromClient : EndReason::TcpRstFromServer;
  End end{};
  // A FIN counts though it was dropped: what one end did does not hang on the other being seen.
  end.closed = session.remarked(fin_seen(flow)) || said(session, flow, HandshakeWord::Fin);
  end.reset = (session.end_reasons & end_reason_bit(rst)) != 0;
  end.opened =
      said(session, flow, HandshakeWord::Syn) || said(session, flow, HandshakeWord::SynAck);
  return end;
}

ConnState tcp_state(const Session& session) {
  const End client = end_of(session, Flow::C2s);
  const End server = end_of(session, Flow::S2c);
  // A reset behind both FINs closes nothing more.
  if (client.closed && server.closed) return ConnState::SF;
  if (server.reset) {
    if (!client.opened) return ConnState::Rstrh;
    const bool waiting = !said(session, Flow::C2s, HandshakeWord::Ack) &&
                         !said(session, Flow::C2s, HandshakeWord::Fin) && !session.has(kDataC2s);
    return waiting ? ConnState::Rej : ConnState::Rstr;
  }
  if (client.reset) return server.opened ? ConnState::Rsto : ConnState::Rstos0;
  if (client.closed) return server.opened ? ConnState::S2 : ConnState::Sh;
  if (server.closed) return client.opened ? ConnState::S3 : ConnState::Shr;
  if (client.opened && server.opened) return ConnState::S1;
  const bool silent = session.flow(Flow::S2c).packets == 0;
  return client.opened && silent ? ConnState::S0 : ConnState::Oth;
}

}  // namespace

ConnState conn_state_of(const Session& session) {
  if (session.key.protocol == kProtoTcp) return tcp_state(session);
  if (session.key.protocol != kProtoUdp) return ConnState::Oth;
  return session.flow(Flow::S2c).packets > 0 ? ConnState::SF : ConnState::S0;
}

}  // namespace endreason
