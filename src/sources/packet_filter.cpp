// SPDX-License-Identifier: Apache-2.0
#include "sources/packet_filter.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include <fmt/format.h>
#include <pcap.h>

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
  std::string problem;
  for (const std::uint16_t link_type : kCommonLinkTypes) {
    const Program attempt(link_type, std::string(text));
    if (attempt.problem.empty()) return PacketFilter(std::make_unique<Programs>(text));
    if (problem.empty()) problem = attempt.problem;
  }
  return fail(Error::Code::Usage,
              fmt::format("the packet filter \"{}\" cannot be used: {} (filters are written as for "
                          "tcpdump: man 7 pcap-filter)",
                          text, problem));
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
