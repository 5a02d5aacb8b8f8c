// SPDX-License-Identifier: Apache-2.0
// The one file that sees the library's headers.
#include "appid/dpi_engine.hpp"

#include <array>
#include <cassert>
#include <cstring>
#include <mutex>

#include <fmt/format.h>

// The layout of the detection module, whose caches must be kept from linking one flow to another.
// make() compares its size with what the installed library says.
#define NDPI_LIB_COMPILATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <ndpi_api.h>
#pragma GCC diagnostic pop

// Exported by the library, declared in none of its installed headers.
extern "C" void cache_free(struct cache* cache);

namespace endreason {

namespace {

ndpi_flow_struct* state(std::byte* flow) {
  return reinterpret_cast<ndpi_flow_struct*>(flow);
}

// What the library remembers across flows, by design of 4.2: who spoke BitTorrent, STUN, ... with
// whom. A cache of one entry, emptied before each packet, keeps its code happy and teaches nothing.
constexpr std::array kCaches = {
    &ndpi_detection_module_struct::ookla_cache,   &ndpi_detection_module_struct::bittorrent_cache,
    &ndpi_detection_module_struct::zoom_cache,    &ndpi_detection_module_struct::stun_cache,
    &ndpi_detection_module_struct::mining_cache,  &ndpi_detection_module_struct::tls_cert_cache,
    &ndpi_detection_module_struct::msteams_cache,
};

void keep_caches_small(ndpi_detection_module_struct& module) {
  for (const auto cache : kCaches) {
    if (module.*cache != nullptr) ndpi_lru_free_cache(module.*cache);
    module.*cache = ndpi_lru_cache_init(1);
  }
}

void forget_other_flows(ndpi_detection_module_struct& module) {
  for (const auto cache : kCaches)
    if (module.*cache != nullptr) (module.*cache)->entries[0].is_full = 0;
  if (module.tinc_cache != nullptr) [[unlikely]] {
    cache_free(module.tinc_cache);
    module.tinc_cache = nullptr;
  }
}

DpiAnswer answer_of(ndpi_detection_module_struct& module, ndpi_flow_struct& flow) {
  DpiAnswer answer;
  answer.host = std::string_view(flow.host_server_name,
                                 strnlen(flow.host_server_name, sizeof flow.host_server_name));
  answer.excluded = flow.fail_with_unknown != 0;
  const std::uint16_t app = flow.detected_protocol_stack[0];
  if (app == NDPI_PROTOCOL_UNKNOWN || flow.confidence != NDPI_CONFIDENCE_DPI) return answer;
  const std::uint16_t master = flow.detected_protocol_stack[1];
  answer.app = app;
  answer.carrier = master == app ? std::uint16_t{NDPI_PROTOCOL_UNKNOWN} : master;
  answer.more_possible = ndpi_extra_dissection_possible(&module, &flow) != 0;
  return answer;
}

}  // namespace

struct DpiEngine::Library {
  ndpi_detection_module_struct* module;
  explicit Library(ndpi_detection_module_struct* m) : module(m) {}
  ~Library() { ndpi_exit_detection_module(module); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

DpiEngine::DpiEngine(std::unique_ptr<Library> library) : library_(std::move(library)) {}
DpiEngine::~DpiEngine() = default;

Result<std::unique_ptr<DpiEngine>> DpiEngine::make() {
  static std::mutex one_at_a_time;  // the library sets up process-wide tables
  const std::lock_guard lock(one_at_a_time);
  if (ndpi_get_ndpi_detection_module_size() != sizeof(ndpi_detection_module_struct) ||
      ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(ndpi_flow_struct))
    return fail(Error::Code::Usage,
                fmt::format("appid: libndpi {} is not the release this program was built with; "
                            "install that one, or run with --no-appid",
                            ndpi_revision()));
  // Lists of Tor addresses would only serve guesses.
  ndpi_detection_module_struct* module = ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
  if (module == nullptr)
    return fail(Error::Code::Usage,
                "appid: libndpi cannot be set up, probably for lack of memory; "
                "run with --no-appid, or with fewer threads");
  NDPI_PROTOCOL_BITMASK all;
  NDPI_BITMASK_SET_ALL(all);
  ndpi_set_protocol_detection_bitmask2(module, &all);
  ndpi_finalize_initialization(module);
  keep_caches_small(*module);
  return std::unique_ptr<DpiEngine>(new DpiEngine(std::make_unique<Library>(module)));
}

std::size_t DpiEngine::flow_bytes() {
  return sizeof(ndpi_flow_struct);
}
static_assert(alignof(ndpi_flow_struct) <= DpiEngine::kFlowAlignment);

void DpiEngine::begin(std::byte* flow, bool handshake_seen) {
  std::memset(flow, 0, sizeof(ndpi_flow_struct));
  if (!handshake_seen) return;
  // The session engine has judged the handshake; the library is told instead of shown.
  constexpr std::uint16_t kHandshakePackets = 3;
  state(flow)->num_processed_pkts = kHandshakePackets;
  state(flow)->l4.tcp.seen_syn = 1;
  state(flow)->l4.tcp.seen_syn_ack = 1;
  state(flow)->l4.tcp.seen_ack = 1;
}

DpiAnswer DpiEngine::inspect(std::byte* flow, std::span<const std::uint8_t> packet,
                             std::int64_t time_ms) {
  ndpi_detection_module_struct& module = *library_->module;
  forget_other_flows(module);
  assert(packet.size() <= 0xffff);
  ndpi_detection_process_packet(&module, state(flow), packet.data(),
                                static_cast<unsigned short>(packet.size()),
                                static_cast<std::uint64_t>(time_ms));
  return answer_of(module, *state(flow));
}

DpiAnswer DpiEngine::conclude(std::byte* flow) {
  ndpi_detection_module_struct& module = *library_->module;
  // The library's last word on STUN may rest on the port alone; it counts where messages were seen.
  if (state(flow)->stun.num_processed_pkts == 0 && state(flow)->stun.num_binding_requests == 0)
    return answer_of(module, *state(flow));
  forget_other_flows(module);
  std::uint8_t guessed = 0;
  constexpr std::uint8_t kNoGuess = 0;
  ndpi_detection_giveup(&module, state(flow), kNoGuess, &guessed);
  return answer_of(module, *state(flow));
}

void DpiEngine::end(std::byte* flow) {
  ndpi_free_flow_data(state(flow));
}

std::vector<std::string> DpiEngine::protocol_names() const {
  std::vector<std::string> names;
  const std::size_t count = ndpi_get_num_supported_protocols(library_->module);
  for (std::size_t id = 0; id < count; ++id) {
    const char* name = ndpi_get_proto_name(library_->module, static_cast<std::uint16_t>(id));
    names.emplace_back(name == nullptr ? "" : name);
  }
  return names;
}

}  // namespace endreason
