// SPDX-License-Identifier: Apache-2.0
#include "sources/packet_filter.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "sources/pcap_calls.hpp"

namespace endreason {
namespace {

// What files write for a link type is libpcap's own number but for these, whose own numbers differ
// between systems (pcap-linktype(7)).
struct LinkNumber {
  std::uint16_t link_type;
  int library_number;
};
constexpr auto kLinkNumbers = std::to_array<LinkNumber>({
    {100, DLT_ATM_RFC1483},
    {101, DLT_RAW},
    {102, DLT_SLIP_BSDOS},
    {103, DLT_PPP_BSDOS},
    {106, DLT_ATM_CLIP},
});

int library_number(std::uint16_t link_type) {
  for (const LinkNumber& row : kLinkNumbers)
    if (row.link_type == link_type) return row.library_number;
  return link_type;
}

constexpr int kSnapLength = 262'144;  // what an accepting program returns; only zero or not counts

// One compiled filter. `code` stays where it is: it frees what the library gave.
struct Program {
  std::uint16_t link_type{};
  bpf_program code{};
  std::string problem;  // why it does not compile; empty when it does

  Program(std::uint16_t type, const std::string& text) : link_type(type) {
    pcap_t* const handle = pcap_open_dead(library_number(type), kSnapLength);
    if (handle == nullptr) {
      problem = "there is no room for it in memory";
      return;
    }
    if (pcap_compile(handle, &code, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
      problem = pcap_geterr(handle);
    pcap_close(handle);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { pcap_freecode(&code); }
};

// Ethernet, raw IP, 802.11 and Linux cooked: what one of them takes is a filter.
constexpr std::array<std::uint16_t, 4> kCommonLinkTypes = {1, 101, 105, 113};

// The words of the language that are commonly written (pcap-filter(7)).
constexpr auto kWords = std::to_array<std::string_view>(
    {"and",  "arp",   "broadcast", "dst",      "ether", "gateway",   "greater", "host",
     "icmp", "icmp6", "inbound",   "ip",       "ip6",   "less",      "mpls",    "multicast",
     "net",  "not",   "or",        "outbound", "port",  "portrange", "pppoes",  "proto",
     "sctp", "src",   "tcp",       "udp",      "vlan"});

// What may stand behind the beginning of a filter for it to be one: the end of a statement that was
// cut. In brackets that are still open, so many close.
constexpr auto kEndings = std::to_array<std::string_view>(
    {"", " 1", " tcp", " 1.2.3.4", " port 1", " host 1.2.3.4", " 1-2", " 00:00:00:00:00:01"});

bool is_filter(const std::string& text) {
  return Program(kCommonLinkTypes[0], text).problem.empty();
}

bool may_go_on(std::string_view beginning) {
  const auto open = std::ranges::count(beginning, '(') - std::ranges::count(beginning, ')');
  if (open < 0) return false;
  return std::ranges::any_of(kEndings, [&](std::string_view ending) {
    return is_filter(
        fmt::format("{}{}{}", beginning, ending, std::string(static_cast<std::size_t>(open), ')')));
  });
}

// The library does not say where a filter is wrong. It is at the first word with which no filter
// begins; a filter that has none is not finished.
struct WrongPlace {
  std::size_t begin, size;
};
WrongPlace wrong_place(std::string_view text) {
  std::size_t end = 0;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(" \t\n", end);
    if (begin == std::string_view::npos) return {text.size(), 0};
    end = std::min(text.find_first_of(" \t\n", begin), text.size());
    if (!may_go_on(text.substr(0, end))) return {begin, end - begin};
  }
}

std::string remedy(std::string_view word) {
  if (word.empty()) return "something is missing here; ";
  // More words than an option takes for captures are taken for a filter.
  if (word.find('/') != std::string_view::npos || word.find(".pcap") != std::string_view::npos)
    return fmt::format("if '{}' is to be a capture: there is no such file; ", word);
  const auto near = nearest_names(word, kWords, 2);
  if (near.empty() || near.front() == word) return {};
  return fmt::format("did you mean '{}'? ", fmt::join(near, "' or '"));
}

// What is wrong, the filter, and a caret where it is.
std::string complaint(std::string_view text, std::string_view problem) {
  constexpr std::string_view kLead = "can't parse filter expression: ";
  if (problem.starts_with(kLead)) problem.remove_prefix(kLead.size());
  std::string shown(text);
  std::ranges::replace_if(
      shown, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  std::string place = std::string(shown.size(), '^'), help = "write the address instead; ";
  // To try it would be to ask the network for the name again.
  if (problem.find("unknown host") == std::string_view::npos) {
    const WrongPlace wrong = wrong_place(shown);
    place = std::string(wrong.begin, ' ') + std::string(std::max<std::size_t>(wrong.size, 1), '^');
    help = remedy(std::string_view(shown).substr(wrong.begin, wrong.size));
  }
  return fmt::format(
      "the capture filter cannot be used: {}\n  {}\n  {}\n{}filters are written as for tcpdump: "
      "man "
      "7 pcap-filter",
      problem, shown, place, help);
}

}  // namespace

struct PacketFilter::Programs {
  explicit Programs(std::string_view filter) : text(filter) {}
  std::string text;
  std::deque<Program> compiled;
  Program* last = nullptr;  // of the packet before: most captures have one link type

  Program& of(std::uint16_t link_type) {
    if (last != nullptr && last->link_type == link_type) [[likely]]
      return *last;
    const auto found = std::find_if(compiled.begin(), compiled.end(), [&](const Program& program) {
      return program.link_type == link_type;
    });
    last = found != compiled.end() ? &*found : &compiled.emplace_back(link_type, text);
    return *last;
  }
};

PacketFilter::PacketFilter(std::unique_ptr<Programs> programs) : programs_(std::move(programs)) {}
PacketFilter::PacketFilter(PacketFilter&&) noexcept = default;
PacketFilter& PacketFilter::operator=(PacketFilter&&) noexcept = default;
PacketFilter::~PacketFilter() = default;

Result<PacketFilter> PacketFilter::compile(std::string_view text) {
  if (auto loaded = load_pcap(); !loaded) return tl::unexpected(loaded.error());
  std::string problem;
  for (const std::uint16_t link_type : kCommonLinkTypes) {
    const Program attempt(link_type, std::string(text));
    if (attempt.problem.empty()) return PacketFilter(std::make_unique<Programs>(text));
    if (problem.empty()) problem = attempt.problem;
  }
  return fail(Error::Code::Usage, complaint(text, problem));
}

bool PacketFilter::matches(const RawPacket& packet) {
  const Program& program = programs_->of(packet.link_type);
  if (!program.problem.empty()) return false;
  return bpf_filter(program.code.bf_insns, packet.bytes.data(), packet.wire_length,
                    static_cast<unsigned>(packet.bytes.size())) != 0;
}

std::size_t PacketFilter::keep_matching(std::span<RawPacket> batch) {
  std::size_t kept = 0;
  for (const RawPacket& packet : batch)
    if (matches(packet)) batch[kept++] = packet;
  return kept;
}

std::string PacketFilter::problems() const {
  std::string text;
  for (const Program& program : programs_->compiled)
    if (!program.problem.empty())
      text += fmt::format("{}the filter means nothing for packets of link type {}: {}",
                          text.empty() ? "" : "\n", program.link_type, program.problem);
  return text;
}

}  // namespace endreason
