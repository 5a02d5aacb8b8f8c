// SPDX-License-Identifier: Apache-2.0
#include "appid/user_signature.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "model/protocol.hpp"

namespace endreason {

namespace {

constexpr std::uint64_t bit(std::size_t i) {
  return std::uint64_t{1} << i;
}

template <class Visit>
void for_each_bit(std::uint64_t bits, Visit visit) {
  for (; bits != 0; bits &= bits - 1) visit(static_cast<std::size_t>(std::countr_zero(bits)));
}

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool host_matches(std::string_view wanted, std::string_view host) {
  if (wanted.starts_with("*.")) {
    wanted.remove_prefix(1);  // keeps the dot: "*.example.com" is not "badexample.com"
    if (host.size() <= wanted.size()) return false;
    host = host.substr(host.size() - wanted.size());
  }
  return std::ranges::equal(wanted, host, {}, lower, lower);
}

Result<bool> check(const UserSignature& s, std::size_t number) {
  const auto wrong = [&](std::string_view what) {
    return fail(Error::Code::Usage,
                fmt::format("user application {} ('{}'): {}", number + 1, s.app, what));
  };
  if (s.app.empty() || s.app.size() > SignatureSet::kNameMax || !std::ranges::all_of(s.app, plain))
    return wrong(
        "a name has 1 to 31 lower case letters, digits, '-', '.' or '_'; choose such a one");
  if (!s.port && s.host.empty() && s.pattern.empty())
    return wrong("it has no condition; give a port, a host or a pattern");
  if (s.protocol && *s.protocol != kProtoTcp && *s.protocol != kProtoUdp)
    return wrong(
        "signatures look at TCP and UDP only; set protocol to tcp or udp, or leave it out");
  if (!s.pattern.empty() && s.offset + s.pattern.size() > SignatureSet::kReachMax)
    return wrong("the pattern ends behind the first 4096 bytes; choose one that lies before");
  return true;
}

}  // namespace

Result<SignatureSet> SignatureSet::make(std::span<const UserSignature> signatures,
                                        std::span<const AppId> ids) {
  if (signatures.size() > kSignaturesMax)
    return fail(Error::Code::Usage,
                fmt::format("user applications: {} of them, and 64 is the most; leave some out",
                            signatures.size()));
  SignatureSet set;
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    if (const auto good = check(signatures[i], i); !good) return tl::unexpected(good.error());
    if (!signatures[i].host.empty()) set.with_host_ |= bit(i);
    if (!signatures[i].pattern.empty()) set.with_pattern_ |= bit(i);
    set.signatures_.push_back({signatures[i], ids[i]});
  }
  return set;
}

SignatureProgress SignatureSet::begin(std::uint8_t protocol, std::uint16_t server_port) const {
  SignatureProgress progress;
  for (std::size_t i = 0; i < signatures_.size(); ++i) {
    const UserSignature& s = signatures_[i].signature;
    if (s.protocol.value_or(protocol) == protocol && s.port.value_or(server_port) == server_port)
      progress.possible |= bit(i);
  }
  return progress;
}

void SignatureSet::see_payload(SignatureProgress& progress, bool from_client, std::uint64_t at,
                               std::span<const std::uint8_t> payload) const {
  if (at >= kReachMax) return;
  for_each_bit(progress.possible & with_pattern_ & ~progress.pattern_seen, [&](std::size_t i) {
    const UserSignature& s = signatures_[i].signature;
    if (s.pattern_from_client != from_client) return;
    const std::uint64_t end = s.offset + s.pattern.size();
    const std::uint64_t from = std::max<std::uint64_t>(at, s.offset);
    const std::uint64_t to = std::min<std::uint64_t>(at + payload.size(), end);
    if (from >= to) return;
    if (std::memcmp(payload.data() + (from - at), s.pattern.data() + (from - s.offset),
                    to - from) != 0)
      progress.possible &= ~bit(i);
    else if (to == end)
      progress.pattern_seen |= bit(i);
  });
}

void SignatureSet::see_host(SignatureProgress& progress, std::string_view host) const {
  for_each_bit(progress.possible & with_host_ & ~progress.host_seen, [&](std::size_t i) {
    if (host_matches(signatures_[i].signature.host, host)) progress.host_seen |= bit(i);
  });
}

bool SignatureSet::undecided(const SignatureProgress& progress) const {
  const std::uint64_t host_settled = progress.host_seen | ~with_host_;
  return (progress.possible & with_pattern_ & ~progress.pattern_seen & host_settled) != 0;
}

AppId SignatureSet::match(const SignatureProgress& progress) const {
  const std::uint64_t fulfilled = progress.possible & (progress.host_seen | ~with_host_) &
                                  (progress.pattern_seen | ~with_pattern_);
  if (fulfilled == 0) return AppId::None;
  return signatures_[static_cast<std::size_t>(std::countr_zero(fulfilled))].app;
}

}  // namespace endreason
