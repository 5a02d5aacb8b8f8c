// SPDX-License-Identifier: Apache-2.0
// Policy: what a firewall's operator has written, as plain values: zones, objects, groups, rules,
// decryption, host services, timers and limits. Filled by the readers of configuration files,
// judged by check_policy(), turned into lookups by CompiledPolicy. Names are kept as written and
// resolved later. Every object knows its line, for messages.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_table.hpp"
#include "model/session_terms.hpp"
#include "model/vocabulary.hpp"

namespace endreason {

using Names = std::vector<std::string>;
inline constexpr std::string_view kAny = "any";
inline constexpr std::string_view kApplicationDefault = "application-default";

// Where something was written; 0 when it comes from nowhere (defaults).
using LineNumber = std::uint32_t;

struct Zone {
  std::string name;
  Names interfaces;
  // What lies behind the zone: captures, which often know no interface, find their zones by it.
  Names subnets;
  Names vlans{};
  LineNumber line{};
};

struct Interface {
  std::string name;
  Names addresses;         // "10.0.0.1/24": the firewall's own address and its network
  std::string management;  // the name of a ManagementProfile; empty: no host service
  LineNumber line{};
};

// --- addresses -----------------------------------------------------------------------------------

// Spellings are the configuration's own. Source: `set address` of the CLI, PAN-OS 10.1 to 11.2.
enum class AddressKind : std::uint8_t { IpNetmask, IpRange, IpWildcard, Fqdn };
struct AddressKindInfo {
  AddressKind value;
  std::string_view log_name;
};
inline constexpr auto kAddressKinds = std::to_array<AddressKindInfo>({
    {AddressKind::IpNetmask, "ip-netmask"},
    {AddressKind::IpRange, "ip-range"},
    {AddressKind::IpWildcard, "ip-wildcard"},
    {AddressKind::Fqdn, "fqdn"},
});
static_assert(rows_in_enum_order(kAddressKinds) && log_names_unique(kAddressKinds));

struct AddressObject {
  std::string name;
  AddressKind kind{AddressKind::IpNetmask};
  std::string value;
  Names resolved;  // of an fqdn: the addresses that it stands for; names are not looked up here
  Names tags;
  LineNumber line{};
};

struct AddressGroup {
  std::string name;
  Names members;       // a static group
  std::string filter;  // a dynamic one: 'tag' and ('other' or 'third')
  LineNumber line{};
};

// A list that the firewall fetches. Here its entries are what the configuration gives.
struct ExternalList {
  std::string name;
  std::string type;  // ip, domain, url, predefined-ip, ...
  std::string url;   // where the firewall fetches it from; nothing is fetched here
  Names entries;
  LineNumber line{};
};

// --- services and applications -------------------------------------------------------------------

struct ServiceObject {
  std::string name;
  std::string protocol;       // tcp, udp, sctp
  std::string port;           // "80,443,1024-2048"
  std::string source_port;    // empty: any
  std::uint32_t timeout_s{};  // 0: the session timer's
  LineNumber line{};
};

struct ObjectGroup {  // of services, or of applications
  std::string name;
  Names members;
  LineNumber line{};
};

struct ApplicationObject {
  std::string name;
  Names ports;              // "tcp/80,443", "udp/dynamic", "icmp/8"; empty with ip_protocol
  std::string ip_protocol;  // identified by the protocol number alone
  std::string deny_action;  // empty: the default; or drop, drop-reset, reset-both, ...
  Names implicit_uses;      // carriers that a rule for this application lets pass meanwhile
  std::string parent;
  std::uint32_t timeout_s{}, tcp_timeout_s{}, udp_timeout_s{};
  LineNumber line{};
};

struct ApplicationFilter {
  std::string name;
  std::vector<std::pair<std::string, std::string>> criteria;  // "subcategory" = "file-sharing"
  Names members;  // the applications that it selects, when the configuration says so
  LineNumber line{};
};

// --- rules ---------------------------------------------------------------------------------------

enum class RuleType : std::uint8_t { Universal, Intrazone, Interzone };
struct RuleTypeInfo {
  RuleType value;
  std::string_view log_name;
};
inline constexpr auto kRuleTypes = std::to_array<RuleTypeInfo>({
    {RuleType::Universal, "universal"},
    {RuleType::Intrazone, "intrazone"},
    {RuleType::Interzone, "interzone"},
});
static_assert(rows_in_enum_order(kRuleTypes) && log_names_unique(kRuleTypes));

// What security and decryption rules match by.
struct RuleMatch {
  Names from{std::string(kAny)}, to{std::string(kAny)};
  Names source{std::string(kAny)}, destination{std::string(kAny)};
  Names source_user{std::string(kAny)};
  Names service{std::string(kAny)};
  Names category{std::string(kAny)};
  bool negate_source = false, negate_destination = false;
};

struct SecurityRule {
  std::string name;
  RuleMatch match;
  Names application{std::string(kAny)};
  Action action = Action::Allow;
  bool icmp_unreachable = false;  // with drop: drop-icmp; with reset-*: for what is not TCP
  RuleType type = RuleType::Universal;
  bool log_start = false, log_end = true;
  bool disabled = false;
  std::vector<std::pair<std::string, std::string>> profiles;  // "virus" = "strict", "group" = "x"
  std::string uuid;         // as the log's column rule_uuid has it; empty: none
  std::string log_setting;  // the log forwarding profile
  std::string description;
  Names tags;
  std::string place;  // where a rule of several rule bases is from: "shared pre", "vsys1"
  LineNumber line{};
};

inline constexpr std::string_view kIntrazoneDefault = "intrazone-default";
inline constexpr std::string_view kInterzoneDefault = "interzone-default";
// As the vendor ships them: neither logs. Source: "Create a Security Policy Rule", 10.2.
SecurityRule default_rule(RuleType type);

// --- decryption ----------------------------------------------------------------------------------

enum class TlsVersion : std::uint8_t { Any, Ssl3, Tls10, Tls11, Tls12, Tls13, Max };
struct TlsVersionInfo {
  TlsVersion value;
  std::string_view log_name;
  std::uint16_t wire;  // as a hello says it; 0: no bound
};
inline constexpr auto kTlsVersions = std::to_array<TlsVersionInfo>({
    {TlsVersion::Any, "any", 0},
    {TlsVersion::Ssl3, "sslv3", 0x0300},
    {TlsVersion::Tls10, "tls1-0", 0x0301},
    {TlsVersion::Tls11, "tls1-1", 0x0302},
    {TlsVersion::Tls12, "tls1-2", 0x0303},
    {TlsVersion::Tls13, "tls1-3", 0x0304},
    {TlsVersion::Max, "max", 0},
});
static_assert(rows_in_enum_order(kTlsVersions) && log_names_unique(kTlsVersions));

// What a decryption profile can refuse. Source: "Objects > Decryption Profile" of the 11.2 help and
// the element names of exported configurations.
enum class DecryptCheck : std::uint8_t {
  ExpiredCertificate,
  UntrustedIssuer,
  UnknownCertStatus,
  TimeoutCertStatus,
  ClientCertificate,
  UnsupportedVersion,
  UnsupportedCipher,
  NoResources,
  HsmUnavailable,
};
struct DecryptCheckInfo {
  DecryptCheck value;
  std::string_view log_name;
  std::string_view meaning;
};
inline constexpr auto kDecryptChecks = std::to_array<DecryptCheckInfo>({
    {DecryptCheck::ExpiredCertificate, "block-expired-certificate", "the certificate has expired"},
    {DecryptCheck::UntrustedIssuer, "block-untrusted-issuer", "nobody trusted has signed it"},
    {DecryptCheck::UnknownCertStatus, "block-unknown-cert", "its revocation is unknown"},
    {DecryptCheck::TimeoutCertStatus, "block-timeout-cert", "its revocation was not answered"},
    {DecryptCheck::ClientCertificate, "block-client-cert", "the server wants a client certificate"},
    {DecryptCheck::UnsupportedVersion, "block-unsupported-version", "a version not in the profile"},
    {DecryptCheck::UnsupportedCipher, "block-unsupported-cipher", "a cipher not in the profile"},
    {DecryptCheck::NoResources, "block-if-no-resource", "no memory to decrypt with"},
    {DecryptCheck::HsmUnavailable, "block-if-hsm-unavailable", "the key store does not answer"},
});
static_assert(rows_in_enum_order(kDecryptChecks) && log_names_unique(kDecryptChecks));

struct DecryptionProfile {
  std::string name;
  TlsVersion min_version{TlsVersion::Tls10}, max_version{TlsVersion::Max};
  std::uint32_t forward_checks{};     // bits of DecryptCheck, ssl-forward-proxy and inbound
  std::uint32_t no_decrypt_checks{};  // ssl-no-proxy: what is not decrypted is checked for these
  std::uint32_t ssh_checks{};         // ssh-proxy
  Names disabled_algorithms;          // "3des", "rc4", "sha1": enc-algo-3des no and so on
  LineNumber line{};

  static constexpr std::uint32_t bit(DecryptCheck c) { return 1u << static_cast<unsigned>(c); }
};

enum class DecryptType : std::uint8_t { SslForwardProxy, SslInboundInspection, SshProxy };
struct DecryptTypeInfo {
  DecryptType value;
  std::string_view log_name;
};
inline constexpr auto kDecryptTypes = std::to_array<DecryptTypeInfo>({
    {DecryptType::SslForwardProxy, "ssl-forward-proxy"},
    {DecryptType::SslInboundInspection, "ssl-inbound-inspection"},
    {DecryptType::SshProxy, "ssh-proxy"},
});
static_assert(rows_in_enum_order(kDecryptTypes) && log_names_unique(kDecryptTypes));

struct DecryptionRule {
  std::string name;
  RuleMatch match;
  bool decrypt = true;  // action decrypt; false: no-decrypt
  DecryptType type = DecryptType::SslForwardProxy;
  std::string profile;
  bool disabled = false;
  std::string place;
  LineNumber line{};
};

// --- the firewall itself -------------------------------------------------------------------------

struct ManagementProfile {  // what an interface's own address answers to
  std::string name;
  Names services;   // of kHostServices
  Names permitted;  // from these addresses alone; empty: from all
  LineNumber line{};
};

struct TimerSetting {
  SessionTimer timer;
  std::uint32_t seconds;
};

struct NamedNumber {  // a limit, by its row in policy_settings.hpp
  std::string name;
  std::uint32_t value;
};

struct Policy {
  std::string source;  // the file that it was read from, for messages
  std::string vsys;
  std::vector<Zone> zones;
  std::vector<Interface> interfaces;
  std::vector<AddressObject> addresses;
  std::vector<AddressGroup> address_groups;
  std::vector<ExternalList> external_lists;
  std::vector<ServiceObject> services;
  std::vector<ObjectGroup> service_groups;
  std::vector<ApplicationObject> applications;
  std::vector<ObjectGroup> application_groups;
  std::vector<ApplicationFilter> application_filters;
  std::vector<SecurityRule> rules;
  SecurityRule intrazone_default = default_rule(RuleType::Intrazone);
  SecurityRule interzone_default = default_rule(RuleType::Interzone);
  std::vector<DecryptionProfile> decryption_profiles;
  std::vector<DecryptionRule> decryption_rules;
  std::vector<ManagementProfile> management_profiles;
  std::vector<TimerSetting> timers;
  std::vector<NamedNumber> limits;  // kPolicyLimits
};

constexpr const AddressKindInfo& info(AddressKind v) {
  return kAddressKinds[static_cast<std::size_t>(v)];
}
constexpr const RuleTypeInfo& info(RuleType v) {
  return kRuleTypes[static_cast<std::size_t>(v)];
}
constexpr const TlsVersionInfo& info(TlsVersion v) {
  return kTlsVersions[static_cast<std::size_t>(v)];
}
constexpr const DecryptCheckInfo& info(DecryptCheck v) {
  return kDecryptChecks[static_cast<std::size_t>(v)];
}
constexpr const DecryptTypeInfo& info(DecryptType v) {
  return kDecryptTypes[static_cast<std::size_t>(v)];
}

inline bool is_any(const Names& names) {
  return names.empty() || (names.size() == 1 && names[0] == kAny);
}
// Whether it decides anything: rules, or a default rule that somebody has set.
inline bool has_rules(const Policy& policy) {
  return !policy.rules.empty() || policy.intrazone_default.line != 0 ||
         policy.interzone_default.line != 0;
}
// The action that the log will show for this rule, the application's own default aside.
inline Action action_of(const SecurityRule& rule) {
  return rule.action == Action::Drop && rule.icmp_unreachable ? Action::DropIcmp : rule.action;
}

}  // namespace endreason
