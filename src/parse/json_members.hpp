// SPDX-License-Identifier: Apache-2.0
// Which members of a JSON object show that it is a log record, or that it wraps a log line. Shared
// by the reader and the splitter, which must agree. Pure and safe on any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "model/vocabulary.hpp"

namespace endreason {

// Members that carry a log line as it arrived, the most faithful first: shippers that keep the
// envelope put it in the first ones. A path matches by its last parts.
inline constexpr auto kRawLineKeys = std::to_array<std::string_view>(
    {"_raw", "event.original", "rawMessage", "raw_message", "raw_log", "rawEvent", "raw",
     "original", "@message", "message", "Message", "msg", "log", "syslog_message", "event",
     "line"});

// Rank in kRawLineKeys; its size when the key is none of them.
constexpr std::size_t raw_line_rank(std::string_view key) {
  for (std::size_t i = 0; i < kRawLineKeys.size(); ++i) {
    const std::string_view name = kRawLineKeys[i];
    if (key == name || (key.size() > name.size() && key.ends_with(name) &&
                        key[key.size() - name.size() - 1] == '.'))
      return i;
  }
  return kRawLineKeys.size();
}

// True for text that may be a PAN-OS log line; "started ok" and "a, b" are not.
inline bool looks_like_log_line(std::string_view text) {
  if (text.find("CEF:") != std::string_view::npos || text.find("LEEF:") != std::string_view::npos)
    return true;
  if (text.find("src=") != std::string_view::npos) return true;
  return std::count(text.begin(), text.end(), ',') >= 5;
}

inline constexpr auto kAddressKeys = std::to_array<std::string_view>(
    {"src", "dst", "SourceAddress", "DestinationAddress", "source_ip", "dest_ip", "source_ip.value",
     "dest_ip.value", "src_ip", "dst_ip"});
inline constexpr auto kSessionKeys =
    std::to_array<std::string_view>({"sessionid", "SessionID", "session_id", "session_end_reason",
                                     "SessionEndReason", "session_end_reason.value"});
inline constexpr auto kTypeKeys =
    std::to_array<std::string_view>({"type", "LogType", "log_type", "log_type.value"});
inline constexpr auto kActionKeys =
    std::to_array<std::string_view>({"action", "Action", "action.value"});
// Log types of the firewall and of the logging service.
inline constexpr auto kLogTypes = std::to_array<std::string_view>(
    {"TRAFFIC", "THREAT",     "SYSTEM",      "CONFIG",    "GLOBALPROTECT",
     "USERID",  "DECRYPTION", "HIPMATCH",    "HIP-MATCH", "AUTHENTICATION",
     "AUTH",    "IPTAG",      "CORRELATION", "GTP",       "SCTP",
     "TUNNEL",  "URL",        "WILDFIRE",    "DATA",      "AUDIT",
     "traffic", "threat",     "system",      "config",    "globalprotect",
     "userid",  "decryption", "url",         "file",      "auth",
     "tunnel",  "hipmatch",   "iptag",       "sctp"});

template <std::size_t N>
constexpr bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Does this scalar member show that its object is a log record? Key and value as they stand in the
// text, without their quotes.
inline bool names_a_log(std::string_view key, std::string_view value) {
  if (key.size() < 3 || key.size() > 24) return false;
  if (is_one_of(kAddressKeys, key) || is_one_of(kSessionKeys, key)) return true;
  if (is_one_of(kTypeKeys, key)) return is_one_of(kLogTypes, value);
  if (is_one_of(kActionKeys, key)) return action_from(value) < Action::Absent;
  return raw_line_rank(key) < kRawLineKeys.size() && looks_like_log_line(value);
}

}  // namespace endreason
