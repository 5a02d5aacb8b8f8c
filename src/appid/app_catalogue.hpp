// SPDX-License-Identifier: Apache-2.0
// AppCatalogue: every application that can be told, with its number and its spelling in the log.
// In: the names of the inspection library, our table of spellings, the user's signatures. The same
// inputs give the same numbers. Constant once made; shared by all threads.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "appid/app_name.hpp"
#include "appid/user_signature.hpp"
#include "base/result.hpp"
#include "model/app_id.hpp"

namespace endreason {

// What the content of a session names: the protocol outside and the application inside.
struct NamedApp {
  AppId carrier{AppId::None};  // None where nothing carries the application
  AppId app{AppId::None};      // equal to the carrier while nothing inside is known
  bool may_change{};           // a carrier: further packets may name what is inside
};

class AppCatalogue {
 public:
  static Result<AppCatalogue> make(std::span<const UserSignature> signatures = {});
  // Without the inspection library's names, and without the library: for sessions that are not
  // looked into. What is told by the IP protocol alone has its name.
  static Result<AppCatalogue> make_without_library(std::span<const UserSignature> signatures = {});

  // As the log spells it; empty for None. Lives as long as the catalogue.
  std::string_view name(AppId app) const { return names_[static_cast<std::size_t>(app)]; }
  // The number of a spelling; None for one that the catalogue does not have.
  AppId find(std::string_view name) const;
  std::size_t size() const { return names_.size(); }

  // What needs no payload: everything but TCP and UDP, by its IP protocol, ICMP by its type.
  AppId of_ip_protocol(std::uint8_t protocol, std::uint8_t icmp_type) const;
  // From the library's numbers; a carrier of 0 is none. Ports tell twins apart, nothing more.
  NamedApp of_library(std::uint16_t carrier, std::uint16_t app, std::uint16_t sport,
                      std::uint16_t dport) const;
  AppId bittorrent() const { return bittorrent_; }
  // By the place in content_marks(); None behind their end.
  AppId of_content_mark(std::size_t at) const { return by_mark_[at]; }
  AppId dns() const { return dns_; }
  const SignatureSet& signatures() const { return signatures_; }

 private:
  struct LibraryApp {
    AppId app{AppId::None};
    NameRole role{NameRole::Application};
    bool told_by_port{};
  };
  struct PortApp {
    std::uint16_t library{}, port{};
    AppId app{AppId::None};
  };
  static Result<AppCatalogue> of_names(std::span<const std::string> library_names,
                                       std::span<const UserSignature> signatures);
  AppId add(std::string_view name);
  void add_library(std::span<const std::string> library_names);
  void add_ip_protocols();
  void add_content_marks();
  AppId app_of(std::uint16_t library, std::uint16_t sport, std::uint16_t dport) const;

  std::vector<std::string> names_;
  std::vector<LibraryApp> by_library_;
  std::vector<PortApp> by_port_;
  std::array<AppId, 256> by_ip_protocol_{};
  AppId ping_{AppId::None}, ping6_{AppId::None}, bittorrent_{AppId::None}, dns_{AppId::None};
  std::vector<AppId> by_mark_;
  SignatureSet signatures_;
};

}  // namespace endreason
