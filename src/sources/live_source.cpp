// SPDX-License-Identifier: Apache-2.0
#include "sources/live_source.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "sources/packet_filter.hpp"
#include "sources/pcap_calls.hpp"

namespace endreason {
namespace {

constexpr int kSnapLength = 262'144;  // what tcpdump asks for
constexpr int kWaitMs = 100;          // so that sessions age while nothing comes
constexpr std::uint16_t kRawLinkType = 101;

// Files number DLT_RAW otherwise than systems do (pcap-linktype(7)).
std::uint16_t link_type_of(int data_link) {
  return data_link == DLT_RAW ? kRawLinkType : static_cast<std::uint16_t>(data_link);
}

std::string why_not(const std::string& interface, int status, const char* says) {
  if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
    return fmt::format(
        "-i {}: this user may not capture packets (run it as root, or give the program the right: "
        "setcap cap_net_raw+ep)",
        interface);
  if (status == PCAP_ERROR_NO_SUCH_DEVICE)
    return fmt::format("-i {}: there is no such interface (ip link lists them)", interface);
  if (status == PCAP_ERROR_IFACE_NOT_UP)
    return fmt::format("-i {}: the interface is not up (ip link set {} up)", interface, interface);
  return fmt::format("-i {}: {}", interface,
                     says != nullptr && *says != '\0' ? says : pcap_statustostr(status));
}

}  // namespace

struct LiveSource::Handle {
  explicit Handle(pcap_t* of) : pcap(of) {}
  ~Handle() { pcap_close(pcap); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  pcap_t* pcap;
};

LiveSource::LiveSource(std::unique_ptr<Handle> handle, const LiveOptions& options)
    : handle_(std::move(handle)),
      left_(options.packets != 0 ? options.packets : std::numeric_limits<std::uint64_t>::max()) {
  interfaces_.push_back(
      {options.interface, link_type_of(pcap_datalink(handle_->pcap)), kSnapLength});
}
LiveSource::~LiveSource() = default;

Result<std::unique_ptr<LiveSource>> LiveSource::open(const LiveOptions& options) {
  if (auto loaded = load_pcap(); !loaded) return tl::unexpected(loaded.error());
  char says[PCAP_ERRBUF_SIZE] = {};
  pcap_t* const pcap = pcap_create(options.interface.c_str(), says);
  if (pcap == nullptr) return fail(Error::Code::Io, why_not(options.interface, PCAP_ERROR, says));
  auto handle = std::make_unique<Handle>(pcap);
  pcap_set_snaplen(pcap, kSnapLength);
  pcap_set_promisc(pcap, 1);
  pcap_set_timeout(pcap, kWaitMs);
  pcap_set_buffer_size(pcap, options.buffer_bytes);
  pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);  // else times are read as micro
  if (const int status = pcap_activate(pcap); status < 0)
    return fail(Error::Code::Io, why_not(options.interface, status, pcap_geterr(pcap)));
  if (!options.bpf.empty()) {
    bpf_program program{};
    if (pcap_compile(pcap, &program, options.bpf.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
      // One that is none at all is shown with the place where it is wrong.
      if (const auto any = PacketFilter::compile(options.bpf); !any)
        return tl::unexpected(any.error());
      return fail(Error::Code::Usage,
                  fmt::format("the capture filter '{}' means nothing on {}: {}", options.bpf,
                              options.interface, pcap_geterr(pcap)));
    }
    const int set = pcap_setfilter(pcap, &program);
    pcap_freecode(&program);
    if (set != 0) return fail(Error::Code::Io, why_not(options.interface, set, pcap_geterr(pcap)));
  }
  // We wait ourselves: the library's own wait has no end where nothing comes at all.
  if (pcap_setnonblock(pcap, 1, says) != 0)
    return fail(Error::Code::Io, why_not(options.interface, PCAP_ERROR, says));
  return std::unique_ptr<LiveSource>(new LiveSource(std::move(handle), options));
}

// The kernel's bytes are its own again when the callback comes back. Places are offsets until all
// packets are there, since the bytes may move.
void LiveSource::keep(const RawPacket& packet) {
  RawPacket& kept = batch_[filled_++];
  kept = packet;
  bytes_.insert(bytes_.end(), packet.bytes.begin(), packet.bytes.end());
  counters_.captured_bytes += packet.bytes.size();
  counters_.snapped += packet.bytes.size() < packet.wire_length;
}

std::size_t LiveSource::read(std::span<RawPacket> batch) {
  if (stopped_.load(std::memory_order_relaxed) || left_ == 0) ended_ = true;
  if (ended_ || batch.empty()) return 0;
  batch_ = batch.first(static_cast<std::size_t>(std::min<std::uint64_t>(batch.size(), left_)));
  filled_ = 0;
  bytes_.clear();
  const auto take = [](u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
    auto& live = *reinterpret_cast<LiveSource*>(self);
    const bool nanos = pcap_get_tstamp_precision(live.handle_->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    RawPacket packet;
    packet.time_ns = std::int64_t{header->ts.tv_sec} * 1'000'000'000 +
                     std::int64_t{header->ts.tv_usec} * (nanos ? 1 : 1000);
    packet.bytes = {bytes, header->caplen};
    packet.wire_length = std::max(header->len, header->caplen);
    packet.link_type = live.interfaces_.front().link_type;
    live.keep(packet);
  };
  pollfd waiting{pcap_get_selectable_fd(handle_->pcap), POLLIN, 0};
  ::poll(&waiting, 1, kWaitMs);
  const int got = pcap_dispatch(handle_->pcap, static_cast<int>(batch_.size()), take,
                                reinterpret_cast<u_char*>(this));
  if (got == PCAP_ERROR) {
    failure_ = pcap_geterr(handle_->pcap);
    ended_ = true;
  }
  std::size_t at = 0;
  for (RawPacket& packet : batch_.first(filled_)) {
    packet.bytes = std::span<const std::uint8_t>(bytes_).subspan(at, packet.bytes.size());
    at += packet.bytes.size();
  }
  counters_.packets += filled_;
  left_ -= filled_;
  return filled_;
}

LiveDrops LiveSource::drops() const {
  pcap_stat stat{};
  if (pcap_stats(handle_->pcap, &stat) != 0) return {};
  return {stat.ps_drop, stat.ps_ifdrop};
}

}  // namespace endreason
