// SPDX-License-Identifier: Apache-2.0
// Rows and filters that tests of stores share: real lines, lines that have what those lack, and
// filters of every kind. Tests only.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/source_folder_for_test.hpp"
#include "sources/input_list.hpp"

namespace endreason {

inline constexpr std::string_view kFiltersForTest[] = {
    "addr.src in 10.0.0.0/8",
    "addr.src notin 10.0.0.0/8",
    "addr in ( 192.168.0.0/16 10.0.0.102 8.8.8.8 2001:db8::/32 )",
    "not ( addr.dst in 10.0.0.0-10.255.255.255 )",
    "natsrc eq 0.0.0.0",
    "natsrc neq 0.0.0.0",
    "xff_ip eq ''",
    "app eq ssl",
    "app neq ssl",
    "app eq incomplete",
    "app in ( incomplete not-applicable dns )",
    "app contains 'WEB'",
    "rule eq 'Permit All'",
    "rule neq ''",
    "rule contains 'ALLOW'",
    "srcuser eq ''",
    "srcuser contains user",
    "user.src neq ''",
    "from eq trust",
    "zone eq trust",
    "action eq allow",
    "action neq allow",
    "action in ( deny drop drop-icmp )",
    "action contains 'e'",
    "action eq ''",
    "session_end_reason eq aged-out",
    "session_end_reason neq aged-out",
    "session_end_reason eq ''",
    "session_end_reason contains 'tcp'",
    "subtype eq start",
    "subtype neq end",
    "action_source eq from-policy",
    "action_source eq ''",
    "type eq traffic",
    "proto eq tcp",
    "proto eq 17",
    "proto neq tcp",
    "port.dst eq 53",
    "port.dst leq 443",
    "port in 1-1024",
    "natdport geq 1",
    "natdport eq ''",
    "bytes geq 1000",
    "bytes lt 100",
    "bytes gt 18446744073709551614",
    "bytes eq ''",
    "pkts_received eq 0",
    "not ( pkts_received eq 0 )",
    "repeatcnt gt 1",
    "repeatcnt eq 1",
    "elapsed leq 10",
    "sessionid eq 0",
    "dg_hier_level_1 geq 10",
    "dg_hier_level_1 eq ''",
    "flags has nat",
    "not ( flags has nat )",
    "receive_time geq '2016/02/24 22:00:00'",
    "receive_time lt '2016/02/24'",
    "time_generated geq '2018-02-22T21:00:00Z'",
    "receive_time in '2016/02/24'",
    "start leq '2015/01/05 05:38:59'",
    "high_res_timestamp eq ''",
    "time geq '2018/01/01'",
    "time lt '2016-02-24T22:00:00Z'",
    "not ( time geq 2018/01/01 )",
    "final_action eq blocked",
    "final_action neq blocked",
    "decided_by eq none",
    "decided_by in ( action app )",
    "outcome eq failed",
    "ended_by eq policy",
    "reason_code in ( closed-normally idle-timeout )",
    "confidence neq high",
    "provisional eq yes",
    "contradictions eq none",
    "contradictions neq none",
    "contradictions eq allow-with-threat",
    "tracker_stage eq ''",
    "tracker_stage neq ''",
    "( app eq ssl ) or ( ( bytes gt 1000 ) and not ( action eq deny ) )",
    "not ( ( natsrc eq 0.0.0.0 ) or ( session_end_reason eq aged-out ) )",
    "not ( not ( xff_ip eq 10.0.0.1 ) )",
};

// Real lines, and some that have what those lack.
inline std::vector<Input> inputs_for_test(const std::string& extra_file) {
  std::vector<Input> inputs;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_folder() + "/data/samples/logs"))
    inputs.push_back({entry.path(), std::nullopt});
  inputs.push_back({extra_file, std::nullopt});
  std::sort(inputs.begin(), inputs.end(),
            [](const Input& a, const Input& b) { return a.path < b.path; });
  return inputs;
}

inline constexpr std::string_view kOddLinesForTest =
    "1,2024/03/31 02:30:00,0123,TRAFFIC,end,2561,2024/03/31 02:30:01,2001:db8::5,2001:db8::6,,,"
    "Caf\xe9 r\xc3\xbcle,,,SSL,vsys1,trust,untrust,,,,,77,0,1000,443,0,70000,0x0,TCP,drop "
    "ICMP,0010,5,5,3,2024/03/31 02:29:00,3,any,0,99,0x0,,,0,1,2,never-heard-of\n"
    "1,9/16/19 10:00,0123,TRAFFIC,end,2561,9/16/19 10:00,10.0.0.1,10.0.0.2,,,r,,,,vsys1,,,,,,,"
    "0,,0,0,,,0x400000,icmp,Allow,1,1,0,1,,,,,100,,,,,,,tcp_fin\n";

}  // namespace endreason
