// SPDX-License-Identifier: Apache-2.0
// Source: RFC 1035 section 4.
#include "inspect/dns_inspector.hpp"

#include <algorithm>

#include "base/byte_order.hpp"

namespace endreason::inspect {
namespace {

constexpr std::size_t kHeader = 12;
constexpr unsigned kJumpsMax = 32;       // compression pointers of one name
constexpr std::size_t kNameMax = 1024;   // bytes of one name as text
constexpr std::size_t kRecordsMax = 64;  // names that are looked at

constexpr std::array kDnsBuffers{InspectBuffer::DnsQuery, InspectBuffer::DnsQueryNames,
                                 InspectBuffer::DnsAnswerNames};

}  // namespace

bool looks_like_dns(std::span<const std::uint8_t> m) {
  if (m.size() < kHeader + 5) return false;
  const unsigned questions = load_big16(&m[4]), opcode = m[2] >> 3 & 15u;
  if (questions == 0 || questions > 16 || opcode > 6 || load_big16(&m[6]) > 512) return false;
  // The first question's labels.
  std::size_t at = kHeader;
  while (at < m.size() && m[at] != 0) {
    if ((m[at] & 0xc0) != 0) return false;
    at += 1u + m[at];
  }
  return at + 5 <= m.size();
}

void DnsInspector::end(DnsSession* session) {
  for (ByteBuffer& b : session->pending) b.clear(pool_);
  sessions_.give_back(session);
}

bool DnsInspector::stream(DnsSession& session, Side side, Bytes bytes) {
  ByteBuffer& pending = session.pending[index_of(side)];
  if (session.lost[index_of(side)]) return true;
  const bool buffered = !pending.empty();
  if (buffered) {
    if (!pending.append(pool_, bytes)) return false;
    bytes = pending.bytes();
  }
  std::size_t used = 0;
  while (bytes.size() - used >= 2) {
    const std::size_t length = load_big16(&bytes[used]);
    if (bytes.size() - used - 2 < length) break;
    message(side, bytes.subspan(used + 2, length));
    used += 2 + length;
  }
  if (buffered) {
    pending.drop_front(used);
    if (pending.empty()) pending.clear(pool_);
    return true;
  }
  return pending.append(pool_, bytes.subspan(used));
}

void DnsInspector::message(Side side, Bytes m) {
  if (m.size() < kHeader) return;
  message_ = m;
  side_ = side;
  evaluator_.set_transaction(number_++);
  TransactionRules rules;
  for (const InspectBuffer buffer : kDnsBuffers) evaluator_.on_buffer(rules, *this, buffer, side);
}

std::size_t DnsInspector::read_name(std::size_t at) {
  name_.clear();
  std::size_t behind = 0;
  for (unsigned jumps = 0; at < message_.size();) {
    const std::uint8_t length = message_[at];
    if (length == 0) return behind != 0 ? behind : at + 1;
    if ((length & 0xc0) == 0xc0) {
      if (at + 2 > message_.size() || ++jumps > kJumpsMax) return 0;
      if (behind == 0) behind = at + 2;
      at = load_big16(&message_[at]) & 0x3fffu;
      continue;
    }
    if ((length & 0xc0) != 0 || at + 1 + length > message_.size() ||
        name_.size() + length + 1 > kNameMax)
      return 0;
    if (!name_.empty()) name_.push_back('.');
    name_.insert(name_.end(), message_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                 message_.begin() + static_cast<std::ptrdiff_t>(at) + 1 + length);
    at += 1u + length;
  }
  return 0;
}

bool DnsInspector::find_name(bool answers, unsigned index, std::uint16_t& type) {
  const std::size_t questions = std::min<std::size_t>(load_big16(&message_[4]), kRecordsMax);
  const std::size_t records = std::min<std::size_t>(load_big16(&message_[6]), kRecordsMax);
  std::size_t at = kHeader;
  for (std::size_t i = 0; i < questions + (answers ? records : 0); ++i) {
    at = read_name(at);
    if (at == 0 || at + 4 > message_.size()) return false;
    type = load_big16(&message_[at]);
    const bool is_answer = i >= questions;
    if (is_answer == answers && i - (answers ? questions : 0) == index) return true;
    at += 4;
    if (!is_answer) continue;
    if (at + 6 > message_.size()) return false;
    at += 6u + load_big16(&message_[at + 4]);
  }
  return false;
}

std::optional<std::int64_t> DnsInspector::number(PacketField field) {
  if (field == PacketField::DnsOpcode) return message_[2] >> 3 & 15;
  if (field == PacketField::DnsRcode) return message_[3] & 15;
  std::uint16_t type = 0;
  if (field != PacketField::DnsRrtype || !find_name(false, 0, type)) return std::nullopt;
  return type;
}

BufferView DnsInspector::view(InspectBuffer buffer, Side side, unsigned index) {
  BufferView out;
  std::uint16_t type = 0;
  if (side != side_ || info(buffer).layer != AppLayer::Dns) return out;
  if (!find_name(buffer == InspectBuffer::DnsAnswerNames, index, type)) return out;
  out.state = BufferState::There;
  out.window.bytes = name_;
  return out;
}

}  // namespace endreason::inspect
