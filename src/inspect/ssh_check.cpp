// SPDX-License-Identifier: Apache-2.0
// Sources: RFC 4253 sections 4.2, 5 and 7.1; RFC 8758, RFC 9142 and RFC 8709 for what is weak.
#include "inspect/ssh_check.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/byte_order.hpp"
#include "inspect/byte_reader.hpp"

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;
constexpr std::uint8_t kKexInit = 20;
constexpr std::size_t kBannerMost = 255, kLists = 8;

// What the lists of an offer are about, in their order. 0: a list that is not judged.
struct AgreedList {
  std::string_view what;
  bool is_mac;
};
constexpr std::array<AgreedList, kLists> kAgreedLists{{{"key exchange", false},
                                                       {"host key", false},
                                                       {"cipher of the client", false},
                                                       {"cipher of the server", false},
                                                       {"MAC of the client", true},
                                                       {"MAC of the server", true},
                                                       {"", false},
                                                       {"", false}}};

// Algorithms that are given up as too weak, and those that a profile may leave out.
struct SshAlgorithmFacts {
  std::string_view name;
  CipherParts part;  // the profile's word for it
  bool weak;
};
constexpr auto kSshAlgorithms = std::to_array<SshAlgorithmFacts>({
    {"diffie-hellman-group1-sha1", cipher_bit(CipherPart::AuthSha1), true},
    {"diffie-hellman-group14-sha1", cipher_bit(CipherPart::AuthSha1), false},
    {"diffie-hellman-group-exchange-sha1", cipher_bit(CipherPart::AuthSha1), true},
    {"rsa1024-sha1", cipher_bit(CipherPart::AuthSha1), true},
    {"ssh-dss", cipher_bit(CipherPart::AuthSha1), true},
    {"ssh-rsa", cipher_bit(CipherPart::AuthSha1), false},
    {"3des-cbc", cipher_bit(CipherPart::Enc3des), false},
    {"arcfour", cipher_bit(CipherPart::EncRc4), true},
    {"arcfour128", cipher_bit(CipherPart::EncRc4), true},
    {"arcfour256", cipher_bit(CipherPart::EncRc4), true},
    {"blowfish-cbc", 0, true},
    {"cast128-cbc", 0, true},
    {"des-cbc", 0, true},
    {"idea-cbc", 0, true},
    {"none", 0, true},
    {"aes128-cbc", cipher_bit(CipherPart::EncAes128Cbc), false},
    {"aes256-cbc", cipher_bit(CipherPart::EncAes256Cbc), false},
    {"rijndael-cbc@lysator.liu.se", cipher_bit(CipherPart::EncAes256Cbc), false},
    {"aes128-gcm@openssh.com", cipher_bit(CipherPart::EncAes128Gcm), false},
    {"aes256-gcm@openssh.com", cipher_bit(CipherPart::EncAes256Gcm), false},
    {"chacha20-poly1305@openssh.com", cipher_bit(CipherPart::EncChacha20), false},
    {"hmac-md5", cipher_bit(CipherPart::AuthMd5), true},
    {"hmac-md5-96", cipher_bit(CipherPart::AuthMd5), true},
    {"hmac-md5-etm@openssh.com", cipher_bit(CipherPart::AuthMd5), true},
    {"hmac-md5-96-etm@openssh.com", cipher_bit(CipherPart::AuthMd5), true},
    {"hmac-sha1", cipher_bit(CipherPart::AuthSha1), false},
    {"hmac-sha1-96", cipher_bit(CipherPart::AuthSha1), false},
    {"hmac-sha1-etm@openssh.com", cipher_bit(CipherPart::AuthSha1), false},
    {"hmac-sha2-256", cipher_bit(CipherPart::AuthSha256), false},
    {"hmac-sha2-256-etm@openssh.com", cipher_bit(CipherPart::AuthSha256), false},
});

// Ciphers that bring their own authentication: the MAC of that direction is not used.
bool has_own_mac(std::string_view cipher) {
  return cipher.ends_with("-gcm@openssh.com") || cipher == "chacha20-poly1305@openssh.com";
}

std::string_view next_name(std::string_view& list) {
  const std::size_t end = std::min(list.find(','), list.size());
  const std::string_view name = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return name;
}

bool names(std::string_view list, std::string_view wanted) {
  while (!list.empty())
    if (next_name(list) == wanted) return true;
  return false;
}

// The first of the client's that the server has too.
std::string_view agreed(std::string_view client, std::string_view server) {
  while (!client.empty())
    if (const std::string_view name = next_name(client); names(server, name)) return name;
  return {};
}

enum class Packet : std::uint8_t { NotYet, There, None };

// The payload of an offer behind the banner, from its lists on.
Packet offer(Bytes text, Bytes& lists) {
  if (text.size() < 6) return Packet::NotYet;
  const std::size_t length = load_big32(text.data());
  if (length < 18 || length > SshCheck::kTextMost || text[5] != kKexInit) return Packet::None;
  if (text.size() - 4 < length) return Packet::NotYet;
  const std::size_t padding = text[4];
  if (padding + 18 > length) return Packet::None;
  lists = text.subspan(6 + 16, length - padding - 18);
  return Packet::There;
}

using Lists = std::array<std::string_view, kLists>;

bool read_lists(const SshCheckHalf& half, Lists& lists) {
  Bytes payload;
  if (offer(half.text.bytes().subspan(half.banner), payload) != Packet::There) return false;
  ByteReader r{payload};
  for (std::string_view& list : lists) {
    const Bytes bytes = r.vector(4);
    list = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  return r.good;
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 64));
  for (char& c : out)
    if (c < ' ' || c > '~') c = '?';
  return out;
}

}  // namespace

void SshCheck::release(SshCheckState& state) {
  for (SshCheckHalf& h : state.half) h.text.clear(pool_);
}

CheckStep SshCheck::data(SshCheckState& state, const DecryptionTerms& terms, bool from_client,
                         Bytes bytes, DecryptionFindings& findings) {
  SshCheckHalf& h = state.half[from_client ? 0 : 1];
  if (h.offered) return CheckStep::GoesOn;
  if (h.text.size() + bytes.size() > kTextMost) return CheckStep::NotOurs;
  if (!h.text.append(pool_, bytes)) return CheckStep::NoMemory;
  if (h.banner == 0 && !banner(h, terms, from_client, findings))
    return h.text.size() > kBannerMost ? CheckStep::NotOurs : CheckStep::GoesOn;
  Bytes payload;
  switch (offer(h.text.bytes().subspan(h.banner), payload)) {
    case Packet::NotYet:
      return CheckStep::GoesOn;
    case Packet::None:
      return CheckStep::NotOurs;
    case Packet::There:
      h.offered = true;
  }
  if (!state.half[0].offered || !state.half[1].offered) return CheckStep::GoesOn;
  agree(state, terms, findings);
  return CheckStep::Over;
}

// "SSH-2.0-OpenSSH_9.2"; 1.99 is a server that speaks both 1 and 2. True: it is there.
bool SshCheck::banner(SshCheckHalf& half, const DecryptionTerms& terms, bool from_client,
                      DecryptionFindings& findings) const {
  const Bytes text = half.text.bytes();
  const auto newline = std::find(text.begin(), text.end(), std::uint8_t{'\n'});
  if (newline == text.end()) return false;
  half.banner = static_cast<std::uint32_t>(newline - text.begin()) + 1;
  std::string_view line(reinterpret_cast<const char*>(text.data()), half.banner);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (!line.starts_with("SSH-2.") && !line.starts_with("SSH-1.99-"))
    findings.add(DecryptionCause::SshVersion, terms, from_client,
                 fmt::format("the {} speaks {}, which is not version 2",
                             from_client ? "client" : "server", printable(line)));
  return true;
}

void SshCheck::agree(const SshCheckState& state, const DecryptionTerms& terms,
                     DecryptionFindings& findings) const {
  Lists client, server;
  if (!read_lists(state.half[0], client) || !read_lists(state.half[1], server)) return;
  std::array<std::string_view, kLists> chosen;
  for (std::size_t i = 0; i < kLists; ++i) {
    chosen[i] = agreed(client[i], server[i]);
    const AgreedList& list = kAgreedLists[i];
    if (list.what.empty() || (list.is_mac && has_own_mac(chosen[i - 2]))) continue;
    if (chosen[i].empty()) {
      findings.add(DecryptionCause::SshAlgorithm, terms, false,
                   fmt::format("client and server have no {} in common", list.what));
      continue;
    }
    const auto facts =
        std::find_if(kSshAlgorithms.begin(), kSshAlgorithms.end(),
                     [&](const SshAlgorithmFacts& f) { return f.name == chosen[i]; });
    if (facts == kSshAlgorithms.end()) continue;
    if (facts->weak)
      findings.add(DecryptionCause::SshAlgorithm, terms, false,
                   fmt::format("the {} is {}, which is given up as weak", list.what, facts->name));
    else if ((facts->part & terms.refused_algorithms) != 0)
      findings.add(
          DecryptionCause::SshAlgorithm, terms, false,
          fmt::format("the {} is {}, which the profile leaves out", list.what, facts->name));
  }
}

}  // namespace endreason::inspect
