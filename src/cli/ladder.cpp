// SPDX-License-Identifier: Apache-2.0
#include "cli/ladder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "format/display_text.hpp"
#include "format/json_text.hpp"
#include "model/protocol.hpp"
#include "verdict/seen_handshake.hpp"

namespace endreason {
namespace {

constexpr std::size_t kArrowWidth = 24;  // between the two posts
constexpr std::size_t kTimeWidth = 11;
constexpr std::size_t kKeptAtEnds = 12;  // packets drawn at either end of a long session
constexpr std::size_t kNarrowest = 60;

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

std::string utc(std::int64_t ns) {
  std::string text;
  append_rfc3339(text, {ns / 1000, 0, 6});
  return text;
}

struct FlagName {
  std::uint8_t bit;
  std::string_view name;
};
constexpr auto kFlagNames = std::to_array<FlagName>({{kTcpSyn, "SYN"},
                                                     {kTcpFin, "FIN"},
                                                     {kTcpRst, "RST"},
                                                     {kTcpPsh, "PSH"},
                                                     {kTcpAck, "ACK"},
                                                     {kTcpUrg, "URG"}});

// RFC 9260 section 3.2.
constexpr auto kSctpChunks = std::to_array<std::string_view>(
    {"DATA", "INIT", "INIT-ACK", "SACK", "HEARTBEAT", "HEARTBEAT-ACK", "ABORT", "SHUTDOWN",
     "SHUTDOWN-ACK", "ERROR", "COOKIE-ECHO", "COOKIE-ACK", "ECNE", "CWR", "SHUTDOWN-COMPLETE"});

// RFC 792, RFC 4443 and RFC 4861.
struct IcmpName {
  std::uint8_t protocol, type;
  std::string_view name;
};
constexpr auto kIcmpNames = std::to_array<IcmpName>({{kProtoIcmp, 8, "echo request"},
                                                     {kProtoIcmp, 0, "echo reply"},
                                                     {kProtoIcmp6, 128, "echo request"},
                                                     {kProtoIcmp6, 129, "echo reply"},
                                                     {kProtoIcmp6, 133, "router solicit"},
                                                     {kProtoIcmp6, 134, "router advert"},
                                                     {kProtoIcmp6, 135, "neighbor solicit"},
                                                     {kProtoIcmp6, 136, "neighbor advert"}});

std::string label(const NotedPacket& p) {
  if (p.has(PacketRemark::IcmpError)) return "ICMP error";
  if (p.protocol == kProtoSctp && p.sctp_chunk < kSctpChunks.size())
    return std::string(kSctpChunks[p.sctp_chunk]);
  for (const IcmpName& row : kIcmpNames)
    if (row.protocol == p.protocol && row.type == p.icmp_type) return std::string(row.name);
  if (p.protocol == kProtoTcp) {
    std::string text;
    for (const FlagName& flag : kFlagNames)
      if ((p.tcp_flags & flag.bit) != 0) text += (text.empty() ? "" : "-") + std::string(flag.name);
    return text.empty() ? "no flags" : text;
  }
  if (p.protocol == kProtoIcmp || p.protocol == kProtoIcmp6)
    return fmt::format("type {} code {}", p.icmp_type, p.icmp_code);
  return std::string(protocol_name(p.protocol));
}

// "|-- SYN ---------------->|"
std::string arrow(const NotedPacket& p) {
  const std::string text = " " + cut_to_width(label(p), kArrowWidth - 6) + " ";
  const std::string line(kArrowWidth - 3 - text.size(), '-');
  return p.flow == Flow::C2s ? "|--" + text + line + ">|" : "|<" + line + text + "--|";
}

std::string numbers(const NotedPacket& p) {
  if (p.protocol != kProtoTcp || p.has(PacketRemark::IcmpError))
    return fmt::format("len {}", p.protocol == kProtoTcp ? p.wire_length : p.payload);
  std::string text = fmt::format("seq {}", p.seq);
  if ((p.tcp_flags & kTcpAck) != 0) text += fmt::format(" ack {}", p.ack);
  if (p.payload > 0) text += fmt::format(" len {}", p.payload);
  if ((p.tcp_flags & kTcpSyn) != 0) text += fmt::format(" win {}", p.window);
  return text;
}

// What inspection found in this packet; of 0, at the end of the session.
template <class Take>
void each_finding(const SessionStory& story, std::uint64_t packet, Take&& take) {
  for (const StoryFinding& finding : story.findings)
    if (finding.packet == packet) take(finding);
}

bool wrong(const NotedPacket& p) {
  return std::any_of(kPacketRemarks.begin(), kPacketRemarks.end(),
                     [&p](const auto& row) { return row.wrong && p.has(row.value); });
}

// Whose doing it is that a packet was dropped, where that is not the packet's own.
std::string dropped_by(const NotedPacket& p, const SessionStory& story) {
  if (p.outcome != SessionCounter::ApplicationDeny) return {};
  return fmt::format(": rule '{}' has {} for {}", story.rule, story.action, story.app);
}

std::string remark(const NotedPacket& p, const SessionStory& story) {
  const bool v6 = !story.end.client().is_v4();
  std::string text;
  for (const auto& row : kPacketRemarks) {
    if (!p.has(row.value)) continue;
    if (!text.empty()) text += "; ";
    text += row.text;
    if (row.value == PacketRemark::Dropped)
      text += fmt::format(" ({}){}", info(p.outcome).log_name, dropped_by(p, story));
    if (row.value == PacketRemark::IcmpError)
      text += ": " + icmp_error_text(v6, p.icmp_type, p.icmp_code);
  }
  return text;
}

// Why the session ended at that time: its timer, or what came before that.
std::string why_then(const SessionStory& story) {
  const Session& end = story.end;
  const bool reused = (end.end_reasons & end_reason_bit(EndReason::TcpReuse)) != 0;
  if (reused && !info(end.tcp_state).closing)
    return ": the server accepted a new SYN of the same addresses and ports";
  const double silence = seconds(story.ended_ns - end.last_ns);
  if (silence <= 0) return {};
  const std::string text = fmt::format(", {:.0f} s after the last packet", silence);
  const std::string_view timer = info(end.timer).log_name;
  if (reused)
    return text +
           fmt::format(", before {} was over: a new SYN of the same addresses and ports", timer);
  const bool shortened = story.ended_ns < end.refreshed_ns + end.timeout_s * kNanosPerSecond;
  return text + fmt::format(" ({}{})", timer, shortened ? ", shortened by accelerated aging" : "");
}

class Drawing {
 public:
  Drawing(std::string& out, const SessionStory& story, const LadderOptions& options)
      : out_(out),
        story_(story),
        options_(options),
        width_(std::max<std::size_t>(options.width, kNarrowest)) {}

  void draw() {
    head();
    const std::size_t count = story_.packets.size();
    const bool all = count <= options_.packets_max;
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const NotedPacket& p = story_.packets[i];
      const bool at_end = i < kKeptAtEnds || i + kKeptAtEnds >= count;
      bool found = false;
      each_finding(story_, p.number, [&found](const StoryFinding&) { found = true; });
      if (!all && !at_end && !wrong(p) && !found) {
        ++left_out;
        continue;
      }
      tell_left_out(left_out);
      packet(p);
    }
    tail();
  }

 private:
  void line(const std::string& text, Ink ink = Ink::None) {
    append_inked(out_, text, ink, options_.colour);
    out_ += '\n';
  }

  void head() {
    line(fmt::format("session {}  {} -> {}  {}  {}", story_.end.id, story_.client, story_.server,
                     story_.protocol, story_.app),
         Ink::Bold);
    for (const std::string& part : wrap(utc(story_.end.start_ns) + "  " + story_.verdict, width_))
      line(part);
    if (!story_.rule.empty()) line(fmt::format("rule '{}': {}", story_.rule, story_.action));
    const std::string client = "client";
    const std::string server = "server";
    line(std::string(kTimeWidth, ' ') + "  " + client +
         std::string(kArrowWidth + 2 - client.size() - server.size(), ' ') + server);
  }

  void tell_left_out(std::size_t& count) {
    if (count == 0) return;
    beside(fmt::format("({} more, nothing remarkable; --packets shows them)", count), Ink::Dim);
    count = 0;
  }

  // A remark below the arrow that it is about.
  void beside(const std::string& text, Ink ink) {
    const std::string lead =
        std::string(kTimeWidth, ' ') + "  |" + std::string(kArrowWidth, ' ') + "|  ";
    for (const std::string& part : wrap(text, width_ - lead.size())) {
      out_ += lead;
      append_inked(out_, part, ink, options_.colour);
      out_ += '\n';
    }
  }

  void packet(const NotedPacket& p) {
    const std::string left =
        fmt::format("{:>{}.6f}  {}  {}", seconds(p.time_ns - story_.end.start_ns), kTimeWidth,
                    arrow(p), numbers(p));
    const std::string text = remark(p, story_);
    const Ink ink = wrong(p) ? Ink::Yellow : Ink::Green;
    out_ += left;
    if (text.empty() || left.size() + 4 + text.size() > width_) {
      out_ += '\n';
      if (!text.empty()) beside("^ " + text, ink);
    } else {
      out_ += "  ";
      append_inked(out_, "< " + text, ink, options_.colour);
      out_ += '\n';
    }
    each_finding(story_, p.number, [this](const StoryFinding& f) { finding(f); });
  }

  void finding(const StoryFinding& found) {
    beside("^ " + found.text, found.blocks ? Ink::Red : Ink::Yellow);
  }

  void tail() {
    const Session& end = story_.end;
    if (end.flow(Flow::S2c).packets == 0)
      beside("nothing from the server: no answer, or one direction only was captured", Ink::Yellow);
    each_finding(story_, 0, [this](const StoryFinding& f) { finding(f); });
    std::string text = fmt::format("ends: {}", story_.end_reason);
    if (!story_.tracker_stage.empty())
      text += fmt::format(" (tracker stage: {})", story_.tracker_stage);
    text += why_then(story_);
    const std::string left =
        fmt::format("{:>{}.6f}  ", seconds(story_.ended_ns - end.start_ns), kTimeWidth);
    bool first = true;
    for (const std::string& part : wrap(text, width_ - left.size())) {
      line((first ? left : std::string(left.size(), ' ')) + part, first ? Ink::Bold : Ink::None);
      first = false;
    }
  }

  std::string& out_;
  const SessionStory& story_;
  const LadderOptions& options_;
  std::size_t width_;
};

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

void append_ladder(std::string& out, const SessionStory& story, const LadderOptions& options) {
  Drawing(out, story, options).draw();
}

void append_ladder_json(std::string& out, const SessionStory& story) {
  for (const NotedPacket& p : story.packets) {
    std::string findings;
    each_finding(story, p.number, [&findings](const StoryFinding& found) {
      findings += (findings.empty() ? "" : ",") + json_text(found.text);
    });
    std::string remarks;
    for (const auto& row : kPacketRemarks)
      if (p.has(row.value))
        remarks += (remarks.empty() ? "\"" : ",\"") + std::string(row.log_name) + "\"";
    out += fmt::format(
        "{{\"session\":{},\"time\":\"{}\",\"relative_s\":{:.6f},\"from\":\"{}\",\"label\":{}",
        story.end.id, utc(p.time_ns), seconds(p.time_ns - story.end.start_ns),
        p.flow == Flow::C2s ? "client" : "server", json_text(label(p)));
    if (p.protocol == kProtoTcp && !p.has(PacketRemark::IcmpError))
      out += fmt::format(",\"seq\":{},\"ack\":{},\"window\":{}", p.seq, p.ack, p.window);
    out += fmt::format(
        ",\"payload\":{},\"wire_length\":{},\"counter\":\"{}\",\"remarks\":[{}],\"text\":{}{}}}\n",
        p.payload, p.wire_length, info(p.outcome).log_name, remarks, json_text(remark(p, story)),
        findings.empty() ? "" : fmt::format(",\"findings\":[{}]", findings));
  }
  out += fmt::format(
      "{{\"session\":{},\"time\":\"{}\",\"relative_s\":{:.6f},\"client\":{},\"server\":{},"
      "\"proto\":"
      "{},\"app\":{},\"session_end_reason\":{},\"tracker_stage\":{},\"verdict\":{}}}\n",
      story.end.id, utc(story.ended_ns), seconds(story.ended_ns - story.end.start_ns),
      json_text(story.client), json_text(story.server), json_text(story.protocol),
      json_text(story.app), json_text(story.end_reason), json_text(story.tracker_stage),
      json_text(story.verdict));
}

}  // namespace endreason
