// SPDX-License-Identifier: Apache-2.0
#include "cli/packet_hints.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "decode/decoder.hpp"

namespace endreason {
namespace {

// "1 TCP packet belongs", "2 TCP packets belong".
std::string many(std::uint64_t n, std::string_view what, std::string_view does_one,
                 std::string_view do_more) {
  return fmt::format("{} {}{} {}", n, what, n == 1 ? "" : "s", n == 1 ? does_one : do_more);
}

std::string of_non_syn(std::uint64_t n, const SessionCounters& counters) {
  using enum SessionCounter;
  const bool refused =
      std::ranges::any_of(std::to_array({PolicyDeny, HostServiceDeny, AddressBlocked, SynWithData,
                                         PoolFull, PoolFullBypass}),
                          [&counters](SessionCounter why) { return counters[why] > 0; });
  return fmt::format(
      "{} to no session because no SYN was {}, as the firewall drops them by default "
      "(flow_tcp_non_syn_drop); --tcp-reject-non-syn no lets them begin sessions",
      many(n, "TCP packet", "belongs", "belong"), refused ? "seen and let in" : "seen");
}

std::string of_out_of_sync(std::uint64_t n) {
  return fmt::format(
      "{} dropped because no SYN-ACK was seen before, as the firewall does by default "
      "(tcp_out_of_sync); where one direction was captured, --asymmetric-path bypass passes them",
      many(n, "TCP packet", "was", "were"));
}

std::string of_full_pool(std::uint64_t n, std::uint32_t pool) {
  return fmt::format("{} no room in the pool of {}; --sessions makes it larger",
                     many(n, "session", "found", "found"), pool);
}

std::string of_link_types(std::span<const CaptureInterface> interfaces) {
  std::set<std::uint16_t> unknown;
  for (const CaptureInterface& interface : interfaces)
    if (!decodes_link_type(interface.link_type)) unknown.insert(interface.link_type);
  return fmt::format(
      "link type {} is not decoded (flow_rcv_link_unknown); "
      "https://www.tcpdump.org/linktypes.html says what it is",
      fmt::join(unknown, ", "));
}

std::string of_snapped(const CaptureCounters& capture) {
  return fmt::format(
      "{} of {} captured in part: what is missing cannot name applications; tcpdump -s 0 keeps "
      "whole packets",
      capture.snapped, many(capture.packets, "packet", "was", "were"));
}

}  // namespace

std::string frames_in_frames_hint(std::uint64_t n) {
  return fmt::format(
      "{} another frame (802.1ah, FabricPath), which a firewall does not look into "
      "(flow_rcv_frame_in_frame); --decap does",
      many(n, "packet", "holds", "hold"));
}

std::vector<std::string> packet_hints(const PacketsTaken& taken) {
  const SessionCounters& counters = taken.counters;
  std::vector<std::string> hints;
  if (const auto n = counters[SessionCounter::NonSyn]; n > 0)
    hints.push_back(of_non_syn(n, counters));
  if (const auto n = counters[SessionCounter::OutOfSync]; n > 0) hints.push_back(of_out_of_sync(n));
  if (const auto n = counters[SessionCounter::PoolFull] + counters[SessionCounter::PoolFullBypass];
      n > 0)
    hints.push_back(of_full_pool(n, taken.pool));
  if (const auto n = counters[SessionCounter::FrameInFrame]; n > 0)
    hints.push_back(frames_in_frames_hint(n));
  if (counters[SessionCounter::UnknownLinkType] > 0)
    hints.push_back(of_link_types(taken.interfaces));
  if (taken.capture.snapped > 0 && taken.applications) hints.push_back(of_snapped(taken.capture));
  return hints;
}

}  // namespace endreason
