// SPDX-License-Identifier: Apache-2.0
#include "cli/show_session.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"
#include "dataplane/engine.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

const std::string kRule(80, '-');

using Words = std::vector<std::string>;

tl::unexpected<Error> wrong(std::string text) {
  return fail(Error::Code::Usage, "show session all filter: " + std::move(text));
}

constexpr auto kFilterWords = std::to_array<std::string_view>(
    {"source", "destination", "source-port", "destination-port", "protocol", "application", "from",
     "to", "rule", "state", "type", "min-kb", "max-kb", "min-age", "count"});

template <class Number>
Result<Number> number(std::string_view key, const std::string& text, std::uint64_t most) {
  std::uint64_t value = 0;
  if (!parse_decimal(text, value) || value > most)
    return wrong(fmt::format("{}: expected a number up to {}, found '{}'{}", key, most, text,
                             key == "protocol" ? " (tcp is 6, udp 17, icmp 1)" : ""));
  return static_cast<Number>(value);
}

template <class Number>
Result<void> put(std::optional<Number>& out, std::string_view key, const std::string& text,
                 std::uint64_t most) {
  auto value = number<Number>(key, text, most);
  if (!value) return tl::unexpected(value.error());
  out = *value;
  return {};
}

Result<void> put(std::optional<IpRange>& out, std::string_view key, const std::string& text) {
  out = parse_ip_range(text);
  if (out) return {};
  return wrong(fmt::format("{}: expected an address or a network, found '{}'", key, text));
}

Result<void> put(std::uint64_t& out, std::string_view key, const std::string& text) {
  auto value = number<std::uint64_t>(key, text, UINT32_MAX);
  if (!value) return tl::unexpected(value.error());
  out = *value;
  return {};
}

Result<void> put_state(std::optional<SessionState>& out, const std::string& text) {
  // The CLI says initial where the session says INIT.
  const std::string word = text == "initial" ? "init" : text;
  for (const SessionStateInfo& row : kSessionStates) {
    std::string name(row.log_name);
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (name == word) out = row.value;
  }
  if (out) return {};
  return wrong(fmt::format(
      "state: expected initial, opening, active, discard, closing or closed, found '{}'", text));
}

Result<void> put_word(SessionFilter& filter, const std::string& key, const std::string& text) {
  if (key == "source") return put(filter.source, key, text);
  if (key == "destination") return put(filter.destination, key, text);
  if (key == "source-port") return put(filter.source_port, key, text, 65535);
  if (key == "destination-port") return put(filter.destination_port, key, text, 65535);
  if (key == "protocol") return put(filter.protocol, key, text, 255);
  if (key == "state") return put_state(filter.state, text);
  if (key == "min-kb") return put(filter.min_kb, key, text);
  if (key == "max-kb") return put(filter.max_kb, key, text);
  if (key == "min-age") return put(filter.min_age_s, key, text);
  if (key == "application") filter.application = text;
  if (key == "from") filter.from = text;
  if (key == "to") filter.to = text;
  if (key == "rule") filter.rule = text;
  if (key == "count") {
    if (text != "yes" && text != "no")
      return wrong(fmt::format("count: expected yes or no, found '{}'", text));
    filter.count = text == "yes";
  }
  if (key == "type") {
    if (text != "flow" && text != "predict")
      return wrong(fmt::format("type: expected flow or predict, found '{}'", text));
    filter.predict = text == "predict";
  }
  return {};
}

// "Sat May  6 09:58:41 2023", UTC.
std::string device_date(std::int64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / kNanosPerSecond);
  std::tm civil{};
  gmtime_r(&seconds, &civil);
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{} {} {:>2} {:02}:{:02}:{:02} {}",
                     kDays[static_cast<std::size_t>(civil.tm_wday)],
                     kMonths[static_cast<std::size_t>(civil.tm_mon)], civil.tm_mday, civil.tm_hour,
                     civil.tm_min, civil.tm_sec, civil.tm_year + 1900);
}

std::string_view type_of(const Session& session) {
  return session.has(kPredict) ? "PREDICT" : "FLOW";
}

std::string_view application_name(const ShownSession& shown) {
  return shown.app.empty() ? std::string_view("undecided") : std::string_view(shown.app);
}

std::string_view known_or_unknown(std::string_view name) {
  return name.empty() ? "unknown" : name;
}

void append_flow(std::string& out, const ShownSession& shown, Flow flow) {
  const Session& s = shown.session;
  const bool c2s = flow == Flow::C2s;
  const auto line = [&out](std::string_view name, const std::string& value) {
    out += fmt::format("                {:<12} {}\n", fmt::format("{}:", name), value);
  };
  const std::string sport = std::to_string(c2s ? s.client_port() : s.server_port());
  const std::string dport = std::to_string(c2s ? s.server_port() : s.client_port());
  // A freed session's flows are back at INIT; its data stays until the slot is used again.
  const std::string state(shown.open ? info(s.state).log_name : info(SessionState::Init).log_name);
  out += fmt::format("        {} flow:\n", c2s ? "c2s" : "s2c");
  line("source", fmt::format("{} [{}]", to_string(c2s ? s.client() : s.server()),
                             c2s ? shown.from_zone : shown.to_zone));
  line("dst", to_string(c2s ? s.server() : s.client()));
  line("proto", std::to_string(s.key.protocol));
  line("sport", fmt::format("{:<15} dport:      {}", sport, dport));
  line("state", fmt::format("{:<15} type:       {}", state, type_of(s)));
  line("src user", "unknown");
  line("dst user", "unknown");
  out += '\n';
}

class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}
  void operator()(std::string_view name, std::string_view value) {
    out_ += fmt::format("        {:<37}: {}\n", name, value);
  }

 private:
  std::string& out_;
};

std::string_view truth(bool value) {
  return value ? "True" : "False";
}

struct Active {
  std::uint64_t tcp{}, udp{}, icmp{}, sctp{}, other{}, broadcast{}, multicast{}, predict{};
};

bool is_multicast(const IpAddress& a) {
  return a.is_v4() ? (a.bytes[12] & 0xf0) == 0xe0 : a.bytes[0] == 0xff;
}
bool is_broadcast(const IpAddress& a) {
  return a.is_v4() && a.bytes[12] == 255 && a.bytes[13] == 255 && a.bytes[14] == 255 &&
         a.bytes[15] == 255;
}

Active active_in(const SessionTable& table) {
  Active active;
  table.visit([&active](const Session& session) {
    const std::uint8_t protocol = session.key.protocol;
    if (session.has(kPredict)) {
      ++active.predict;
      return;
    }
    active.tcp += protocol == kProtoTcp;
    active.udp += protocol == kProtoUdp;
    active.icmp += protocol == kProtoIcmp || protocol == kProtoIcmp6;
    active.sctp += protocol == kProtoSctp;
    active.multicast += is_multicast(session.server());
    active.broadcast += is_broadcast(session.server());
  });
  return active;
}

struct TimerLine {
  std::string_view text;
  SessionTimer timer;
};
constexpr auto kTimerLines = std::to_array<TimerLine>({
    {"TCP default timeout", SessionTimer::Tcp},
    {"TCP session timeout before SYN-ACK received", SessionTimer::TcpInit},
    {"TCP session timeout before 3-way handshaking", SessionTimer::TcpHandshake},
    {"TCP half-closed session timeout", SessionTimer::TcpHalfClosed},
    {"TCP session timeout in TIME_WAIT", SessionTimer::TcpTimeWait},
    {"TCP session timeout for unverified RST", SessionTimer::TcpUnverifiedRst},
    {"UDP default timeout", SessionTimer::Udp},
    {"ICMP default timeout", SessionTimer::Icmp},
    {"SCTP default timeout", SessionTimer::Sctp},
    {"SCTP timeout before INIT-ACK received", SessionTimer::SctpInit},
    {"SCTP timeout before COOKIE received", SessionTimer::SctpCookie},
    {"SCTP timeout before SHUTDOWN received", SessionTimer::SctpShutdown},
    {"other IP default timeout", SessionTimer::Default},
});

class Info {
 public:
  Info(std::string& out, const SessionTable& table) : out_(out), table_(table) {}

  void numbers(const TableFacts& facts) {
    const Active active = active_in(table_);
    const std::uint64_t capacity = table_.pool().capacity(), used = table_.pool().allocated();
    rule();
    count("Number of sessions supported", capacity);
    count("Number of allocated sessions", used);
    count("Number of active TCP sessions", active.tcp);
    count("Number of active UDP sessions", active.udp);
    count("Number of active ICMP sessions", active.icmp);
    count("Number of active BCAST sessions", active.broadcast);
    count("Number of active MCAST sessions", active.multicast);
    count("Number of active predict sessions", active.predict);
    count("Number of active SCTP sessions", active.sctp);
    line("Session table utilization", fmt::format("{}%", used * 100 / capacity));
    count("Number of sessions created since bootup", table_.pool().last_id());
    line("Packet rate", fmt::format("{}/s", facts.packets_last_s));
    line("Throughput", fmt::format("{} kbps", facts.bytes_last_s * 8 / 1000));
    line("New connection establish rate", fmt::format("{} cps", facts.created_last_s));
  }

  void timeouts() {
    rule();
    out_ += "Session timeout\n";
    for (const TimerLine& row : kTimerLines)
      line(fmt::format("  {}", row.text), seconds(row.timer));
    out_ += "  Session timeout in discard state:\n";
    out_ += fmt::format("    TCP: {}, UDP: {}, SCTP: {}, other IP protocols: {}\n",
                        seconds(SessionTimer::DiscardTcp), seconds(SessionTimer::DiscardUdp),
                        seconds(SessionTimer::DiscardSctp), seconds(SessionTimer::DiscardDefault));
  }

  void settings() {
    const SessionSettings& s = table_.settings();
    rule();
    line("Session accelerated aging", truth(s.accelerated_aging));
    line("  Accelerated aging threshold",
         fmt::format("{}% of utilization", s.accelerated_threshold_percent));
    line("  Scaling factor", fmt::format("{} X", s.accelerated_factor));
    rule();
    out_ += "Session setup\n";
    line("  TCP - reject non-SYN first packet", truth(s.tcp.reject_non_syn));
    line("  Strict TCP RST sequence", truth(s.tcp.strict_rst));
    line("  Allow challenge ACK", truth(s.tcp.allow_challenge_ack));
    line("  Do not refresh discard sessions", truth(!s.refresh_discard));
    rule();
    line("Session behavior when resource limit is reached",
         s.full_pool == FullPool::Drop ? "drop" : "bypass");
  }

  void components() {
    rule();
    out_ += "Components of endreason's session engine\n";
    const SessionPool& pool = table_.pool();
    line("  session pool", fmt::format("{} allocated + {} free = {}", pool.allocated(), pool.free(),
                                       pool.capacity()));
    line("  flow table",
         fmt::format("{} sessions in {} buckets, {} bytes", table_.flow_table().size(),
                     table_.flow_table().bucket_count(), table_.flow_table().bytes()));
    line("  ager", fmt::format("{} sessions ended, {} found aged by a packet{}",
                               table_.counters()[SessionCounter::SessionsEnded],
                               table_.counters()[SessionCounter::AgedByPacket],
                               table_.accelerated() ? ", accelerated now" : ""));
    line("  TCP out-of-order queue", fmt::format("{} segments held", table_.segments_held()));
    rule();
  }

 private:
  void rule() { out_ += kRule + "\n"; }
  void line(std::string_view name, std::string_view value) {
    out_ += fmt::format("{:<50} {}\n", fmt::format("{}:", name), value);
  }
  void count(std::string_view name, std::uint64_t value) { line(name, std::to_string(value)); }
  std::string seconds(SessionTimer timer) const {
    return fmt::format("{} secs", table_.settings().timeouts.seconds(timer));
  }

  std::string& out_;
  const SessionTable& table_;
};

}  // namespace

Result<SessionFilter> SessionFilter::parse(const Words& words) {
  SessionFilter filter;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const bool known =
        std::find(kFilterWords.begin(), kFilterWords.end(), words[i]) != kFilterWords.end();
    if (!known) {
      const auto near = nearest_names(words[i], kFilterWords);
      return wrong(fmt::format("'{}' is no word of it{}; there are {}", words[i],
                               near.empty() ? "" : fmt::format(" (did you mean {}?)", near[0]),
                               fmt::join(kFilterWords, ", ")));
    }
    if (i + 1 == words.size()) return wrong(fmt::format("{}: its value is missing", words[i]));
    if (auto done = put_word(filter, words[i], words[i + 1]); !done)
      return tl::unexpected(done.error());
  }
  return filter;
}

bool SessionFilter::matches(const ShownSession& shown, std::int64_t now_ns) const {
  const Session& s = shown.session;
  const auto in = [](const std::optional<IpRange>& range, const IpAddress& a) {
    return !range || (range->first <= a && a <= range->last);
  };
  const auto is = [](const auto& wanted, const auto& value) { return !wanted || *wanted == value; };
  const std::uint64_t bytes = s.flow(Flow::C2s).bytes + s.flow(Flow::S2c).bytes;
  return in(source, s.client()) && in(destination, s.server()) &&
         is(source_port, s.client_port()) && is(destination_port, s.server_port()) &&
         is(protocol, s.key.protocol) && is(application, std::string(application_name(shown))) &&
         is(from, shown.from_zone) && is(to, shown.to_zone) && is(rule, shown.rule) &&
         is(state, s.state) && is(predict, s.has(kPredict)) && bytes >= min_kb * 1024 &&
         bytes <= max_kb * 1024 &&
         now_ns - s.start_ns >= static_cast<std::int64_t>(min_age_s) * kNanosPerSecond;
}

void append_session_list(std::string& out, const std::vector<ShownSession>& sessions) {
  if (sessions.empty()) {
    out += "No Active Sessions\n";
    return;
  }
  out += kRule + "\n";
  out += fmt::format("{:<12}{:<15}{:<8}{:<5}{:<5} {}\n", "ID", "Application", "State", "Type",
                     "Flag", "Src[Sport]/Zone/Proto (translated IP[Port])");
  out += fmt::format("{:<46}{}\n", "Vsys", "Dst[Dport]/Zone (translated IP[Port])");
  out += kRule + "\n";
  for (const ShownSession& shown : sessions) {
    const Session& s = shown.session;
    const std::string src = to_string(s.client()), dst = to_string(s.server());
    out += fmt::format("{:<12}{:<14} {:<7} {:<5}{:<5} {}[{}]/{}/{}  ({}[{}])\n", s.id,
                       application_name(shown), info(s.state).log_name, type_of(s), "", src,
                       s.client_port(), shown.from_zone, s.key.protocol, src, s.client_port());
    out += fmt::format("{:<46}{}[{}]/{}  ({}[{}])\n", "vsys1", dst, s.server_port(), shown.to_zone,
                       dst, s.server_port());
  }
}

void append_session(std::string& out, const ShownSession& shown, std::int64_t now_ns) {
  const Session& s = shown.session;
  out += fmt::format("\nSession {:>15}\n\n", s.id);
  append_flow(out, shown, Flow::C2s);
  append_flow(out, shown, Flow::S2c);
  Lines line(out);
  line("start time", device_date(s.start_ns));
  line("timeout", fmt::format("{} sec", s.timeout_s));
  if (shown.open)
    line("time to live",
         fmt::format("{} sec",
                     std::max<std::int64_t>(0, (shown.deadline_ns - now_ns) / kNanosPerSecond)));
  for (const Flow flow : {Flow::C2s, Flow::S2c})
    line(flow == Flow::C2s ? "total byte count(c2s)" : "total byte count(s2c)",
         std::to_string(s.flow(flow).bytes));
  for (const Flow flow : {Flow::C2s, Flow::S2c})
    line(flow == Flow::C2s ? "layer7 packet count(c2s)" : "layer7 packet count(s2c)",
         std::to_string(s.flow(flow).packets));
  line("vsys", "vsys1");
  line("application", application_name(shown));
  line("rule", shown.rule);
  line("service timeout override(index)", "False");  // a service object's, not an application's
  line("session to be logged at end", truth(shown.logged_at_end));
  line("session in session ager", truth(shown.open));
  line("session updated by HA peer", "False");
  line("layer7 processing", shown.open && shown.app.empty() ? "enabled" : "completed");
  line("URL filtering enabled", "False");
  line("session via syn-cookies", "False");
  line("session terminated on host", "False");
  line("session traverses tunnel", "False");
  line("session terminate tunnel", "False");
  line("captive portal session", "False");
  line("ingress interface", known_or_unknown(shown.ingress));
  line("egress interface", known_or_unknown(shown.egress));
  line("session QoS rule", "N/A (class 4)");
  if (!shown.open) {
    const bool staged = s.has(kStageKnown) || s.end_reasons == 0;
    if (staged) line("tracker stage firewall", info(s.stage).log_name);
    line("end-reason", info(winning_reason(s.end_reasons)).log_name);
  }
}

void append_session_info(std::string& out, const SessionTable& table, const TableFacts& facts) {
  Info lines(out, table);
  lines.numbers(facts);
  lines.timeouts();
  lines.settings();
  lines.components();
}

}  // namespace endreason
