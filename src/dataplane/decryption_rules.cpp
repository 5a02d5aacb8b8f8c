// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decryption_rules.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace endreason {
namespace {

using inspect::cause_bit;
using inspect::DecryptionCause;

constexpr std::uint32_t bits_of(auto... causes) {
  return (cause_bit(causes) | ...);
}

// What a check of the profile makes of what is found. Revocation, and a key store that does not
// answer, are not to be seen in packets.
struct CheckedCauses {
  DecryptCheck check;
  std::uint32_t tls, ssh;
};
constexpr auto kCheckedCauses = std::to_array<CheckedCauses>({
    {DecryptCheck::ExpiredCertificate,
     bits_of(DecryptionCause::CertificateExpired, DecryptionCause::CertificateNotYetValid), 0},
    {DecryptCheck::UntrustedIssuer, bits_of(DecryptionCause::UntrustedIssuer), 0},
    {DecryptCheck::ClientCertificate, bits_of(DecryptionCause::ClientCertificate), 0},
    {DecryptCheck::UnsupportedVersion, bits_of(DecryptionCause::UnsupportedVersion),
     bits_of(DecryptionCause::SshVersion)},
    {DecryptCheck::UnsupportedCipher, bits_of(DecryptionCause::UnsupportedCipher),
     bits_of(DecryptionCause::SshAlgorithm)},
    {DecryptCheck::NoResources, bits_of(DecryptionCause::NoResources),
     bits_of(DecryptionCause::NoResources)},
});

// What no proxy can make a session of, whatever the profile says.
constexpr std::uint32_t kAlways =
    bits_of(DecryptionCause::WrongPurpose, DecryptionCause::InvalidCertificate,
            DecryptionCause::AlertOfCertificate, DecryptionCause::AlertOfParameter,
            DecryptionCause::AlertOfError);

std::uint32_t blocks_of(std::uint32_t checks, bool ssh) {
  std::uint32_t blocks = 0;
  for (const CheckedCauses& row : kCheckedCauses)
    if ((checks & DecryptionProfile::bit(row.check)) != 0) blocks |= ssh ? row.ssh : row.tls;
  return blocks;
}

Result<void> apply(const DecryptionProfile& profile, inspect::DecryptionTerms& terms) {
  const bool ssh = terms.kind == inspect::DecryptionKind::Ssh;
  terms.blocks |= blocks_of(ssh              ? profile.ssh_checks
                            : terms.decrypts ? profile.forward_checks
                                             : profile.no_decrypt_checks,
                            ssh);
  terms.min_version = info(profile.min_version).wire;
  terms.max_version = info(profile.max_version).wire;
  for (const std::string& name : profile.disabled_algorithms) {
    const inspect::CipherParts part = inspect::cipher_part_named(name);
    if (part == 0)
      return fail(Error::Code::Usage,
                  fmt::format("decryption profile '{}': nothing is known of the algorithm '{}'; "
                              "they are called as in enc-algo-3des or 3des",
                              profile.name, name));
    terms.refused_algorithms = static_cast<inspect::CipherParts>(terms.refused_algorithms | part);
  }
  return {};
}

}  // namespace

Result<std::vector<inspect::DecryptionTerms>> decryption_terms(const Policy& policy) {
  std::vector<inspect::DecryptionTerms> all;
  for (const DecryptionRule& rule : policy.decryption_rules) {
    inspect::DecryptionTerms terms;
    terms.rule = rule.name;
    terms.kind = rule.type == DecryptType::SshProxy ? inspect::DecryptionKind::Ssh
                                                    : inspect::DecryptionKind::Tls;
    terms.decrypts = rule.decrypt;
    if (rule.decrypt && terms.kind == inspect::DecryptionKind::Tls) terms.blocks = kAlways;
    const auto profile =
        std::ranges::find(policy.decryption_profiles, rule.profile, &DecryptionProfile::name);
    if (!rule.profile.empty() && profile != policy.decryption_profiles.end())
      if (auto done = apply(*profile, terms); !done) return tl::unexpected(done.error());
    all.push_back(std::move(terms));
  }
  return all;
}

}  // namespace endreason
