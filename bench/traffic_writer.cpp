// SPDX-License-Identifier: Apache-2.0
#include "traffic_writer.hpp"

#include <charconv>
#include <cstring>
#include <string>

namespace endreason::bench {
namespace {

constexpr std::string_view kZone = "+01:00";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// Pairs of digits "00" to "99".
constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* put_pair(char* to, std::uint32_t value) {
  std::memcpy(to, &kPairs[2 * std::size_t{value}], 2);
  return to + 2;
}

char* put_number(char* to, std::uint64_t value) {
  return std::to_chars(to, to + 20, value).ptr;
}

char* put_millis(char* to, std::uint32_t millis) {
  *to++ = static_cast<char>('0' + millis / 100);
  return put_pair(to, millis % 100);
}

char* put_hex(char* to, std::uint64_t value) {
  to = put(to, "0x");
  return std::to_chars(to, to + 16, value, 16).ptr;
}

struct CivilDate {
  std::int64_t day = -1;
  std::uint32_t year = 0, month = 0, day_of_month = 0;
};

// Days since 1970-01-01 to a date (Howard Hinnant, "chrono-compatible low-level date algorithms").
CivilDate civil_date(std::int64_t day) {
  const std::int64_t z = day + 719'468;
  const std::int64_t era = z / 146'097;
  const auto doe = static_cast<std::uint32_t>(z - era * 146'097);
  const std::uint32_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const std::uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::uint32_t mp = (5 * doy + 2) / 153;
  const std::uint32_t month = mp < 10 ? mp + 3 : mp - 9;
  return {day, static_cast<std::uint32_t>(yoe + era * 400) + (month <= 2 ? 1 : 0), month,
          doy - (153 * mp + 2) / 5 + 1};
}

char* put_time_of_day(char* to, std::uint32_t second) {
  to = put_pair(to, second / 3600);
  *to++ = ':';
  to = put_pair(to, second / 60 % 60);
  *to++ = ':';
  return put_pair(to, second % 60);
}

char* put_moment(char* to, std::int64_t second, char between, char before_time) {
  const std::int64_t day = second / 86'400;
  thread_local CivilDate date;  // sessions begin today or yesterday: keep the last one
  if (date.day != day) date = civil_date(day);
  to = put_pair(to, date.year / 100);
  to = put_pair(to, date.year % 100);
  *to++ = between;
  to = put_pair(to, date.month);
  *to++ = between;
  to = put_pair(to, date.day_of_month);
  *to++ = before_time;
  return put_time_of_day(to, static_cast<std::uint32_t>(second - day * 86'400));
}

std::int64_t started(const Session& s) {
  return s.logged_s - s.elapsed_s;
}

// A list of "key=value" or "\"key\":value" in one of the keyed formats.
class PairWriter {
 public:
  PairWriter(char* to, std::string_view before, std::string_view between, std::string_view quote,
             bool escapes)
      : to_(to), before_(before), between_(between), quote_(quote), escapes_(escapes) {}

  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    open(key);
    to_ = put(to_, quote_);
    for (const char c : value) {
      if (c == '\\' && escapes_) *to_++ = '\\';
      *to_++ = c;
    }
    to_ = put(to_, quote_);
  }
  void number(std::string_view key, std::uint64_t value) {
    open(key);
    to_ = put_number(to_, value);
  }
  void hex(std::string_view key, std::uint64_t value) {
    open(key);
    to_ = put(to_, quote_);
    to_ = put_hex(to_, value);
    to_ = put(to_, quote_);
  }
  char* end() const { return to_; }

 private:
  void open(std::string_view key) {
    if (!first_) to_ = put(to_, before_);
    first_ = false;
    to_ = put(to_, quote_);
    to_ = put(to_, key);
    to_ = put(to_, quote_);
    to_ = put(to_, between_);
  }
  char* to_;
  std::string_view before_, between_, quote_;
  bool escapes_;  // CEF and JSON double a backslash, LEEF does not
  bool first_ = true;
};

// The names that one keyed format gives to the columns. Sources: the public format guides, in the
// same words as the readers' own tables.
struct KeyedNames {
  std::string_view serial, source, destination, nat_source, rule, user, app, vsys, from, to,
      inbound, outbound, session, repeat, source_port, destination_port, nat_source_port,
      nat_destination_port, flags, protocol, action, bytes, bytes_sent, bytes_received, packets,
      packets_sent, packets_received, elapsed, category, sequence, reason, action_source, device,
      source_location, destination_location;
};
constexpr KeyedNames kCefNames{"deviceExternalId",
                               "src",
                               "dst",
                               "sourceTranslatedAddress",
                               "cs1",
                               "suser",
                               "app",
                               "cs3",
                               "cs4",
                               "cs5",
                               "deviceInboundInterface",
                               "deviceOutboundInterface",
                               "cn1",
                               "cnt",
                               "spt",
                               "dpt",
                               "sourceTranslatedPort",
                               "destinationTranslatedPort",
                               "flexString1",
                               "proto",
                               "act",
                               "flexNumber1",
                               "in",
                               "out",
                               "cn2",
                               "PanOSPacketsSent",
                               "PanOSPacketsReceived",
                               "cn3",
                               "cs2",
                               "externalId",
                               "reason",
                               "cat",
                               "dvchost",
                               "",
                               ""};
constexpr KeyedNames kLeefNames{"SerialNumber",
                                "src",
                                "dst",
                                "srcPostNAT",
                                "RuleName",
                                "usrName",
                                "Application",
                                "VirtualSystem",
                                "SourceZone",
                                "DestinationZone",
                                "IngressInterface",
                                "EgressInterface",
                                "SessionID",
                                "RepeatCount",
                                "srcPort",
                                "dstPort",
                                "srcPostNATPort",
                                "dstPostNATPort",
                                "Flags",
                                "proto",
                                "action",
                                "totalBytes",
                                "srcBytes",
                                "dstBytes",
                                "totalPackets",
                                "srcPackets",
                                "dstPackets",
                                "ElapsedTime",
                                "URLCategory",
                                "sequence",
                                "SessionEndReason",
                                "ActionSource",
                                "DeviceName",
                                "SourceLocation",
                                "DestinationLocation"};
constexpr KeyedNames kJsonNames{"DeviceSN",
                                "SourceAddress",
                                "DestinationAddress",
                                "NATSource",
                                "Rule",
                                "SourceUser",
                                "Application",
                                "VirtualLocation",
                                "FromZone",
                                "ToZone",
                                "InboundInterface",
                                "OutboundInterface",
                                "SessionID",
                                "RepeatCount",
                                "SourcePort",
                                "DestinationPort",
                                "NATSourcePort",
                                "NATDestinationPort",
                                "",
                                "Protocol",
                                "Action",
                                "Bytes",
                                "BytesSent",
                                "BytesReceived",
                                "PacketsTotal",
                                "PacketsSent",
                                "PacketsReceived",
                                "SessionDuration",
                                "URLCategory",
                                "SequenceNo",
                                "SessionEndReason",
                                "ActionSource",
                                "DeviceName",
                                "SourceLocation",
                                "DestinationLocation"};

void put_common(PairWriter& out, const KeyedNames& names, const Session& s) {
  out.text(names.serial, s.firewall->serial);
  out.text(names.source, s.client->address);
  out.text(names.destination, s.server->address);
  out.text(names.nat_source, s.nat_source);
  out.text(names.rule, s.rule->name);
  out.text(names.user, s.client->user);
  out.text(names.app, s.app_name);
  out.text(names.vsys, s.rule->vsys);
  out.text(names.from, s.rule->from);
  out.text(names.to, s.rule->to);
  out.text(names.inbound, s.rule->inbound);
  if (!s.dropped) out.text(names.outbound, s.rule->outbound);
  out.number(names.session, s.session_id);
  out.number(names.repeat, s.repeat_count);
  out.number(names.source_port, s.source_port);
  out.number(names.destination_port, s.destination_port);
  out.number(names.nat_source_port, s.nat_source_port);
  out.number(names.nat_destination_port, s.nat_destination_port);
  if (!names.flags.empty()) out.hex(names.flags, s.flags);
  out.text(names.protocol, s.protocol);
  out.text(names.action, s.scenario->action);
  out.number(names.bytes, s.bytes_sent + s.bytes_received);
  out.number(names.bytes_sent, s.bytes_sent);
  out.number(names.bytes_received, s.bytes_received);
  out.number(names.packets, s.packets_sent + s.packets_received);
  out.number(names.packets_sent, s.packets_sent);
  out.number(names.packets_received, s.packets_received);
  out.number(names.elapsed, s.elapsed_s);
  out.text(names.category, s.category);
  out.number(names.sequence, s.sequence_number);
  out.text(names.reason, s.scenario->end_reason);
  out.text(names.action_source, s.scenario->action_source);
  out.text(names.device, s.firewall->name);
  if (names.source_location.empty()) return;
  out.text(names.source_location, s.client->location);
  out.text(names.destination_location, s.server->location);
}

}  // namespace

std::optional<LineFormat> line_format_named(std::string_view name) {
  if (name == "panos-csv") return LineFormat::PanosCsv;
  if (name == "cef") return LineFormat::Cef;
  if (name == "leef") return LineFormat::Leef;
  if (name == "json") return LineFormat::Json;
  return std::nullopt;
}

std::optional<Envelope> envelope_named(std::string_view name) {
  if (name == "none") return Envelope::None;
  if (name == "bsd") return Envelope::Bsd;
  if (name == "ietf") return Envelope::Ietf;
  return std::nullopt;
}

void LineWriter::set_second(std::int64_t second) {
  second_ = second;
  put_moment(device_time_.data(), second, '/', ' ');
  put_moment(iso_time_.data(), second, '-', 'T');
  const CivilDate date = civil_date(second / 86'400);
  char* to = put(bsd_time_.data(), kMonths.substr(3 * (date.month - 1), 3));
  *to++ = ' ';
  to = put_pair(to, date.day_of_month);
  if (date.day_of_month < 10) to[-2] = ' ';
  *to++ = ' ';
  put(to, {device_time_.data() + 11, 8});
}

char* LineWriter::write(const Session& session, LineFormat format, char* to) {
  if (session.logged_s != second_) set_second(session.logged_s);
  to = write_header(session, to);
  switch (format) {
    case LineFormat::PanosCsv:
      to = write_csv(session, to);
      break;
    case LineFormat::Cef:
      to = write_cef(session, to);
      break;
    case LineFormat::Leef:
      to = write_leef(session, to);
      break;
    case LineFormat::Json:
      to = write_json(session, to);
      break;
  }
  *to++ = '\n';
  return to;
}

char* LineWriter::write_header(const Session& session, char* to) {
  if (envelope_ == Envelope::None) return to;
  if (envelope_ == Envelope::Bsd) {
    to = put(to, "<14>");
    to = put(to, {bsd_time_.data(), bsd_time_.size()});
    *to++ = ' ';
    to = put(to, session.firewall->name);
    *to++ = ' ';
    return to;
  }
  to = put(to, "<14>1 ");
  to = put(to, {iso_time_.data(), iso_time_.size()});
  to = put(to, kZone);
  *to++ = ' ';
  to = put(to, session.firewall->name);
  return put(to, ".example.com - - - -  ");
}

// The columns in their order, as the numbers at the right say; facts: PAN-OS 11.1 ends at 117.
char* LineWriter::write_csv(const Session& s, char* to) {
  const std::string_view now(device_time_.data(), device_time_.size());
  const Scenario& scenario = *s.scenario;
  const auto text = [&](std::string_view value) {
    to = put(to, value);
    *to++ = ',';
  };
  const auto number = [&](std::uint64_t value) {
    to = put_number(to, value);
    *to++ = ',';
  };
  text("1");  // 1
  text(now);
  text(s.firewall->serial);
  text("TRAFFIC");
  text(scenario.subtype);  // 5
  text("2817");
  text(now);
  text(s.client->address);
  text(s.server->address);
  text(s.nat_source);  // 10
  text(s.nat_source.size() == 7 ? s.nat_source : std::string_view(s.server->address));
  text(s.rule->csv_name);
  text(s.client->user);
  text("");
  text(s.app_name);                                         // 15
  text(s.dropped ? s.rule->place_dropped : s.rule->place);  // to 21
  text(now);
  number(s.session_id);
  number(s.repeat_count);
  number(s.source_port);  // 25
  number(s.destination_port);
  number(s.nat_source_port);
  number(s.nat_destination_port);
  to = put_hex(to, s.flags);
  *to++ = ',';
  text(s.protocol);  // 30
  text(scenario.action);
  number(s.bytes_sent + s.bytes_received);
  number(s.bytes_sent);
  number(s.bytes_received);
  number(s.packets_sent + s.packets_received);  // 35
  to = put_moment(to, started(s), '/', ' ');
  *to++ = ',';
  number(s.elapsed_s);
  text(s.category);
  text("");
  number(s.sequence_number);  // 40
  text("0x8000000000000000");
  text(s.client->location);
  text(s.server->location);
  text("");
  number(s.packets_sent);  // 45
  number(s.packets_received);
  text(scenario.end_reason);
  text("15,16,0,0");  // to 51
  text("");
  text(s.firewall->name);
  text(scenario.action_source);
  text(",,0,,0,,N/A,0,0,0,0");  // 55 to 65
  text(s.rule->uuid);
  text("0,0,,,,,,,,");     // 67 to 76
  text(s.client->device);  // to 84
  text(s.server->device);  // to 92
  text(",,,,,,,,,");       // 93 to 102
  to = put(to, {iso_time_.data(), iso_time_.size()});
  *to++ = '.';
  to = put_millis(to, s.logged_ms);
  text(kZone);  // 103
  text(",");    // 104, 105
  if (s.app == nullptr) {
    text("unknown,unknown,unknown,1,,");  // to 111
  } else {
    const AppFamily& family = *s.app->family;
    text(family.subcategory);
    text(family.category);
    text(family.technology);
    *to++ = family.risk;
    *to++ = ',';
    if (s.quoted && !s.app->traits.empty()) {  // 110
      *to++ = '"';
      to = put(to, s.app->traits);
      *to++ = '"';
    }
    *to++ = ',';
    text(family.variants.empty() ? std::string_view() : family.name);
  }
  text(s.app_name);
  text(s.app != nullptr && s.app->family->saas ? "yes" : "no");
  text("no");
  text(s.offloaded ? "1" : "0");
  return put(to, "NonProxyTraffic,");  // 116, and an empty 117
}

char* LineWriter::write_cef(const Session& s, char* to) {
  to = put(to, "CEF:0|Palo Alto Networks|PAN-OS|11.1.4|");
  to = put(to, s.scenario->subtype);
  to = put(to, "|TRAFFIC|1|");
  PairWriter out(to, " ", "=", "", true);
  // "Mar 10 2026 10:00:00 GMT+01:00" is another spelling; this one is the shorter common one.
  char time[20];
  char* end = put(time, {bsd_time_.data(), 7});
  end = put(end, {iso_time_.data(), 4});
  end = put(end, {bsd_time_.data() + 6, 9});
  out.text("rt", {time, static_cast<std::size_t>(end - time)});
  put_common(out, kCefNames, s);
  out.text("cs1Label", "Rule");
  out.text("cs2Label", "URL Category");
  out.text("cs3Label", "Virtual System");
  out.text("cs4Label", "Source Zone");
  out.text("cs5Label", "Destination Zone");
  out.text("cn1Label", "SessionID");
  out.text("cn2Label", "Packets");
  out.text("cn3Label", "Elapsed time in seconds");
  out.text("PanOSRuleUUID", s.rule->uuid);
  return out.end();
}

char* LineWriter::write_leef(const Session& s, char* to) {
  to = put(to, "LEEF:2.0|Palo Alto Networks|PAN-OS Syslog Integration|11.1.4|");
  to = put(to, s.scenario->action);
  to = put(to, "|x7C|");
  PairWriter out(to, "|", "=", "", false);
  out.text("cat", "TRAFFIC");
  out.text("Subtype", s.scenario->subtype);
  out.text("ReceiveTime", {device_time_.data(), device_time_.size()});
  put_common(out, kLeefNames, s);
  return out.end();
}

char* LineWriter::write_json(const Session& s, char* to) {
  *to++ = '{';
  PairWriter out(to, ",", ":", "\"", true);
  out.text("LogType", "TRAFFIC");
  out.text("Subtype", s.scenario->subtype);
  out.text("ConfigVersion", "11.1");
  char time[32];
  char* end = put(time, {iso_time_.data(), iso_time_.size()});
  *end++ = '.';
  end = put_millis(end, s.logged_ms);
  end = put(end, "000Z");
  out.text("TimeGenerated", {time, static_cast<std::size_t>(end - time)});
  end = put_moment(time, started(s), '-', 'T');
  end = put(end, ".000000Z");
  out.text("SessionStartTime", {time, static_cast<std::size_t>(end - time)});
  put_common(out, kJsonNames, s);
  out.text("RuleUUID", s.rule->uuid);
  to = out.end();
  *to++ = '}';
  return to;
}

}  // namespace endreason::bench
