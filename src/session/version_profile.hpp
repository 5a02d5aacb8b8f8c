// SPDX-License-Identifier: Apache-2.0
// VersionProfile: how sessions of one PAN-OS release behave where releases differ, by the name
// "panos-10.1", "panos-11.1.8" or "panos-11.1.6-h21". A branch without a maintenance number stands
// for its latest release. What a release does not say differently is as in all others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "session/session_settings.hpp"

namespace endreason {

// What came with some maintenance release.
enum class VersionFact : std::uint8_t {
  // PAN-269716: data in a half-closed session refreshes it though tcp-no-refresh-fin-rst is on.
  HalfClosedDataRefreshes,
  // PAN-289405: the setting no-refresh-discard-session exists.
  NoRefreshDiscardSession,
};

class VersionProfile {
 public:
  static Result<VersionProfile> named(std::string_view name);
  // The release that rows are written for unless something else is asked for.
  static VersionProfile standard() { return {11, 1, kLatest, kLatest}; }

  std::string name() const;
  // Column 6 of its rows, and so which columns there are (model/panos_version.hpp).
  std::uint16_t config_version() const { return static_cast<std::uint16_t>(major_ << 8 | minor_); }
  bool has(VersionFact fact) const;
  // Sets what the release decides. Fails when a setting is on that it does not have.
  Result<void> apply(SessionSettings& settings) const;

 private:
  static constexpr std::uint8_t kLatest = 255;
  VersionProfile(std::uint8_t major, std::uint8_t minor, std::uint8_t maintenance,
                 std::uint8_t hotfix)
      : major_(major), minor_(minor), maintenance_(maintenance), hotfix_(hotfix) {}

  std::uint8_t major_, minor_, maintenance_, hotfix_;
};

}  // namespace endreason
