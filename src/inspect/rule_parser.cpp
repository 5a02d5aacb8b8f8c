// SPDX-License-Identifier: Apache-2.0
#include "inspect/rule_parser.hpp"

#include "inspect/rule_header.hpp"
#include "inspect/rule_options.hpp"

namespace endreason::inspect {

// The names that rule sets use, with the values that their documentation suggests.
RuleVariables::RuleVariables() {
  set("HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]");
  set("EXTERNAL_NET", "!$HOME_NET");
  for (const char* servers : {"HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS",
                              "TELNET_SERVERS", "DC_SERVERS", "DNP3_SERVER", "DNP3_CLIENT",
                              "MODBUS_CLIENT", "MODBUS_SERVER", "ENIP_CLIENT", "ENIP_SERVER"})
    set(servers, "$HOME_NET");
  set("AIM_SERVERS", "$EXTERNAL_NET");
  set("HTTP_PORTS", "80");
  set("SHELLCODE_PORTS", "!80");
  set("ORACLE_PORTS", "1521");
  set("SSH_PORTS", "22");
  set("DNP3_PORTS", "20000");
  set("MODBUS_PORTS", "502");
  set("FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]");
  set("FTP_PORTS", "21");
  set("GENEVE_PORTS", "6081");
  set("VXLAN_PORTS", "4789");
  set("TEREDO_PORTS", "3544");
  set("SIP_PORTS", "[5060,5061]");
}

std::vector<std::string_view> RuleVariables::names() const {
  std::vector<std::string_view> all;
  for (const auto& [name, value] : values_) all.push_back(name);
  return all;
}

RuleResult<ThreatRule> parse_rule(std::string_view text, const RuleVariables& variables) {
  ThreatRule rule;
  const auto options = parse_header(text, variables, rule);
  if (!options) return tl::unexpected(options.error());
  OptionReader reader(text, rule);
  if (auto done = reader.read(*options); !done) return tl::unexpected(std::move(done.error()));
  return rule;
}

}  // namespace endreason::inspect
