// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "config/panos_sections.hpp"

namespace endreason {
namespace {

// Elements that say something to people, or to other products, and nothing of a session.
constexpr std::string_view kRemarks[] = {"description", "tag", "color", "comments"};

void skip_remarks(const XmlNode& entry) {
  for (const std::string_view remark : kRemarks)
    if (const XmlNode* node = entry.find(remark)) node->understood_wholly();
}

std::uint32_t seconds_of(std::string_view text) {
  std::uint64_t value = 0;
  return parse_decimal(text, value) && value <= 15'999'999 ? static_cast<std::uint32_t>(value) : 0;
}

// Each new entry of a list, by its kind.
template <class Read>
void each_entry(const XmlNode& place, std::string_view list, TakenNames& taken, Read read) {
  const XmlNode* node = place.find(list);
  if (node == nullptr) return;
  for (const XmlNode* entry : node->all("entry")) {
    if (!taken.take(list, entry->name)) {
      entry->understood_wholly();  // a nearer place has this name
      continue;
    }
    read(*entry);
    skip_remarks(*entry);
  }
}

void read_address(const XmlNode& entry, ImportedConfig& into) {
  AddressObject object;
  object.name = entry.name;
  object.line = entry.line;
  object.tags = entry.members("tag");
  for (const AddressKindInfo& row : kAddressKinds)
    if (const std::string_view value = entry.text_at(row.log_name); !value.empty()) {
      object.kind = row.value;
      object.value = value;
    }
  if (object.value.empty())
    into.problems.error(entry.line, fmt::format("address '{}': it has none of ip-netmask, "
                                                "ip-range, ip-wildcard, fqdn",
                                                entry.name));
  into.policy.addresses.push_back(std::move(object));
}

void read_address_group(const XmlNode& entry, ImportedConfig& into) {
  AddressGroup group;
  group.name = entry.name;
  group.line = entry.line;
  group.members = entry.members("static");
  group.filter = entry.text_at("dynamic/filter");
  if (const auto old = entry.all("member"); !old.empty())  // before PAN-OS 6.0
    for (const XmlNode* member : old) group.members.push_back(member->text);
  into.policy.address_groups.push_back(std::move(group));
}

// Without the name and password that may stand in it: what is written goes to more people.
std::string without_login(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority = url.substr(host, url.find_first_of("/?#", host) - host);
  const std::size_t login = authority.rfind('@');
  if (login == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, host)).append(url.substr(host + login + 1));
}

// What a list leaves out (exception-list) is not followed, and said to be not understood.
void read_external_list(const XmlNode& entry, ImportedConfig& into) {
  ExternalList list;
  list.name = entry.name;
  list.line = entry.line;
  if (const XmlNode* type = entry.find("type"))
    for (const XmlNode& kind : type->children) {
      list.type = kind.tag;
      list.url = without_login(kind.text_at("url"));
      kind.understood();
      skip_remarks(kind);
      for (const std::string_view how : {"recurring", "certificate-profile", "auth"})
        if (const XmlNode* node = kind.find(how)) node->understood_wholly();
    }
  into.policy.external_lists.push_back(std::move(list));
}

void read_service(const XmlNode& entry, ImportedConfig& into) {
  ServiceObject object;
  object.name = entry.name;
  object.line = entry.line;
  const XmlNode* protocol = entry.find("protocol");
  for (const std::string_view word : {"tcp", "udp", "sctp"}) {
    const XmlNode* ports = protocol == nullptr ? nullptr : protocol->find(word);
    if (ports == nullptr) continue;
    object.protocol = word;
    object.port = ports->text_at("port");
    object.source_port = ports->text_at("source-port");
    object.timeout_s = seconds_of(ports->text_at("override/yes/timeout"));
    if (const XmlNode* off = ports->at("override/no")) off->understood();
  }
  if (object.protocol.empty())
    into.problems.error(entry.line, fmt::format("service '{}': protocol: it has none of tcp, udp, "
                                                "sctp",
                                                entry.name));
  into.policy.services.push_back(std::move(object));
}

ObjectGroup read_group(const XmlNode& entry) {
  ObjectGroup group;
  group.name = entry.name;
  group.line = entry.line;
  group.members = entry.members("members");
  for (const XmlNode* member : entry.all("member")) group.members.push_back(member->text);
  return group;
}

void read_application(const XmlNode& entry, ImportedConfig& into) {
  ApplicationObject object;
  object.name = entry.name;
  object.line = entry.line;
  object.ports = entry.members("default/port");
  object.ip_protocol = entry.text_at("default/ident-by-ip-protocol");
  if (const XmlNode* icmp = entry.at("default/ident-by-icmp-type")) {
    icmp->understood_wholly();
    object.ports.emplace_back("icmp");
  }
  if (const XmlNode* icmp = entry.at("default/ident-by-icmp6-type")) {
    icmp->understood_wholly();
    object.ports.emplace_back("icmp6");
  }
  object.deny_action = entry.text_at("deny-action");
  object.parent = entry.text_at("parent-app");
  object.implicit_uses = entry.members("implicit-use-applications");
  object.timeout_s = seconds_of(entry.text_at("timeout"));
  object.tcp_timeout_s = seconds_of(entry.text_at("tcp-timeout"));
  object.udp_timeout_s = seconds_of(entry.text_at("udp-timeout"));
  for (const char* remark : {"category", "subcategory", "technology", "risk"})
    entry.find(remark);  // for filters and reports
  into.policy.applications.push_back(std::move(object));
}

void read_application_filter(const XmlNode& entry, ImportedConfig& into) {
  ApplicationFilter filter;
  filter.name = entry.name;
  filter.line = entry.line;
  for (const XmlNode& criterion : entry.children) {
    criterion.understood();
    if (!criterion.text.empty()) filter.criteria.emplace_back(criterion.tag, criterion.text);
    for (const XmlNode* member : criterion.all("member"))
      filter.criteria.emplace_back(criterion.tag, member->text);
  }
  into.policy.application_filters.push_back(std::move(filter));
}

std::uint32_t checks_of(const XmlNode* node) {
  std::uint32_t checks = 0;
  if (node == nullptr) return checks;
  for (const DecryptCheckInfo& row : kDecryptChecks)
    if (panos_yes(node->text_at(row.log_name))) checks |= DecryptionProfile::bit(row.value);
  // What an SSH proxy calls its algorithms.
  if (panos_yes(node->text_at("block-unsupported-alg")))
    checks |= DecryptionProfile::bit(DecryptCheck::UnsupportedCipher);
  return checks;
}

TlsVersion version_of(std::string_view text, TlsVersion otherwise) {
  for (const TlsVersionInfo& row : kTlsVersions)
    if (row.log_name == text) return row.value;
  return otherwise;
}

void read_decryption_profile(const XmlNode& entry, ImportedConfig& into) {
  DecryptionProfile profile;
  profile.name = entry.name;
  profile.line = entry.line;
  if (const XmlNode* protocol = entry.find("ssl-protocol-settings")) {
    profile.min_version = version_of(protocol->text_at("min-version"), profile.min_version);
    profile.max_version = version_of(protocol->text_at("max-version"), profile.max_version);
    for (const XmlNode& setting : protocol->children) {
      const std::size_t algo = setting.tag.find("-algo-");
      if (algo == std::string::npos) continue;
      setting.understood();
      if (!panos_yes(setting.text)) profile.disabled_algorithms.push_back(setting.tag);
    }
  }
  profile.forward_checks = checks_of(entry.find("ssl-forward-proxy"));
  profile.forward_checks |= checks_of(entry.find("ssl-inbound-proxy"));
  profile.no_decrypt_checks = checks_of(entry.find("ssl-no-proxy"));
  profile.ssh_checks = checks_of(entry.find("ssh-proxy"));
  into.policy.decryption_profiles.push_back(std::move(profile));
}

}  // namespace

void read_panos_objects(const XmlNode& place, TakenNames& taken, ImportedConfig& into) {
  Policy& policy = into.policy;
  each_entry(place, "address", taken, [&](const XmlNode& e) { read_address(e, into); });
  each_entry(place, "address-group", taken, [&](const XmlNode& e) { read_address_group(e, into); });
  each_entry(place, "external-list", taken, [&](const XmlNode& e) { read_external_list(e, into); });
  each_entry(place, "service", taken, [&](const XmlNode& e) { read_service(e, into); });
  each_entry(place, "service-group", taken,
             [&](const XmlNode& e) { policy.service_groups.push_back(read_group(e)); });
  each_entry(place, "application", taken, [&](const XmlNode& e) { read_application(e, into); });
  each_entry(place, "application-group", taken,
             [&](const XmlNode& e) { policy.application_groups.push_back(read_group(e)); });
  each_entry(place, "application-filter", taken,
             [&](const XmlNode& e) { read_application_filter(e, into); });
  if (const XmlNode* tags = place.find("tag")) tags->understood_wholly();
  if (const XmlNode* profiles = place.find("profiles"))
    each_entry(*profiles, "decryption", taken,
               [&](const XmlNode& e) { read_decryption_profile(e, into); });
}

}  // namespace endreason
