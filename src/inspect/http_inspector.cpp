// SPDX-License-Identifier: Apache-2.0
#include "inspect/http_inspector.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint64_t http_buffers(Side side, bool growing) {
  std::uint64_t bits = 0;
  for (const InspectBufferInfo& row : kInspectBuffers)
    if (row.layer == AppLayer::Http && (row.sides & side) != 0 &&
        (row.shape == BufferShape::Growing) == growing)
      bits |= buffer_bit(row.value);
  return bits;
}
constexpr std::array<std::uint64_t, kSides> kHeadBuffers{http_buffers(kFromClient, false),
                                                         http_buffers(kFromServer, false)};
constexpr std::array<std::uint64_t, kSides> kBodyBuffers{http_buffers(kFromClient, true),
                                                         http_buffers(kFromServer, true)};

bool skipped_before_size(std::uint8_t c) {
  return c == ' ' || c == '\0' || (c >= '\t' && c <= '\r');
}

// The size in front of a chunk; what stands behind its digits is an extension or nonsense.
bool read_chunk_size(Bytes line, std::uint64_t& size) {
  std::size_t i = 0;
  while (i < line.size() && skipped_before_size(line[i])) ++i;
  std::size_t digits = 0;
  for (size = 0; i < line.size(); ++i, ++digits) {
    unsigned d = line[i] - unsigned{'0'};
    if (d > 9) {
      d = (line[i] | 0x20u) - unsigned{'a'};
      if (d > 5) break;
      d += 10;
    }
    if (size >> 56 != 0) return false;
    size = size << 4 | d;
  }
  return digits > 0;
}

bool says_http(Bytes head) {
  std::size_t i = 0;
  while (i < head.size() && skipped_before_size(head[i])) ++i;
  static constexpr std::string_view kWord = "http";
  for (std::size_t k = 0; k < kWord.size(); ++k)
    if (i + k >= head.size() || (head[i + k] | 0x20) != kWord[k]) return false;
  return true;
}

}  // namespace

HttpInspector::HttpInspector(BlockPool& pool, RuleEvaluator& evaluator, const HttpLimits& limits)
    : pool_(pool),
      evaluator_(evaluator),
      limits_(limits),
      sessions_(limits.sessions),
      transactions_(limits.sessions * 2),
      inflaters_(limits.inflaters) {}

void HttpInspector::end(HttpSession* session) {
  for (HttpHalf& h : session->half) {
    release_body(h);
    h.head.clear(pool_);
    h.line.clear(pool_);
  }
  session_ = session;
  while (session->oldest != session->newest) drop_oldest();
  session_ = nullptr;
  sessions_.give_back(session);
}

void HttpInspector::release_body(HttpHalf& h) {
  h.window.clear(pool_);
  for (std::uint16_t& i : h.inflaters) {
    if (i != Inflaters::kNone) inflaters_.give_back(i);
    i = Inflaters::kNone;
  }
  h.first_byte = 0x100;
  h.layers = h.plain = 0;
}

void HttpInspector::drop_oldest() {
  HttpTransaction*& t = session_->ring[session_->oldest++ % HttpSession::kRing];
  if (t == nullptr) return;
  for (ByteBuffer& head : t->head) head.clear(pool_);
  transactions_.give_back(t);
  t = nullptr;
}

// The transaction that this side's message belongs to.
HttpTransaction* HttpInspector::transaction(Side side) {
  HttpHalf& h = half(side);
  if (h.number < session_->oldest) return nullptr;
  while (session_->newest <= h.number) {
    if (session_->newest - session_->oldest == HttpSession::kRing) {
      ++counters_.transactions_lost;
      drop_oldest();
    }
    HttpTransaction* t = transactions_.take();
    if (t == nullptr) {
      no_memory_ = true;
      return nullptr;
    }
    ++counters_.transactions;
    t->number = session_->newest;
    session_->ring[session_->newest++ % HttpSession::kRing] = t;
  }
  return session_->ring[h.number % HttpSession::kRing];
}

HttpStep HttpInspector::data(HttpSession& session, Side side, Bytes bytes) {
  session_ = &session;
  no_memory_ = tunnel_ = false;
  HttpHalf& h = half(side);
  while (!bytes.empty() && !no_memory_ && !tunnel_) {
    switch (h.state) {
      case HttpHalf::State::Head:
        bytes = take_head(side, bytes);
        break;
      case HttpHalf::State::ChunkSize:
        bytes = take_chunk_size(side, bytes);
        break;
      case HttpHalf::State::Trailer:
        bytes = take_trailer(side, bytes);
        break;
      case HttpHalf::State::Ignored:
        bytes = {};
        break;
      default:
        bytes = take_body(side, bytes);
    }
  }
  if (!no_memory_ && h.window.size() > h.fresh) look_into_body(side, false);
  return no_memory_ ? HttpStep::NoMemory : tunnel_ ? HttpStep::IsTunnel : HttpStep::GoesOn;
}

Bytes HttpInspector::take_head(Side side, Bytes bytes) {
  HttpHalf& h = half(side);
  const std::size_t before = h.head.size();
  // A response that does not begin like one is a body without a head, as HTTP/0.9 has it.
  if (side == kFromServer && before == 0 && bytes.size() >= 16 && !says_http(bytes) &&
      h.number < session_->newest) {
    HttpTransaction* t = transaction(side);
    if (t == nullptr) return {};
    t->head_done[index_of(side)] = true;
    t->serial[index_of(side)] = ++serial_;
    begin_body(side);
    h.state = HttpHalf::State::UntilClose;
    return bytes;
  }
  const std::size_t room = limits_.head_bytes - std::min<std::size_t>(before, limits_.head_bytes);
  const Bytes piece = bytes.first(std::min(bytes.size(), room));
  if (!h.head.append(pool_, piece)) {
    no_memory_ = true;
    return {};
  }
  const std::size_t end = http_head_end(h.head.bytes(), false, h.head_scanned);
  if (end == 0) {
    if (piece.size() == bytes.size()) return {};
    ++counters_.heads_too_long;
    h.head.clear(pool_);
    h.state = HttpHalf::State::Ignored;
    return {};
  }
  h.head.resize_down(end);
  head_is_done(side);
  return bytes.subspan(end - before);
}

void HttpInspector::head_is_done(Side side) {
  HttpHalf& h = half(side);
  h.head_scanned = 0;
  HttpTransaction* t = transaction(side);
  if (t == nullptr) {
    h.head.clear(pool_);
    h.state = HttpHalf::State::Ignored;
    return;
  }
  const std::size_t s = index_of(side);
  t->head[s].clear(pool_);
  std::swap(t->head[s], h.head);
  t->serial[s] = ++serial_;
  heads_[s].load(t->head[s].bytes(), side == kFromClient, serial_);
  const unsigned status = heads_[s].status();
  // 100 and the like announce the response proper.
  if (side == kFromServer && status >= 100 && status < 200 && status != 101) return;
  t->head_done[s] = true;
  begin_body(side);
  if (side == kFromClient) {
    t->is_head_request = heads_[s].method() == "HEAD";
    t->is_connect = heads_[s].method() == "CONNECT";
    begin_request_body(h);
  } else {
    begin_response_body(h);
    if (t->is_head_request) h.state = HttpHalf::State::Head;
    tunnel_ = status == 101 || (t->is_connect && status >= 200 && status < 300);
  }
  look_into_head(side);
  if (h.state == HttpHalf::State::Head && !tunnel_) message_is_done(side);
}

void HttpInspector::begin_body(Side side) {
  HttpHalf& h = half(side);
  release_body(h);
  h.body_over = h.to_end = false;
  h.from_begin = true;
  h.fresh = 0;
  h.body_seen = 0;
  h.muted = (session_->buffers & kBodyBuffers[index_of(side)]) == 0;
}

void HttpInspector::begin_request_body(HttpHalf& h) {
  const HttpHead& head = heads_[0];
  h.layers =
      static_cast<std::uint8_t>(std::min<std::size_t>(head.compressions(), HttpHalf::kLayersMax));
  h.bare_deflate = static_cast<std::uint8_t>(head.bare_deflate());
  h.remaining = head.content_length().value_or(0);
  h.state = head.chunked()    ? HttpHalf::State::ChunkSize
            : h.remaining > 0 ? HttpHalf::State::Counted
                              : HttpHalf::State::Head;
}

void HttpInspector::begin_response_body(HttpHalf& h) {
  const HttpHead& head = heads_[1];
  h.layers =
      static_cast<std::uint8_t>(std::min<std::size_t>(head.compressions(), HttpHalf::kLayersMax));
  h.bare_deflate = static_cast<std::uint8_t>(head.bare_deflate());
  h.remaining = head.content_length().value_or(0);
  const bool bare = head.status() == 204 || head.status() == 304;
  if (head.chunked())
    h.state = HttpHalf::State::ChunkSize;
  else if (head.content_length())
    h.state = h.remaining > 0 ? HttpHalf::State::Counted : HttpHalf::State::Head;
  else
    h.state = bare ? HttpHalf::State::Head : HttpHalf::State::UntilClose;
}

bool HttpInspector::take_line(HttpHalf& h, Bytes& bytes) {
  const auto newline = std::find(bytes.begin(), bytes.end(), std::uint8_t{'\n'});
  const bool whole = newline != bytes.end();
  std::size_t length = static_cast<std::size_t>(newline - bytes.begin()) + (whole ? 1 : 0);
  const std::size_t room = kLineMax - std::min<std::size_t>(h.line.size(), kLineMax);
  const bool too_long = length > room;
  length = std::min(length, room);
  if (!h.line.append(pool_, bytes.first(length))) no_memory_ = true;
  bytes = bytes.subspan(length);
  return whole || too_long;
}

Bytes HttpInspector::take_chunk_size(Side side, Bytes bytes) {
  HttpHalf& h = half(side);
  if (!take_line(h, bytes) || no_memory_) return bytes;
  const Bytes line = h.line.bytes();
  if (std::all_of(line.begin(), line.end(), skipped_before_size)) {
    h.line.resize_down(0);
    return bytes;
  }
  chunk_size_is_known(side);
  return bytes;
}

void HttpInspector::chunk_size_is_known(Side side) {
  HttpHalf& h = half(side);
  std::uint64_t size = 0;
  if (!read_chunk_size(h.line.bytes(), size)) {
    // Not in chunks, whatever the headers say: browsers show such a body as it is.
    h.state = side == kFromServer ? HttpHalf::State::UntilClose : HttpHalf::State::Ignored;
    if (side == kFromServer) body(side, h.line.bytes());
    h.line.clear(pool_);
    return;
  }
  h.line.clear(pool_);
  h.remaining = size;
  h.state = size == 0 ? HttpHalf::State::Trailer : HttpHalf::State::ChunkData;
}

Bytes HttpInspector::take_trailer(Side side, Bytes bytes) {
  HttpHalf& h = half(side);
  if (!take_line(h, bytes) || no_memory_) return bytes;
  const Bytes line = h.line.bytes();
  const bool empty = std::all_of(line.begin(), line.end(), skipped_before_size);
  h.line.clear(pool_);
  if (empty) message_is_done(side);
  return bytes;
}

Bytes HttpInspector::take_body(Side side, Bytes bytes) {
  HttpHalf& h = half(side);
  if (h.state == HttpHalf::State::UntilClose) {
    body(side, bytes);
    return {};
  }
  const std::size_t n = std::min<std::uint64_t>(h.remaining, bytes.size());
  body(side, bytes.first(n));
  h.remaining -= n;
  if (h.remaining == 0) {
    const Bytes rest = bytes.subspan(n);
    // More than was announced: what begins no response is shown as a part of this one.
    if (h.state == HttpHalf::State::Counted && side == kFromServer && !rest.empty() &&
        !says_http(rest.first(std::min<std::size_t>(rest.size(), 64))))
      h.state = HttpHalf::State::UntilClose;
    else if (h.state == HttpHalf::State::Counted)
      message_is_done(side);
    else
      h.state = HttpHalf::State::ChunkSize;
  }
  return bytes.subspan(n);
}

void HttpInspector::message_is_done(Side side) {
  HttpHalf& h = half(side);
  if (h.first_byte < 0x100) {  // one byte is no compression
    const auto byte = static_cast<std::uint8_t>(h.first_byte);
    h.first_byte = 0x100;
    grow(side, {&byte, 1});
  }
  h.body_over = true;
  if (h.number >= session_->oldest && h.number < session_->newest) {
    look_into_body(side, true);
    session_->ring[h.number % HttpSession::kRing]->done[index_of(side)] = true;
  }
  release_body(h);
  ++h.number;
  h.state = HttpHalf::State::Head;
  while (session_->oldest != session_->newest) {
    const HttpTransaction* t = session_->ring[session_->oldest % HttpSession::kRing];
    if (!t->done[0] || !t->done[1]) break;
    drop_oldest();
  }
}

void HttpInspector::body(Side side, Bytes bytes) {
  HttpHalf& h = half(side);
  if (bytes.empty() || h.muted) return;
  if (h.layers == 0) {
    grow(side, bytes);
    return;
  }
  // The first two bytes tell the kind of compression; they may come one by one.
  if (h.inflaters[0] == Inflaters::kNone) {
    std::array<std::uint8_t, 2> first{};
    if (h.first_byte < 0x100) {
      first = {static_cast<std::uint8_t>(h.first_byte), bytes[0]};
      h.first_byte = 0x100;
      inflate(side, 0, first);
      bytes = bytes.subspan(1);
    } else if (bytes.size() == 1) {
      h.first_byte = bytes[0];
      return;
    }
  }
  if (!bytes.empty()) inflate(side, 0, bytes);
}

void HttpInspector::inflate(Side side, std::size_t layer, Bytes bytes) {
  HttpHalf& h = half(side);
  if (layer >= h.layers) {
    grow(side, bytes);
    return;
  }
  if ((h.plain & 1u << layer) != 0) {
    inflate(side, layer + 1, bytes);
    return;
  }
  std::uint16_t& inflater = h.inflaters[layer];
  if (inflater == Inflaters::kNone) {
    inflater = inflaters_.take((h.bare_deflate & 1u << layer) != 0);
    if (inflater == Inflaters::kNone) {
      ++counters_.bodies_not_inflated;
      h.layers = static_cast<std::uint8_t>(layer);
      grow(side, bytes);
      return;
    }
  }
  while (!bytes.empty() && !h.muted && !no_memory_) {
    const InflateStep step = inflaters_.step(inflater, bytes, inflated_[layer]);
    if (step.made > 0) inflate(side, layer + 1, Bytes(inflated_[layer]).first(step.made));
    if (layer >= h.layers) return;  // an inner layer gave up
    bytes = bytes.subspan(step.used);
    if (step.status == InflateStatus::Failed) {
      // As clients do, what cannot be unpacked is taken as it is.
      ++counters_.bodies_not_inflated;
      h.plain = static_cast<std::uint8_t>(h.plain | 1u << layer);
      inflate(side, layer + 1, bytes);
      return;
    }
    if (step.status == InflateStatus::Ended) {
      grow(side, bytes);
      return;
    }
    if (step.made == 0 && step.used == 0) return;
  }
}

void HttpInspector::grow(Side side, Bytes bytes) {
  HttpHalf& h = half(side);
  while (!bytes.empty() && !h.muted) {
    const std::size_t n = std::min(bytes.size(), kWindow - h.window.size());
    if (!h.window.append(pool_, bytes.first(n))) {
      no_memory_ = true;
      return;
    }
    h.body_seen += n;
    bytes = bytes.subspan(n);
    if (h.body_seen > limits_.body_bytes) {
      ++counters_.bodies_cut;
      look_into_body(side, true);
      h.muted = true;
      return;
    }
    if (h.window.size() < kWindow) continue;
    // What is decided at the end of a body is decided here when it has no end in sight.
    look_into_body(side, h.from_begin);
    h.window.drop_front(kWindow - kKept);
    h.fresh = kKept;
    h.from_begin = false;
  }
}

void HttpInspector::look_into_body(Side side, bool to_end) {
  HttpHalf& h = half(side);
  if (h.number < session_->oldest || h.number >= session_->newest) return;
  now_ = session_->ring[h.number % HttpSession::kRing];
  h.to_end = to_end;
  evaluator_.set_transaction(now_->number);
  std::uint64_t bits = session_->buffers & kBodyBuffers[index_of(side)];
  for (; bits != 0; bits &= bits - 1) {
    const auto buffer = static_cast<InspectBuffer>(std::countr_zero(bits));
    const std::size_t overlap = evaluator_.set().buffer_patterns(buffer).longest();
    evaluator_.on_buffer(now_->rules, *this, buffer, side,
                         to_end || h.fresh < overlap ? 0 : h.fresh - overlap);
  }
  h.fresh = static_cast<std::uint32_t>(h.window.size());
  h.to_end = false;
}

void HttpInspector::look_into_head(Side side) {
  HttpHalf& h = half(side);
  now_ = session_->ring[h.number % HttpSession::kRing];
  evaluator_.set_transaction(now_->number);
  for (std::uint64_t bits = session_->buffers & kHeadBuffers[index_of(side)]; bits != 0;
       bits &= bits - 1)
    evaluator_.on_buffer(now_->rules, *this, static_cast<InspectBuffer>(std::countr_zero(bits)),
                         side);
}

BufferView HttpInspector::view(InspectBuffer buffer, Side side, unsigned index) {
  const std::size_t s = index_of(side);
  BufferView out;
  if (info(buffer).shape != BufferShape::Growing) {
    if (!now_->head_done[s]) {
      out.state = now_->done[s] ? BufferState::Absent : BufferState::NotYet;
      return out;
    }
    heads_[s].load(now_->head[s].bytes(), side == kFromClient, now_->serial[s]);
    const auto bytes = heads_[s].buffer(buffer, index);
    if (!bytes) return out;
    out.state = BufferState::There;
    out.window.bytes = *bytes;
    return out;
  }
  if (buffer == InspectBuffer::HttpRequestBody && side != kFromClient) return out;
  if (buffer == InspectBuffer::HttpResponseBody && side != kFromServer) return out;
  const HttpHalf& h = session_->half[s];
  const bool under_way = h.number == now_->number && !now_->done[s];
  if (!under_way || !now_->head_done[s]) {
    out.state = now_->done[s] ? BufferState::Absent : BufferState::NotYet;
    return out;
  }
  if (h.window.empty()) {
    out.state = h.body_over || h.muted ? BufferState::Absent : BufferState::NotYet;
    return out;
  }
  out.state = BufferState::There;
  out.window = {h.window.bytes(), h.from_begin, h.body_over || h.to_end, h.fresh};
  if (out.window.to_end) out.window.fresh = 0;
  return out;
}

void HttpInspector::gap(HttpSession& session, Side side, std::uint64_t bytes) {
  session_ = &session;
  HttpHalf& h = half(side);
  const bool in_body =
      h.state == HttpHalf::State::UntilClose ||
      ((h.state == HttpHalf::State::Counted || h.state == HttpHalf::State::ChunkData) &&
       h.remaining >= bytes);
  if (!in_body) {
    h.state = HttpHalf::State::Ignored;
    return;
  }
  if (h.layers > 0) h.muted = true;  // a decompressor does not get over it
  h.window.clear(pool_);
  h.fresh = 0;
  h.from_begin = false;
  if (h.state == HttpHalf::State::UntilClose) return;
  h.remaining -= bytes;
  if (h.remaining > 0) return;
  if (h.state == HttpHalf::State::Counted)
    message_is_done(side);
  else
    h.state = HttpHalf::State::ChunkSize;
}

void HttpInspector::close(HttpSession& session, Side side) {
  session_ = &session;
  no_memory_ = tunnel_ = false;
  HttpHalf& h = half(side);
  if (h.closed) return;
  h.closed = true;
  if (h.state == HttpHalf::State::Head && !h.head.empty()) {
    const std::size_t end = http_head_end(h.head.bytes(), true, h.head_scanned);
    const Bytes rest = h.head.bytes().subspan(std::min(end, h.head.size()));
    // The head's end may have waited for what follows it.
    std::array<std::uint8_t, 64> body{};
    const std::size_t n = std::min(rest.size(), body.size());
    std::copy_n(rest.begin(), n, body.begin());
    h.head.resize_down(end);
    head_is_done(side);
    if (n > 0 && !tunnel_) data(session, side, Bytes(body).first(n));
  }
  if (h.state == HttpHalf::State::ChunkSize && !h.line.empty()) chunk_size_is_known(side);
  if (h.state != HttpHalf::State::Head && h.state != HttpHalf::State::Ignored)
    message_is_done(side);
}

}  // namespace endreason::inspect
