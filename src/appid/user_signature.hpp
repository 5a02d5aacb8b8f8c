// SPDX-License-Identifier: Apache-2.0
// Signatures of the user's own: a session is an application when its port, its host name or bytes
// of its payload say so. In: payload in stream order. Out: the first signature whose conditions
// all hold. A set is constant and shared; the progress of a session belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/app_id.hpp"

namespace endreason {

// Every condition that is given must hold. At least one of port, host and pattern is given.
struct UserSignature {
  std::string app{};  // its name in the log: lower case letters, digits, '-', '.', '_'
  std::optional<std::uint8_t> protocol{};  // IP protocol number; none: TCP and UDP
  std::optional<std::uint16_t> port{};     // of the server
  std::string host{};      // SNI or Host header; "*.example.com" takes every name below example.com
  std::string pattern{};   // bytes, compared as they are
  std::uint32_t offset{};  // of the pattern, counted from the first payload byte of its side
  bool pattern_from_client{true};
};

// What one session has shown so far, a bit a signature.
struct SignatureProgress {
  std::uint64_t possible{};  // not refuted
  std::uint64_t host_seen{};
  std::uint64_t pattern_seen{};
};

class SignatureSet {
 public:
  static constexpr std::size_t kSignaturesMax = 64;  // the bits of SignatureProgress
  static constexpr std::uint32_t kReachMax = 4096;   // how deep into the stream a pattern may lie
  static constexpr std::size_t kNameMax = 31;        // App-ID's own limit for a custom application

  // ids[i] is the application of signatures[i]. An Error names the signature and the remedy.
  static Result<SignatureSet> make(std::span<const UserSignature> signatures,
                                   std::span<const AppId> ids);

  SignatureProgress begin(std::uint8_t protocol, std::uint16_t server_port) const;
  // `at`: where `payload` begins in its side's stream. Nothing before it is missing.
  void see_payload(SignatureProgress& progress, bool from_client, std::uint64_t at,
                   std::span<const std::uint8_t> payload) const;
  void see_host(SignatureProgress& progress, std::string_view host) const;
  // Whether further payload can fulfil one: a pattern has not been reached, and no host is missing.
  bool undecided(const SignatureProgress& progress) const;
  // The application of the first signature that is fulfilled; None so far.
  AppId match(const SignatureProgress& progress) const;

 private:
  struct Compiled {
    UserSignature signature;
    AppId app;
  };
  std::vector<Compiled> signatures_;
  std::uint64_t with_host_{}, with_pattern_{};
};

}  // namespace endreason
