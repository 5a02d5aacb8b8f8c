// SPDX-License-Identifier: Apache-2.0
// KeyLog: a file of TLS secrets as browsers and libraries write it where SSLKEYLOGFILE is set. In:
// its text. Out: a session's secrets by its client random. Constant once read, shared by threads.
// Source: RFC 9850, "The SSLKEYLOGFILE Format for TLS".
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"

namespace endreason::inspect {

inline constexpr std::size_t kSecretMost = 48;  // SHA-384

struct TlsSecret {
  std::array<std::uint8_t, kSecretMost> bytes{};
  std::uint8_t size{};  // 0: not in the log
};

// Of one session, client's and server's.
struct SessionSecrets {
  std::array<TlsSecret, 2> handshake, application;
};

struct KeyLogCounts {
  std::uint64_t lines{};    // neither empty nor comments; the sum of those below
  std::uint64_t secrets{};  // that can be used here
  std::uint64_t unused{};   // of other labels
  std::uint64_t unreadable{};
};

class KeyLog {
 public:
  static Result<KeyLog> of_file(const std::string& path);
  static KeyLog of_text(std::string_view text);

  // Null: the log has nothing of this session.
  const SessionSecrets* find(std::span<const std::uint8_t> client_random) const;
  std::size_t sessions() const { return sessions_.size(); }
  const KeyLogCounts& counts() const { return counts_; }

 private:
  using Random = std::array<std::uint8_t, 32>;
  struct Hash {
    std::size_t operator()(const Random& random) const;
  };
  void add_line(std::string_view line);

  std::unordered_map<Random, SessionSecrets, Hash> sessions_;
  KeyLogCounts counts_;
};

}  // namespace endreason::inspect
