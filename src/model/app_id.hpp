// SPDX-License-Identifier: Apache-2.0
// AppId: which application a session has, in two bytes. The placeholders have fixed numbers; every
// other number gets its name from the catalogue of room appid that gave it out.
#pragma once

#include <cstdint>

#include "model/vocabulary.hpp"

namespace endreason {

enum class AppId : std::uint16_t {
  None = 0,  // nothing is known yet, and nothing is decided
  Incomplete,
  InsufficientData,
  UnknownTcp,
  UnknownUdp,
  UnknownP2p,
  NotApplicable,
  NonSynTcp,       // TCP that began without SYN, where the rule lets it in
  FirstIdentified  // from here on: applications, numbered by the catalogue
};

constexpr AppStatus status_of(AppId app) {
  switch (app) {
    case AppId::None:
      return AppStatus::Absent;
    case AppId::Incomplete:
      return AppStatus::Incomplete;
    case AppId::InsufficientData:
      return AppStatus::InsufficientData;
    case AppId::UnknownTcp:
      return AppStatus::UnknownTcp;
    case AppId::UnknownUdp:
      return AppStatus::UnknownUdp;
    case AppId::UnknownP2p:
      return AppStatus::UnknownP2p;
    case AppId::NotApplicable:
      return AppStatus::NotApplicable;
    default:
      return AppStatus::Identified;
  }
}

}  // namespace endreason
