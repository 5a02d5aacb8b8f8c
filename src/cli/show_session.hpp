// SPDX-License-Identifier: Apache-2.0
// `show session ...` in the layout of the firewall's CLI: facts from "View Settings and Statistics"
// of the 10.1 CLI guide and from printed sessions in public articles. Lines of what this engine
// does not have are left out; its own stand under a heading of their own. Pure text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "dataplane/interface_notes.hpp"
#include "model/ip_address.hpp"
#include "session/session_table.hpp"

namespace endreason {

// A session at the moment that is shown.
struct ShownSession {
  Session session{};
  std::string app, rule, from_zone, to_zone;
  SessionInterfaces interfaces;
  std::string ingress, egress;  // empty: not known
  bool logged_at_end{};
  bool open{};  // false: it has ended, at ended_ns
  std::int64_t ended_ns{};
  std::int64_t deadline_ns{};  // open: when it ages if nothing comes
};

// `filter source 10.0.0.0/8 destination-port 443 state active ...`: what is set has to fit.
struct SessionFilter {
  std::optional<IpRange> source, destination;
  std::optional<std::uint16_t> source_port, destination_port;
  std::optional<std::uint8_t> protocol;
  std::optional<std::string> application, from, to, rule;
  std::optional<SessionState> state;
  std::optional<bool> predict;  // type predict, or flow
  std::uint64_t min_kb = 0, max_kb = UINT64_MAX / 1024, min_age_s = 0;
  bool count = false;  // the number of sessions instead of them

  // Words behind `filter`. An Error names the word and what there is.
  static Result<SessionFilter> parse(const std::vector<std::string>& words);
  bool matches(const ShownSession& shown, std::int64_t now_ns) const;
};

// What `show session info` needs besides the table.
struct TableFacts {
  std::uint64_t packets_last_s{}, bytes_last_s{}, created_last_s{};
};

void append_session_list(std::string& out, const std::vector<ShownSession>& sessions);
void append_session(std::string& out, const ShownSession& shown, std::int64_t now_ns);
void append_session_info(std::string& out, const SessionTable& table, const TableFacts& facts);

}  // namespace endreason
