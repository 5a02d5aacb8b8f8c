// SPDX-License-Identifier: Apache-2.0
// SessionSettings: what a firewall's operator can set about sessions, with the vendor's defaults.
// A plain value; SessionTable::create() checks it.
#pragma once

#include <cstdint>

#include "session/flow_hash.hpp"
#include "session/session_timeouts.hpp"

namespace endreason {

enum class FullPool : std::uint8_t { Drop, Bypass };        // resource-limit-behavior
enum class AsymmetricPath : std::uint8_t { Drop, Bypass };  // tcp asymmetric-path

struct TcpSettings {
  bool reject_non_syn = true;           // tcp-reject-non-syn
  bool strict_rst = true;               // tcp-strict-rst
  bool allow_challenge_ack = false;     // tcp allow-challenge-ack
  bool drop_zero_flag = true;           // tcp drop-zero-flag
  bool drop_split_handshake = false;    // zone protection, split handshake
  bool drop_syn_with_data = false;      // zone protection, SYN with data
  bool bypass_exceed_oo_queue = false;  // tcp bypass-exceed-oo-queue
  bool no_refresh_fin_rst = false;      // cfg.session.tcp-no-refresh-fin-rst
  // False in releases before PAN-269716: with no_refresh_fin_rst, data of a half-closed session did
  // not refresh it either. version_profile sets it.
  bool half_closed_data_refreshes = true;
  AsymmetricPath asymmetric_path = AsymmetricPath::Drop;
  // Ours: what is beyond the window and acknowledges what the other side sent follows packets that
  // the capture missed, and passes. A firewall in the path sees every packet; there, false.
  bool pass_capture_gaps = true;
  // Segments of one session that wait for a missing one. "TCP Settings" of the 11.2 help: 64.
  std::uint8_t segments_per_session = 64;
  // And of all sessions together. The vendor names no figure; this one is ours.
  std::uint32_t segments_in_all = 65'536;
};

struct SessionSettings {
  std::uint32_t capacity = 1'000'000;  // sessions at once
  FullPool full_pool = FullPool::Drop;
  bool accelerated_aging = true;
  std::uint32_t accelerated_threshold_percent = 80;  // 50 to 99
  std::uint32_t accelerated_factor = 2;              // 2 to 16
  bool refresh_discard = true;  // packets of a denied session keep it in DISCARD
  std::uint8_t zones = 1;       // how many there are, `any` counted; packets name them
  TcpSettings tcp{};
  SessionTimeouts timeouts{};
  std::uint64_t hash_seed = FlowHash::kDefaultSeed;
};

}  // namespace endreason
