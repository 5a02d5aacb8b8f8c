// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as the handshake of one session, in any order and from both sides, with a key log
// that is arbitrary too. All memory must come back, and within the limits; what was found must
// stand in the counters.
//
// The first byte is options (SSH, little memory, one place), two more the length of a key log,
// which follows. Then segments, each behind a byte of flags (side, FIN, RST, SYN, a jump in the
// stream, a step back, bytes not captured) and two bytes of length.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "inspect/certificate_check.hpp"
#include "inspect/decryption_inspector.hpp"
#include "inspect/key_log.hpp"
#include "model/protocol.hpp"

namespace {

using namespace endreason;
using namespace endreason::inspect;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t take_number(const std::uint8_t*& at, const std::uint8_t* end) {
  const std::size_t n = static_cast<std::size_t>(at[0]) << 8 | at[1];
  at += 2;
  return std::min(n, static_cast<std::size_t>(end - at));
}

std::shared_ptr<DecryptionSetup> setup_of(std::uint8_t options, std::string_view key_log) {
  static const std::shared_ptr<const TrustStore> trust = *TrustStore::system();
  auto setup = std::make_shared<DecryptionSetup>();
  DecryptionTerms terms;
  terms.kind = (options & 1) != 0 ? DecryptionKind::Ssh : DecryptionKind::Tls;
  terms.min_version = 0x0301;
  terms.blocks = (options & 8) != 0 ? ~std::uint32_t{0} : 0;
  terms.refused_algorithms = (options & 16) != 0 ? cipher_bit(CipherPart::AuthSha1) : CipherParts{};
  setup->terms = {terms};
  setup->trust = trust;
  KeyLog keys = KeyLog::of_text(key_log);
  require(keys.counts().lines ==
          keys.counts().secrets + keys.counts().unused + keys.counts().unreadable);
  setup->keys = std::make_shared<KeyLog>(std::move(keys));
  setup->memory_bytes = (options & 2) != 0 ? 2048 : 1 << 20;
  setup->sessions = (options & 4) != 0 ? 0 : 16;
  return setup;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::uint8_t* at = data + 1;
  const std::uint8_t* const end = data + size;
  const std::size_t log_bytes = take_number(at, end);
  const auto setup = setup_of(data[0], {reinterpret_cast<const char*>(at), log_bytes});
  at += log_bytes;
  DecryptionInspector inspector(setup);
  DecryptionId id{DecryptionId::None};
  std::uint32_t next[2] = {1000, 0xffff'ff00};
  std::uint64_t blocked = 0;
  while (end - at >= 3) {
    const std::uint8_t flags = *at++;
    const std::size_t length = take_number(at, end);
    const auto copy = std::make_unique<std::uint8_t[]>(length);
    if (length > 0) std::memcpy(copy.get(), at, length);
    at += length;
    const bool client = (flags & 1) == 0;
    PacketView p;
    p.protocol = kProtoTcp;
    if ((flags & 0x10) != 0) next[client] += 64;
    if ((flags & 0x20) != 0) next[client] -= 16;
    p.seq = next[client];
    p.ack = next[!client];
    p.tcp_flags = static_cast<std::uint8_t>(kTcpAck | ((flags & 2) != 0 ? kTcpFin : 0) |
                                            ((flags & 4) != 0 ? kTcpRst : 0) |
                                            ((flags & 8) != 0 ? kTcpSyn : 0));
    p.payload = copy.get();
    p.payload_length = static_cast<std::uint32_t>(length + ((flags & 0x80) != 0 ? 3 : 0));
    p.payload_captured = static_cast<std::uint32_t>(length);
    next[client] += p.payload_length;
    p.time_ns = 1'800'000'000'000'000'000 + static_cast<std::int64_t>(length);
    const DecryptionFindings& findings = inspector.step(id, 0, {&p, client, true, false});
    if (findings.blocking() != nullptr) {
      ++blocked;
      require(id == DecryptionId::Settled && !info(findings.blocking()->cause).note);
    }
    require(inspector.memory_used() <= setup->memory_bytes);
  }
  inspector.finish(id);
  require(inspector.memory_used() == 0 && inspector.sessions_used() == 0);
  require(inspector.counters()[DecryptionCounter::Blocked] == blocked && blocked <= 1);
  return 0;
}
