// SPDX-License-Identifier: Apache-2.0
#include "session/session_setting.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

using S = SessionSettings;
using N = std::uint64_t;
using enum SettingKind;

constexpr auto kSettings = std::to_array<SessionSettingInfo>({
    {"sessions", "Sessions at once", Number, 1, 0x8000'0000,
     [](const S& s) -> N { return s.capacity; },
     [](S& s, N n) { s.capacity = static_cast<std::uint32_t>(n); }},
    {"resource-limit-behavior", "What becomes of a new session when the pool is full", DropBypass,
     0, 1, [](const S& s) -> N { return s.full_pool == FullPool::Bypass; },
     [](S& s, N n) { s.full_pool = n != 0 ? FullPool::Bypass : FullPool::Drop; }},
    {"accelerated-aging", "Shorter timeouts when the pool fills", YesNo, 0, 1,
     [](const S& s) -> N { return s.accelerated_aging; },
     [](S& s, N n) { s.accelerated_aging = n != 0; }},
    {"accelerated-aging-threshold", "Percent of the pool above which they are shorter", Number, 50,
     99, [](const S& s) -> N { return s.accelerated_threshold_percent; },
     [](S& s, N n) { s.accelerated_threshold_percent = static_cast<std::uint32_t>(n); }},
    {"accelerated-aging-scaling-factor", "By what they are divided", Number, 2, 16,
     [](const S& s) -> N { return s.accelerated_factor; },
     [](S& s, N n) { s.accelerated_factor = static_cast<std::uint32_t>(n); }},
    {"no-refresh-discard-session", "Packets of a denied session do not prolong its DISCARD", YesNo,
     0, 1, [](const S& s) -> N { return !s.refresh_discard; },
     [](S& s, N n) { s.refresh_discard = n == 0; }},
    {"tcp-reject-non-syn", "Drop TCP packets that begin a session without a SYN", YesNo, 0, 1,
     [](const S& s) -> N { return s.tcp.reject_non_syn; },
     [](S& s, N n) { s.tcp.reject_non_syn = n != 0; }},
    {"tcp-strict-rst", "A reset must have the exact sequence number to close at once", YesNo, 0, 1,
     [](const S& s) -> N { return s.tcp.strict_rst; },
     [](S& s, N n) { s.tcp.strict_rst = n != 0; }},
    {"tcp-no-refresh-fin-rst", "FINs and resets sent again do not prolong the closing", YesNo, 0, 1,
     [](const S& s) -> N { return s.tcp.no_refresh_fin_rst; },
     [](S& s, N n) { s.tcp.no_refresh_fin_rst = n != 0; }},
    {"allow-challenge-ack", "Pass the client's reset that answers a challenge ACK", YesNo, 0, 1,
     [](const S& s) -> N { return s.tcp.allow_challenge_ack; },
     [](S& s, N n) { s.tcp.allow_challenge_ack = n != 0; }},
    {"asymmetric-path", "Segments out of sync or out of the window", DropBypass, 0, 1,
     [](const S& s) -> N { return s.tcp.asymmetric_path == AsymmetricPath::Bypass; },
     [](S& s, N n) {
       s.tcp.asymmetric_path = n != 0 ? AsymmetricPath::Bypass : AsymmetricPath::Drop;
     }},
    {"drop-zero-flag", "Drop segments without any flag", YesNo, 0, 1,
     [](const S& s) -> N { return s.tcp.drop_zero_flag; },
     [](S& s, N n) { s.tcp.drop_zero_flag = n != 0; }},
    {"drop-split-handshake", "Zone protection: drop the server's SYN of a split handshake", YesNo,
     0, 1, [](const S& s) -> N { return s.tcp.drop_split_handshake; },
     [](S& s, N n) { s.tcp.drop_split_handshake = n != 0; }},
    {"drop-syn-with-data", "Zone protection: drop SYN and SYN-ACK that carry data", YesNo, 0, 1,
     [](const S& s) -> N { return s.tcp.drop_syn_with_data; },
     [](S& s, N n) { s.tcp.drop_syn_with_data = n != 0; }},
    {"bypass-exceed-oo-queue", "Pass segments beyond the out-of-order queue", YesNo, 0, 1,
     [](const S& s) -> N { return s.tcp.bypass_exceed_oo_queue; },
     [](S& s, N n) { s.tcp.bypass_exceed_oo_queue = n != 0; }},
    // The vendor's queue is 64 segments and cannot be set; these are ours.
    {"oo-queue-per-session", "Segments of a flow that may wait for a missing one", Number, 1, 255,
     [](const S& s) -> N { return s.tcp.segments_per_session; },
     [](S& s, N n) { s.tcp.segments_per_session = static_cast<std::uint8_t>(n); }},
    {"oo-queue-in-all", "And of all sessions together", Number, 1, 16'777'216,
     [](const S& s) -> N { return s.tcp.segments_in_all; },
     [](S& s, N n) { s.tcp.segments_in_all = static_cast<std::uint32_t>(n); }},
    {"pass-capture-gaps", "What follows packets that the capture missed is in the window", YesNo, 0,
     1, [](const S& s) -> N { return s.tcp.pass_capture_gaps; },
     [](S& s, N n) { s.tcp.pass_capture_gaps = n != 0; }},
});

constexpr std::array<std::string_view, 2> words_of(SettingKind kind) {
  if (kind == SettingKind::DropBypass) return {"drop", "bypass"};
  return {"no", "yes"};
}

}  // namespace

std::span<const SessionSettingInfo> session_settings() {
  return kSettings;
}

const SessionSettingInfo* find_session_setting(std::string_view name) {
  const auto row = std::ranges::find(kSettings, name, &SessionSettingInfo::name);
  return row == kSettings.end() ? nullptr : row;
}

std::string value_text(const SessionSettingInfo& setting, const SessionSettings& settings) {
  const N value = setting.get(settings);
  if (setting.kind == Number) return fmt::format("{}", value);
  return std::string(words_of(setting.kind)[value != 0]);
}

std::string values_text(const SessionSettingInfo& setting) {
  if (setting.kind == Number) return fmt::format("{} to {}", setting.min, setting.max);
  return setting.kind == YesNo ? "yes or no" : "drop or bypass";
}

Result<void> set_from_text(const SessionSettingInfo& setting, std::string_view text,
                           SessionSettings& settings) {
  N value = 0;
  if (setting.kind == Number) {
    if (parse_decimal(text, value) && value >= setting.min && value <= setting.max) {
      setting.set(settings, value);
      return {};
    }
    return fail(Error::Code::Usage, fmt::format("{}: '{}' is out of range (set {})", setting.name,
                                                text, values_text(setting)));
  }
  const auto words = words_of(setting.kind);
  const auto word = std::ranges::find(words, text);
  if (word == words.end())
    return fail(Error::Code::Usage, fmt::format("{}: expected {}, found '{}'", setting.name,
                                                values_text(setting), text));
  setting.set(settings, static_cast<N>(word - words.begin()));
  return {};
}

}  // namespace endreason
