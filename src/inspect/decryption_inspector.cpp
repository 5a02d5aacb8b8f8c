// SPDX-License-Identifier: Apache-2.0
#include "inspect/decryption_inspector.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "inspect/ssh_check.hpp"
#include "inspect/stream_side.hpp"
#include "inspect/tls_check.hpp"
#include "inspect/tls_prelude.hpp"
#include "model/protocol.hpp"

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::size_t kSlab = 256;            // states that are made at once
constexpr std::uint64_t kDepth = 256 * 1024;  // bytes of a side in which a handshake must be over
constexpr std::string_view kSshBegin = "SSH-";

enum class Speaks : std::uint8_t { Unknown, Tls, Ssh, Neither, Prelude };

// What a side's first bytes begin.
Speaks speaks(Bytes begin) {
  const std::size_t n = std::min(begin.size(), kSshBegin.size());
  if (std::equal(begin.begin(), begin.begin() + static_cast<std::ptrdiff_t>(n), kSshBegin.begin()))
    return n == kSshBegin.size() ? Speaks::Ssh : Speaks::Unknown;
  if (begin[0] != kHandshakeRecord) return Speaks::Neither;
  if (begin.size() < 2) return Speaks::Unknown;
  return begin[1] == 3 ? Speaks::Tls : Speaks::Neither;
}

struct State {
  std::array<StreamSide, 2> stream;
  std::array<ByteBuffer, 2> begin;  // until it is known what they speak
  TlsCheckState tls;
  SshCheckState ssh;
  TlsPrelude prelude;
  Speaks speaks{Speaks::Unknown};
  bool counted{};
  std::uint32_t next_free{};
};

constexpr std::size_t index_of(bool from_client) {
  return from_client ? 0 : 1;
}

}  // namespace

class DecryptionInspector::Parts {
 public:
  explicit Parts(std::shared_ptr<const DecryptionSetup> setup)
      : setup_(std::move(setup)),
        pool_(setup_->memory_bytes),
        tls_(pool_, setup_->trust, setup_->keys),
        ssh_(pool_) {}

  const DecryptionFindings& step(DecryptionId& id, std::uint32_t terms, const InspectedPacket& in) {
    findings_.clear();
    const PacketView& p = *in.packet;
    if (id == DecryptionId::Settled || p.protocol != kProtoTcp) return findings_;
    if (id == DecryptionId::None && p.payload_length == 0 && (p.tcp_flags & kTcpSyn) == 0)
      return findings_;
    terms_ = &setup_->terms[terms];
    State* s = id == DecryptionId::None ? begin(id) : state(id);
    CheckStep step = s != nullptr ? packet(*s, in) : CheckStep::NoMemory;
    // A reset ends what was not over.
    if (step == CheckStep::GoesOn && (p.tcp_flags & kTcpRst) != 0) return cut(id);
    conclude(id, step);
    return findings_;
  }

  const DecryptionFindings& cut(DecryptionId& id) {
    if (state(id) != nullptr && state(id)->counted) counters_.add(DecryptionCounter::CutShort);
    count_findings();
    give_back(id);
    return findings_;
  }

  void finish(DecryptionId& id) {
    findings_.clear();
    cut(id);
  }

  DecryptionCounters& counters() {
    counters_.add(DecryptionCounter::RecordsClosed,
                  tls_.records_closed() - counters_[DecryptionCounter::RecordsClosed]);
    return counters_;
  }
  const DecryptionSetup& setup() const { return *setup_; }
  std::size_t memory_used() const { return pool_.bytes_used(); }
  void set_memory_limit(std::size_t bytes) { pool_.set_limit(bytes); }
  std::size_t sessions_used() const { return used_; }

 private:
  CheckStep packet(State& s, const InspectedPacket& in) {
    const PacketView& p = *in.packet;
    StreamSide& from = s.stream[index_of(in.from_client)];
    StreamSide& to = s.stream[index_of(!in.from_client)];
    std::uint32_t seq = p.seq;
    if ((p.tcp_flags & kTcpSyn) != 0) {
      ++seq;
      if (from.position() == 0) from.begin(seq);
    }
    if ((p.tcp_flags & kTcpAck) != 0) {
      to.acknowledged(p.ack);
      if (to.held_bytes() > 0)
        if (const auto step = deliver_held(s, !in.from_client, p.time_ns);
            step != CheckStep::GoesOn)
          return step;
    }
    const Bytes payload{p.payload, std::min(p.payload_captured, p.payload_length)};
    if (p.payload_length == 0) return CheckStep::GoesOn;
    if (payload.size() < p.payload_length) return gap();
    Bytes in_order;
    std::uint32_t missing = 0;
    switch (from.take(pool_, limits_, seq, payload, in_order, missing)) {
      case StreamSide::Taken::Full:
        return CheckStep::NoMemory;
      case StreamSide::Taken::InOrder:
        break;
      default:
        return CheckStep::GoesOn;
    }
    if (missing > 0) return gap();
    const CheckStep step = deliver(s, in.from_client, in_order, p.time_ns);
    return step == CheckStep::GoesOn ? deliver_held(s, in.from_client, p.time_ns) : step;
  }

  CheckStep gap() {
    counters_.add(DecryptionCounter::Gaps);
    return CheckStep::Over;
  }

  CheckStep deliver_held(State& s, bool from_client, std::int64_t now_ns) {
    StreamSide& stream = s.stream[index_of(from_client)];
    Bytes bytes;
    std::uint32_t missing = 0;
    CheckStep step = CheckStep::GoesOn;
    while (step == CheckStep::GoesOn && stream.next_held(false, bytes, missing)) {
      if (missing > 0) return gap();
      if (!bytes.empty()) step = deliver(s, from_client, bytes, now_ns);
      stream.release_held(pool_);
    }
    return step;
  }

  CheckStep deliver(State& s, bool from_client, Bytes bytes, std::int64_t now_ns) {
    StreamSide& stream = s.stream[index_of(from_client)];
    if (!std::exchange(s.counted, true)) counters_.add(DecryptionCounter::Sessions);
    stream.delivered(bytes.size());
    if (stream.position() > kDepth) return CheckStep::NotOurs;
    if (s.speaks == Speaks::Prelude) return prelude(s, from_client, bytes, now_ns);
    if (s.speaks != Speaks::Unknown) return read(s, from_client, bytes, now_ns);
    ByteBuffer& begin = s.begin[index_of(from_client)];
    if (!begin.append(pool_, bytes)) return CheckStep::NoMemory;
    s.speaks = speaks(begin.bytes());
    if (s.speaks == Speaks::Neither && terms_->kind == DecryptionKind::Tls) {
      s.speaks = Speaks::Prelude;
      const CheckStep step = prelude(s, from_client, begin.bytes(), now_ns);
      begin.clear(pool_);
      return step;
    }
    const bool wanted =
        terms_->kind == DecryptionKind::Tls ? s.speaks == Speaks::Tls : s.speaks == Speaks::Ssh;
    if (s.speaks == Speaks::Unknown) return CheckStep::GoesOn;
    counters_.add(!wanted                   ? DecryptionCounter::Neither
                  : s.speaks == Speaks::Tls ? DecryptionCounter::Tls
                                            : DecryptionCounter::Ssh);
    if (!wanted) return CheckStep::Over;
    // What the sides have said so far, the client first.
    for (const bool client : {true, false}) {
      ByteBuffer& said = s.begin[index_of(client)];
      if (said.empty()) continue;
      const CheckStep step = read(s, client, said.bytes(), now_ns);
      said.clear(pool_);
      if (step != CheckStep::GoesOn) return step;
    }
    return CheckStep::GoesOn;
  }

  // Plain text that may turn to TLS.
  CheckStep prelude(State& s, bool from_client, Bytes bytes, std::int64_t now_ns) {
    std::size_t used = 0;
    switch (s.prelude.data(from_client, bytes, used)) {
      case TlsPrelude::Step::GoesOn:
        return CheckStep::GoesOn;
      case TlsPrelude::Step::IsNone:
        counters_.add(DecryptionCounter::Neither);
        return CheckStep::Over;
      case TlsPrelude::Step::TurnsToTls:
        break;
    }
    counters_.add(DecryptionCounter::Tls);
    s.speaks = Speaks::Tls;
    return used < bytes.size() ? read(s, from_client, bytes.subspan(used), now_ns)
                               : CheckStep::GoesOn;
  }

  CheckStep read(State& s, bool from_client, Bytes bytes, std::int64_t now_ns) {
    if (s.speaks == Speaks::Tls)
      return tls_.data(s.tls, *terms_, from_client, bytes, now_ns, findings_);
    return ssh_.data(s.ssh, *terms_, from_client, bytes, findings_);
  }

  void conclude(DecryptionId& id, CheckStep step) {
    if (step == CheckStep::NotOurs) counters_.add(DecryptionCounter::Unreadable);
    if (step == CheckStep::NoMemory) {
      counters_.add(DecryptionCounter::NoResources);
      findings_.add(DecryptionCause::NoResources, *terms_, true,
                    "the handshake needs more memory or sessions than inspection may use");
    }
    count_findings();
    if (step != CheckStep::GoesOn || findings_.blocking() != nullptr) give_back(id);
  }

  void count_findings() {
    for (const DecryptionFinding& f : findings_.all()) {
      if (f.cause == DecryptionCause::CertificateHidden ||
          f.cause == DecryptionCause::CertificateCompressed)
        counters_.add(DecryptionCounter::Hidden);
      if (f.cause == DecryptionCause::NoCertificate) counters_.add(DecryptionCounter::Without);
      if (f.cause == DecryptionCause::CertificateChecked) counters_.add(DecryptionCounter::Checked);
    }
    if (findings_.blocking() != nullptr) counters_.add(DecryptionCounter::Blocked);
  }

  State* state(DecryptionId id) {
    const auto n = static_cast<std::uint32_t>(id);
    if (n == 0 || id == DecryptionId::Settled) return nullptr;
    return &slabs_[(n - 1) / kSlab][(n - 1) % kSlab];
  }

  State* begin(DecryptionId& id) {
    if (free_ == 0) {
      if (slabs_.size() * kSlab >= setup_->sessions) return nullptr;
      const auto first = static_cast<std::uint32_t>(slabs_.size() * kSlab);
      slabs_.push_back(std::make_unique<State[]>(kSlab));
      for (std::uint32_t i = 0; i < kSlab; ++i)
        slabs_.back()[i].next_free = i + 1 < kSlab ? first + i + 2 : 0;
      free_ = first + 1;
    }
    id = static_cast<DecryptionId>(free_);
    State* s = state(id);
    free_ = s->next_free;
    *s = State();
    ++used_;
    return s;
  }

  void give_back(DecryptionId& id) {
    State* s = state(id);
    if (s != nullptr) {
      for (StreamSide& stream : s->stream) stream.clear(pool_);
      for (ByteBuffer& begin : s->begin) begin.clear(pool_);
      tls_.release(s->tls);
      ssh_.release(s->ssh);
      s->next_free = free_;
      free_ = static_cast<std::uint32_t>(id);
      --used_;
    }
    id = DecryptionId::Settled;
  }

  std::shared_ptr<const DecryptionSetup> setup_;
  StreamLimits limits_{64, 64 * 1024, 0};
  BlockPool pool_;
  TlsCheck tls_;
  SshCheck ssh_;
  DecryptionFindings findings_;
  DecryptionCounters counters_;
  std::vector<std::unique_ptr<State[]>> slabs_;
  const DecryptionTerms* terms_ = nullptr;  // of the call
  std::uint32_t free_ = 0;
  std::size_t used_ = 0;
};

DecryptionInspector::DecryptionInspector(std::shared_ptr<const DecryptionSetup> setup)
    : parts_(std::make_unique<Parts>(std::move(setup))) {}
DecryptionInspector::~DecryptionInspector() = default;

const DecryptionFindings& DecryptionInspector::step(DecryptionId& id, std::uint32_t terms,
                                                    const InspectedPacket& packet) {
  return parts_->step(id, terms, packet);
}
void DecryptionInspector::finish(DecryptionId& id) {
  parts_->finish(id);
}
const DecryptionCounters& DecryptionInspector::counters() const {
  return parts_->counters();
}
const DecryptionSetup& DecryptionInspector::setup() const {
  return parts_->setup();
}
std::size_t DecryptionInspector::memory_used() const {
  return parts_->memory_used();
}
void DecryptionInspector::set_memory_limit(std::size_t bytes) {
  parts_->set_memory_limit(bytes);
}
std::size_t DecryptionInspector::sessions_used() const {
  return parts_->sessions_used();
}

}  // namespace endreason::inspect
