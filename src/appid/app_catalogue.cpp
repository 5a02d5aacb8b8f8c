// SPDX-License-Identifier: Apache-2.0
#include "appid/app_catalogue.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "appid/content_mark.hpp"
#include "appid/dpi_engine.hpp"
#include "model/protocol.hpp"

namespace endreason {

namespace {

// By number, up to AppId::FirstIdentified. NonSynTcp is spelled as the vendor's documents do
// ("Manage custom or unknown applications").
constexpr auto kPlaceholders = std::to_array<std::string_view>({
    "",
    "incomplete",
    "insufficient-data",
    "unknown-tcp",
    "unknown-udp",
    "unknown-p2p",
    "not-applicable",
    "non-syn-tcp",
});
static_assert(kPlaceholders.size() == static_cast<std::size_t>(AppId::FirstIdentified));

constexpr std::uint8_t kIcmpEchoReply = 0, kIcmpEchoRequest = 8;        // RFC 792
constexpr std::uint8_t kIcmp6EchoRequest = 128, kIcmp6EchoReply = 129;  // RFC 4443

}  // namespace

AppId AppCatalogue::find(std::string_view name) const {
  const auto at = std::ranges::find(names_, name);
  return at == names_.end() ? AppId::None : static_cast<AppId>(at - names_.begin());
}

AppId AppCatalogue::add(std::string_view name) {
  if (const AppId known = find(name); known != AppId::None) return known;
  names_.emplace_back(name);
  return static_cast<AppId>(names_.size() - 1);
}

void AppCatalogue::add_library(std::span<const std::string> library_names) {
  by_library_.resize(library_names.size());
  for (std::size_t id = 1; id < library_names.size(); ++id) {  // 0 is "unknown"
    LibraryApp& entry = by_library_[id];
    if (const AppName* row = find_app_name(library_names[id])) {
      entry.role = row->role;
      if (!row->app.empty()) entry.app = add(row->app);
    } else {
      entry.app = add(derived_app_name(library_names[id]));
    }
    for (const AppByPort& twin : apps_by_port()) {
      if (twin.library != library_names[id]) continue;
      entry.told_by_port = true;
      by_port_.push_back({static_cast<std::uint16_t>(id), twin.port, add(twin.app)});
    }
  }
}

void AppCatalogue::add_ip_protocols() {
  for (const AppOfIpProtocol& row : apps_of_ip_protocols())
    by_ip_protocol_[row.protocol] = add(row.app);
  for (std::size_t number = 0; number < by_ip_protocol_.size(); ++number)
    if (by_ip_protocol_[number] == AppId::None)
      by_ip_protocol_[number] = add(fmt::format("ip-protocol-{}", number));
  ping_ = add("ping");
  ping6_ = add("ping6");
  bittorrent_ = add("bittorrent");
  dns_ = add("dns-base");
}

void AppCatalogue::add_content_marks() {
  for (const ContentMark& mark : content_marks()) by_mark_.push_back(add(mark.app));
  by_mark_.push_back(AppId::None);
}

Result<AppCatalogue> AppCatalogue::make(std::span<const UserSignature> signatures) {
  const auto engine = DpiEngine::make();
  if (!engine) return tl::unexpected(engine.error());
  return of_names((*engine)->protocol_names(), signatures);
}

Result<AppCatalogue> AppCatalogue::make_without_library(std::span<const UserSignature> signatures) {
  return of_names({}, signatures);
}

Result<AppCatalogue> AppCatalogue::of_names(std::span<const std::string> library_names,
                                            std::span<const UserSignature> signatures) {
  AppCatalogue catalogue;
  for (const std::string_view name : kPlaceholders) catalogue.names_.emplace_back(name);
  catalogue.add_ip_protocols();
  catalogue.add_content_marks();
  catalogue.add_library(library_names);
  std::vector<AppId> ids;
  for (const UserSignature& signature : signatures) ids.push_back(catalogue.add(signature.app));
  auto set = SignatureSet::make(signatures, ids);
  if (!set) return tl::unexpected(set.error());
  catalogue.signatures_ = std::move(*set);
  return catalogue;
}

AppId AppCatalogue::of_ip_protocol(std::uint8_t protocol, std::uint8_t icmp_type) const {
  if (protocol == kProtoIcmp && (icmp_type == kIcmpEchoReply || icmp_type == kIcmpEchoRequest))
    return ping_;
  if (protocol == kProtoIcmp6 && (icmp_type == kIcmp6EchoReply || icmp_type == kIcmp6EchoRequest))
    return ping6_;
  return by_ip_protocol_[protocol];
}

AppId AppCatalogue::app_of(std::uint16_t library, std::uint16_t sport, std::uint16_t dport) const {
  if (library >= by_library_.size()) return AppId::None;
  const LibraryApp& entry = by_library_[library];
  if (entry.told_by_port) [[unlikely]]
    for (const PortApp& twin : by_port_)
      if (twin.library == library && (twin.port == sport || twin.port == dport)) return twin.app;
  return entry.app;
}

NamedApp AppCatalogue::of_library(std::uint16_t carrier, std::uint16_t app, std::uint16_t sport,
                                  std::uint16_t dport) const {
  if (app >= by_library_.size() || carrier >= by_library_.size()) return {};
  const AppId inside = app_of(app, sport, dport);
  if (carrier == 0) {
    const bool carries = by_library_[app].role == NameRole::Carrier;
    return {carries ? inside : AppId::None, inside, carries};
  }
  const AppId outside = app_of(carrier, sport, dport);
  if (by_library_[carrier].role == NameRole::Protocol) return {AppId::None, outside, false};
  const bool named = inside != AppId::None && inside != outside;
  return {outside, named ? inside : outside, !named};
}

}  // namespace endreason
