// SPDX-License-Identifier: Apache-2.0
// Sources: RFC 4253 sections 4.2, 6 and 7.1; the public description of HASSH by its authors.
#include "inspect/ssh_inspector.hpp"

#include <algorithm>
#include <string_view>

#include "base/byte_order.hpp"

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;
constexpr std::uint8_t kKexInit = 20;

std::string_view banner_of(Bytes text, std::size_t length) {
  std::string_view line(reinterpret_cast<const char*>(text.data()), length);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

void SshInspector::end(SshSession* session) {
  for (SshHalf& h : session->half) h.text.clear(pool_);
  sessions_.give_back(session);
}

SshStep SshInspector::data(SshSession& session, Side side, Bytes bytes) {
  session_ = &session;
  SshHalf& h = session.half[index_of(side)];
  if (h.over) return SshStep::GoesOn;
  if (h.text.size() + bytes.size() > kTextMax) {
    bytes = bytes.first(kTextMax - h.text.size());
    h.over = true;
  }
  if (!h.text.append(pool_, bytes)) return SshStep::NoMemory;
  const Bytes text = h.text.bytes();
  if (!h.banner_done) {
    const auto newline = std::find(text.begin(), text.end(), std::uint8_t{'\n'});
    if (newline == text.end()) return SshStep::GoesOn;
    h.banner_done = true;
    h.banner = static_cast<std::uint32_t>(newline - text.begin()) + 1;
    evaluator_.on_buffer(session.rules, *this, InspectBuffer::SshProtocol, side);
    evaluator_.on_buffer(session.rules, *this, InspectBuffer::SshSoftware, side);
  }
  Bytes payload;
  if (key_exchange(text.subspan(h.banner), payload)) {
    h.over = true;
    const bool client = side == kFromClient;
    evaluator_.on_buffer(session.rules, *this,
                         client ? InspectBuffer::SshHassh : InspectBuffer::SshHasshServer, side);
    evaluator_.on_buffer(
        session.rules, *this,
        client ? InspectBuffer::SshHasshString : InspectBuffer::SshHasshServerString, side);
  }
  return session.half[0].over && session.half[1].over ? SshStep::Encrypted : SshStep::GoesOn;
}

bool SshInspector::key_exchange(Bytes text, Bytes& payload) {
  if (text.size() < 6) return false;
  const std::size_t length = load_big32(text.data());
  if (length < 18 || length > kTextMax || text.size() - 4 < length || text[5] != kKexInit)
    return false;
  const std::size_t padding = text[4];
  if (padding + 18 > length) return false;
  payload = text.subspan(6 + 16, length - padding - 18);
  return true;
}

// The lists of key exchange, ciphers, MACs and compressions, of the direction of this side.
bool SshInspector::make_hassh(Side side) {
  const SshHalf& h = session_->half[index_of(side)];
  Bytes payload;
  if (!h.banner_done || !key_exchange(h.text.bytes().subspan(h.banner), payload)) return false;
  made_.clear();
  const bool client = side == kFromClient;
  for (unsigned list = 0; list < 8; ++list) {
    if (payload.size() < 4) return false;
    const std::size_t length = load_big32(payload.data());
    if (payload.size() - 4 < length) return false;
    // 0 key exchange, 1 host keys, then ciphers, MACs, compressions, each c2s and s2c.
    if (list == 0 || (list >= 2 && (list % 2 == 0) == client)) {
      if (list > 0) made_.push_back(';');
      made_.insert(made_.end(), payload.begin() + 4,
                   payload.begin() + 4 + static_cast<std::ptrdiff_t>(length));
    }
    payload = payload.subspan(4 + length);
  }
  return true;
}

BufferView SshInspector::view(InspectBuffer buffer, Side side, unsigned index) {
  BufferView out;
  const InspectBufferInfo& row = info(buffer);
  if (index > 0 || row.layer != AppLayer::Ssh || (row.sides & side) == 0) return out;
  const SshHalf& h = session_->half[index_of(side)];
  if (!h.banner_done) {
    out.state = h.over ? BufferState::Absent : BufferState::NotYet;
    return out;
  }
  if (buffer >= InspectBuffer::SshHassh) {
    if (!h.over) out.state = BufferState::NotYet;
    if (!h.over || !make_hassh(side)) return out;
    out.window.bytes = made_;
    if (buffer == InspectBuffer::SshHassh || buffer == InspectBuffer::SshHasshServer) {
      digest_text_.clear();
      digest_.append_md5(made_, digest_text_);
      out.window.bytes = digest_text_;
    }
    out.state = BufferState::There;
    return out;
  }
  // "SSH-2.0-OpenSSH_9.2 comment"
  std::string_view line = banner_of(h.text.bytes(), h.banner);
  if (!line.starts_with("SSH-")) return out;
  line.remove_prefix(4);
  const std::size_t dash = std::min(line.find('-'), line.size());
  const std::string_view part = buffer == InspectBuffer::SshProtocol
                                    ? line.substr(0, dash)
                                    : line.substr(std::min(dash + 1, line.size()));
  out.state = BufferState::There;
  out.window.bytes = {reinterpret_cast<const std::uint8_t*>(part.data()), part.size()};
  return out;
}

}  // namespace endreason::inspect
