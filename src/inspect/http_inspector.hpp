// SPDX-License-Identifier: Apache-2.0
// HttpInspector: HTTP/1 of one session -> the buffers of its transactions, requests and responses
// side by side, pipelined ones too, bodies out of chunks and compression. Bytes come in stream
// order; what they show goes to the RuleEvaluator. One a thread; sessions borrow their state.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "inspect/block_pool.hpp"
#include "inspect/http_head.hpp"
#include "inspect/inflater.hpp"
#include "inspect/object_pool.hpp"
#include "inspect/rule_evaluator.hpp"

namespace endreason::inspect {

struct HttpLimits {
  std::uint32_t head_bytes = 32 * 1024;          // of a start line and its headers
  std::uint64_t body_bytes = ~std::uint64_t{0};  // of a body, unpacked, that are looked into
  std::size_t sessions = 256 * 1024;             // at once
  std::size_t inflaters = 1024;                  // compressed bodies at once
};

struct HttpCounters {
  std::uint64_t transactions{};
  std::uint64_t heads_too_long{};
  std::uint64_t bodies_cut{};           // longer than is looked into
  std::uint64_t bodies_not_inflated{};  // no inflater was free, or it is no valid compression
  std::uint64_t transactions_lost{};    // more requests without response than are kept
};

// After some bytes: whether the session goes on as HTTP.
enum class HttpStep : std::uint8_t { GoesOn, IsTunnel, NoMemory };

struct HttpTransaction {
  std::array<ByteBuffer, kSides> head;
  std::array<std::uint64_t, kSides> serial{};
  std::array<bool, kSides> head_done{}, done{};
  std::uint32_t number{};
  bool is_head_request{}, is_connect{};
  TransactionRules rules;
};

struct HttpHalf {
  enum class State : std::uint8_t {
    Head,
    Counted,     // a body of known length
    UntilClose,  // a body that the connection's end ends
    ChunkSize,
    ChunkData,
    Trailer,
    Ignored,  // nothing can be known any more
  };
  static constexpr std::size_t kLayersMax = 3;  // compressions within each other

  State state{State::Head};
  bool body_over{}, from_begin{true}, muted{}, closed{}, to_end{};
  std::uint8_t layers{}, bare_deflate{};
  std::uint8_t plain{};             // bit n: what was announced as compression n is none
  std::uint16_t first_byte{0x100};  // of a compressed body of which one byte has come
  std::array<std::uint16_t, kLayersMax> inflaters{Inflaters::kNone, Inflaters::kNone,
                                                  Inflaters::kNone};
  std::uint32_t number{};  // of the message under way
  std::uint32_t fresh{};   // of the window, from where it was not looked at
  std::uint64_t remaining{};
  std::uint64_t body_seen{};
  std::size_t head_scanned{};
  ByteBuffer head, line, window;
};

struct HttpSession {
  static constexpr std::uint32_t kRing = 8;
  std::array<HttpHalf, kSides> half;
  std::array<HttpTransaction*, kRing> ring{};
  std::uint64_t buffers{};           // that rules look into, as bits
  std::uint32_t oldest{}, newest{};  // numbers of transactions that are kept: [oldest, newest)
};

class HttpInspector final : public BufferProvider {
 public:
  using Bytes = std::span<const std::uint8_t>;
  HttpInspector(BlockPool& pool, RuleEvaluator& evaluator, const HttpLimits& limits);

  // Null when there are too many. `buffers`: those that rules look into, as bits.
  HttpSession* begin(std::uint64_t buffers) {
    HttpSession* session = sessions_.take();
    if (session != nullptr) session->buffers = buffers;
    return session;
  }
  // Gives all of it back; look into what is left before, with close().
  void end(HttpSession* session);

  HttpStep data(HttpSession& session, Side side, Bytes bytes);
  // Bytes are missing in the stream.
  void gap(HttpSession& session, Side side, std::uint64_t bytes);
  // The side says no more.
  void close(HttpSession& session, Side side);

  BufferView view(InspectBuffer buffer, Side side, unsigned index) override;

  const HttpCounters& counters() const { return counters_; }
  std::size_t inflaters_used() const { return inflaters_.used(); }

 private:
  static constexpr std::size_t kWindow = 16 * 1024;  // of a body
  static constexpr std::size_t kKept = 2 * 1024;     // of it, when it moves on
  static constexpr std::size_t kLineMax = 256;       // of a chunk's size

  Bytes take_head(Side side, Bytes bytes);
  Bytes take_chunk_size(Side side, Bytes bytes);
  Bytes take_trailer(Side side, Bytes bytes);
  Bytes take_body(Side side, Bytes bytes);
  bool take_line(HttpHalf& half, Bytes& bytes);
  void chunk_size_is_known(Side side);
  void head_is_done(Side side);
  void begin_request_body(HttpHalf& half);
  void begin_response_body(HttpHalf& half);
  void begin_body(Side side);
  void message_is_done(Side side);
  HttpTransaction* transaction(Side side);
  void drop_oldest();
  void body(Side side, Bytes bytes);
  void inflate(Side side, std::size_t layer, Bytes bytes);
  void grow(Side side, Bytes bytes);
  void look_into_body(Side side, bool to_end);
  void look_into_head(Side side);
  void release_body(HttpHalf& half);
  HttpHalf& half(Side side) { return session_->half[index_of(side)]; }

  BlockPool& pool_;
  RuleEvaluator& evaluator_;
  HttpLimits limits_;
  ObjectPool<HttpSession> sessions_;
  ObjectPool<HttpTransaction> transactions_;
  Inflaters inflaters_;
  std::array<HttpHead, kSides> heads_;
  std::uint64_t serial_ = 0;
  HttpSession* session_ = nullptr;
  HttpTransaction* now_ = nullptr;
  bool no_memory_ = false, tunnel_ = false;
  std::array<std::array<std::uint8_t, 16 * 1024>, HttpHalf::kLayersMax> inflated_;
  HttpCounters counters_;
};

}  // namespace endreason::inspect
