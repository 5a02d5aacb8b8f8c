// SPDX-License-Identifier: Apache-2.0
#include "session/version_profile.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "model/panos_version.hpp"

namespace endreason {
namespace {

// From which release of a branch on. Branches above the highest one named have it too; those below
// and between do not. Sources: "Addressed Issues" of the release notes, by the number.
struct Since {
  VersionFact fact;
  std::uint8_t major, minor, maintenance, hotfix;
  bool only_this_maintenance;  // a hotfix of it; the next maintenance releases do not have it
};
constexpr auto kSince = std::to_array<Since>({
    {VersionFact::HalfClosedDataRefreshes, 10, 2, 14, 0, false},
    {VersionFact::HalfClosedDataRefreshes, 11, 1, 8, 0, false},
    {VersionFact::NoRefreshDiscardSession, 10, 2, 17, 0, false},
    {VersionFact::NoRefreshDiscardSession, 11, 1, 6, 21, true},
    {VersionFact::NoRefreshDiscardSession, 11, 1, 10, 7, false},
    {VersionFact::NoRefreshDiscardSession, 11, 2, 8, 0, false},
});

std::string release(const Since& row) {
  const std::string text = fmt::format("{}.{}.{}", row.major, row.minor, row.maintenance);
  return row.hotfix == 0 ? text : fmt::format("{}-h{}", text, row.hotfix);
}

// "11.1" -> 11 and 1, "8" or "6-h21" -> the numbers of a maintenance release. False: not so.
bool two_numbers(std::string_view text, std::string_view joint, std::uint8_t& first,
                 std::uint8_t& second) {
  const std::size_t at = text.find(joint);
  std::uint64_t a = 0, b = 0;
  if (at == std::string_view::npos || !parse_decimal(text.substr(0, at), a) ||
      !parse_decimal(text.substr(at + joint.size()), b) || a > 254 || b > 254)
    return false;
  first = static_cast<std::uint8_t>(a);
  second = static_cast<std::uint8_t>(b);
  return true;
}

}  // namespace

Result<VersionProfile> VersionProfile::named(std::string_view name) {
  const auto unknown = [&] {
    std::string known;
    for (const PanosVersionInfo& row : kPanosVersions)
      if (row.config_version != 0)
        known += fmt::format("{}panos-{}", known.empty() ? "" : ", ", row.name);
    return fail(Error::Code::Usage,
                fmt::format("unknown release '{}'; set one of {}, or a maintenance "
                            "release such as panos-11.1.8 or panos-11.1.6-h21",
                            name, known));
  };
  constexpr std::string_view kStart = "panos-";
  if (!name.starts_with(kStart)) return unknown();
  std::string_view rest = name.substr(kStart.size());
  const std::size_t first_dot = rest.find('.');
  const std::size_t second_dot =
      first_dot == std::string_view::npos ? std::string_view::npos : rest.find('.', first_dot + 1);
  VersionProfile profile = standard();
  const std::string_view branch = rest.substr(0, second_dot);
  if (!two_numbers(branch, ".", profile.major_, profile.minor_)) return unknown();
  const auto known = std::ranges::find(kPanosVersions, branch, &PanosVersionInfo::name);
  if (known == kPanosVersions.end() || known->config_version == 0) return unknown();
  if (second_dot == std::string_view::npos) return profile;
  const std::string_view maintenance = rest.substr(second_dot + 1);
  if (two_numbers(maintenance, "-h", profile.maintenance_, profile.hotfix_)) return profile;
  if (!two_numbers(fmt::format("{}.0", maintenance), ".", profile.maintenance_, profile.hotfix_))
    return unknown();
  return profile;
}

std::string VersionProfile::name() const {
  std::string text = fmt::format("panos-{}.{}", major_, minor_);
  if (maintenance_ == kLatest) return text;
  text += fmt::format(".{}", maintenance_);
  return hotfix_ == 0 ? text : fmt::format("{}-h{}", text, hotfix_);
}

bool VersionProfile::has(VersionFact fact) const {
  const std::tuple branch{major_, minor_};
  bool above_all = true;
  for (const Since& row : kSince) {
    if (row.fact != fact) continue;
    const std::tuple row_branch{row.major, row.minor};
    if (branch <= row_branch) above_all = false;
    if (branch != row_branch) continue;
    const std::tuple mine{maintenance_, hotfix_}, needed{row.maintenance, row.hotfix};
    const bool reaches = mine >= needed;
    if (reaches && (!row.only_this_maintenance || maintenance_ == row.maintenance)) return true;
  }
  return above_all;
}

Result<void> VersionProfile::apply(SessionSettings& settings) const {
  settings.tcp.half_closed_data_refreshes = has(VersionFact::HalfClosedDataRefreshes);
  if (settings.refresh_discard || has(VersionFact::NoRefreshDiscardSession)) return {};
  std::string releases;
  for (const Since& row : kSince)
    if (row.fact == VersionFact::NoRefreshDiscardSession)
      releases += fmt::format("{}{}", releases.empty() ? "" : ", ", release(row));
  return fail(Error::Code::Usage,
              fmt::format("no-refresh-discard-session: {} does not have it (it came with {}); "
                          "choose a later profile or leave it out",
                          name(), releases));
}

}  // namespace endreason
