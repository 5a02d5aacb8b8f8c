// SPDX-License-Identifier: Apache-2.0
// Sources: RFC 5246 and RFC 8446 (records, handshake), the public description of JA3 and JA3S by
// their authors.
#include "inspect/tls_inspector.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/byte_order.hpp"
#include "inspect/byte_reader.hpp"
#include "inspect/certificate_names.hpp"
#include "inspect/tls_hello.hpp"

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kChangeCipherSpec = 20, kHandshake = 22, kApplication = 23;
constexpr std::uint8_t kClientHello = 1, kServerHello = 2, kCertificate = 11;
constexpr std::size_t kRecordMax = 16384 + 2048;

constexpr std::uint64_t tls_buffers(Side side, bool certificate) {
  std::uint64_t bits = 0;
  for (const InspectBufferInfo& row : kInspectBuffers) {
    const bool of_certificate =
        row.value >= InspectBuffer::TlsSubject && row.value <= InspectBuffer::TlsSubjectAltName;
    if (row.layer == AppLayer::Tls && (row.sides & side) != 0 && of_certificate == certificate)
      bits |= buffer_bit(row.value);
  }
  return bits;
}

void append_number(unsigned n, std::vector<std::uint8_t>& out) {
  std::array<char, 12> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr;
  out.insert(out.end(), digits.data(), end);
}

// ",4865-4866": numbers of so many bytes each.
void append_list(Bytes bytes, std::size_t width, std::vector<std::uint8_t>& out) {
  out.push_back(',');
  bool first = true;
  for (ByteReader r{bytes}; r.rest.size() >= width;) {
    const unsigned n = r.number(width);
    if (width == 2 && is_tls_grease(n)) continue;
    if (!first) out.push_back('-');
    first = false;
    append_number(n, out);
  }
}

}  // namespace

void TlsInspector::end(TlsSession* session) {
  for (TlsHalf& h : session->half)
    for (ByteBuffer* b : {&h.records, &h.handshake, &h.hello, &h.certificates}) b->clear(pool_);
  sessions_.give_back(session);
}

TlsStep TlsInspector::data(TlsSession& session, Side side, Bytes bytes) {
  session_ = &session;
  TlsHalf& h = session.half[index_of(side)];
  if (h.encrypted || session.stopped) return TlsStep::GoesOn;
  // Records straight out of the bytes where they are whole, else out of the buffer.
  if (!h.records.empty()) {
    if (!h.records.append(pool_, bytes)) return TlsStep::NoMemory;
    bytes = h.records.bytes();
  }
  std::size_t used = 0;
  TlsStep step = TlsStep::GoesOn;
  while (step == TlsStep::GoesOn && bytes.size() - used >= 5 && !h.encrypted) {
    const std::uint8_t type = bytes[used];
    const std::size_t length = load_big16(&bytes[used + 3]);
    if (type < kChangeCipherSpec || type > 24 || bytes[used + 1] != 3 || length > kRecordMax)
      return TlsStep::NotTls;
    if (bytes.size() - used - 5 < length) break;
    step = record(side, type, bytes.subspan(used + 5, length));
    used += 5 + length;
  }
  if (h.encrypted) {
    h.records.clear(pool_);
    return session.half[0].encrypted && session.half[1].encrypted ? TlsStep::Encrypted : step;
  }
  if (!h.records.empty()) {
    h.records.drop_front(used);
  } else if (used < bytes.size() && !h.records.append(pool_, bytes.subspan(used))) {
    return TlsStep::NoMemory;
  }
  return step;
}

TlsStep TlsInspector::record(Side side, std::uint8_t type, Bytes content) {
  TlsHalf& h = session_->half[index_of(side)];
  if (type == kChangeCipherSpec || type == kApplication) {
    h.encrypted = true;
    h.handshake.clear(pool_);
    return TlsStep::GoesOn;
  }
  if (type != kHandshake) return TlsStep::GoesOn;
  if (h.handshake.size() + content.size() > kHandshakeMax) {
    session_->stopped = true;
    return TlsStep::GoesOn;
  }
  if (!h.handshake.append(pool_, content)) return TlsStep::NoMemory;
  return handshake(side);
}

TlsStep TlsInspector::handshake(Side side) {
  TlsHalf& h = session_->half[index_of(side)];
  std::size_t used = 0;
  while (h.handshake.size() - used >= 4) {
    const Bytes all = h.handshake.bytes();
    const std::size_t length = load_big32(&all[used]) & 0xff'ffff;
    if (length + 4 > kHandshakeMax) {
      session_->stopped = true;
      break;
    }
    if (all.size() - used - 4 < length) break;
    const std::uint8_t type = all[used];
    const Bytes body = all.subspan(used + 4, length);
    ByteBuffer* kept = type == kClientHello || type == kServerHello ? &h.hello
                       : type == kCertificate                       ? &h.certificates
                                                                    : nullptr;
    if (kept != nullptr) {
      kept->resize_down(0);
      if (!kept->append(pool_, body)) return TlsStep::NoMemory;
      message(side, type, kept->bytes());
    }
    used += 4 + length;
  }
  h.handshake.drop_front(used);
  return TlsStep::GoesOn;
}

void TlsInspector::message(Side side, std::uint8_t type, Bytes body) {
  TlsHalf& h = session_->half[index_of(side)];
  if (type == kCertificate) {
    look_into(side, tls_buffers(side, true));
    return;
  }
  TlsHello hello;
  if (!read_tls_hello(body, side == kFromClient, hello)) {
    session_->stopped = true;
    return;
  }
  h.seen_hello = true;
  h.version = static_cast<std::uint16_t>(hello.version);
  if (side == kFromServer && hello.versions.size() == 2)
    h.version = load_big16(hello.versions.data());
  look_into(side, tls_buffers(side, false));
}

void TlsInspector::look_into(Side side, std::uint64_t buffers) {
  for (std::uint64_t bits = buffers & evaluator_.set().buffers(); bits != 0; bits &= bits - 1)
    evaluator_.on_buffer(session_->rules, *this, static_cast<InspectBuffer>(std::countr_zero(bits)),
                         side);
}

std::optional<std::int64_t> TlsInspector::number(PacketField field) {
  if (field != PacketField::TlsVersion) return std::nullopt;
  const TlsHalf& server = session_->half[1];
  const TlsHalf& client = session_->half[0];
  if (server.seen_hello) return server.version;
  return client.seen_hello ? std::optional<std::int64_t>(client.version) : std::nullopt;
}

void TlsInspector::make_ja3(const TlsHello& hello) {
  append_number(hello.version, made_);
  append_list(hello.ciphers, 2, made_);
  made_.push_back(',');
  bool first = true;
  for (ByteReader e{hello.extensions}; e.rest.size() >= 4;) {
    const unsigned type = e.number(2);
    e.vector(2);
    if (is_tls_grease(type)) continue;
    if (!first) made_.push_back('-');
    first = false;
    append_number(type, made_);
  }
}

bool TlsInspector::hello_buffer(InspectBuffer buffer, Side side, unsigned index, Bytes& out) {
  TlsHello hello;
  const bool client = side == kFromClient;
  if (!read_tls_hello(session_->half[index_of(side)].hello.bytes(), client, hello)) return false;
  switch (buffer) {
    case InspectBuffer::TlsSni:
      out = hello.server_name;
      return client && !out.empty();
    case InspectBuffer::TlsRandom:
      out = hello.random;
      return true;
    case InspectBuffer::TlsAlpn: {
      ByteReader r{hello.protocols};
      for (unsigned i = 0; !r.rest.empty(); ++i) {
        out = r.vector(1);
        if (i == index) return r.good;
      }
      return false;
    }
    default:
      break;
  }
  if (client != (buffer == InspectBuffer::Ja3Hash || buffer == InspectBuffer::Ja3String))
    return false;
  made_.clear();
  make_ja3(hello);
  if (client) {
    append_list(hello.groups, 2, made_);
    append_list(hello.point_formats, 1, made_);
  }
  out = made_;
  if (buffer == InspectBuffer::Ja3Hash || buffer == InspectBuffer::Ja3sHash) {
    digest_text_.clear();
    digest_.append_md5(made_, digest_text_);
    out = digest_text_;
  }
  return true;
}

bool TlsInspector::certificate_buffer(InspectBuffer buffer, unsigned index, Bytes& out) {
  ByteReader r{session_->half[1].certificates.bytes()};
  ByteReader chain{r.vector(3)};
  const Bytes der = chain.vector(3);
  if (der.empty()) return false;
  const CertificateParts parts = certificate_parts(der);
  made_.clear();
  switch (buffer) {
    case InspectBuffer::TlsSubject:
      append_name(parts.subject, made_);
      break;
    case InspectBuffer::TlsIssuer:
      append_name(parts.issuer, made_);
      break;
    case InspectBuffer::TlsSerial:
      append_serial(parts.serial, made_);
      break;
    case InspectBuffer::TlsFingerprint:
      digest_.append_sha1(der, made_);
      break;
    default: {
      Bytes names = parts.alternative_names;
      for (unsigned i = 0;; ++i) {
        out = next_alternative_name(names);
        if (out.empty()) return false;
        if (i == index) return true;
      }
    }
  }
  out = made_;
  return !out.empty();
}

BufferView TlsInspector::view(InspectBuffer buffer, Side side, unsigned index) {
  BufferView out;
  const InspectBufferInfo& row = info(buffer);
  if (row.layer != AppLayer::Tls || (row.sides & side) == 0) return out;
  if (index > 0 && row.shape != BufferShape::Several) return out;
  const bool certificate =
      buffer >= InspectBuffer::TlsSubject && buffer <= InspectBuffer::TlsSubjectAltName;
  const TlsHalf& h = session_->half[index_of(side)];
  if (certificate ? h.certificates.empty() : !h.seen_hello) {
    out.state = h.encrypted || session_->stopped ? BufferState::Absent : BufferState::NotYet;
    return out;
  }
  Bytes bytes;
  const bool there = certificate ? certificate_buffer(buffer, index, bytes)
                                 : hello_buffer(buffer, side, index, bytes);
  if (!there) return out;
  out.state = BufferState::There;
  out.window.bytes = bytes;
  return out;
}

}  // namespace endreason::inspect
