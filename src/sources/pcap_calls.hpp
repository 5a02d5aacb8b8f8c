// SPDX-License-Identifier: Apache-2.0
// The functions of libpcap that this room calls. They are looked up in the library when a filter is
// compiled or an interface is opened: with what it needs in turn (D-Bus, systemd) loading it takes
// a millisecond, which commands that need neither are spared. Room sources only. The names hide the
// header's own within the namespace, so code calls them as ever; one that is missing here is an
// undefined symbol for the linker.
#pragma once

#include <pcap.h>

#include "base/loaded_library.hpp"
#include "base/result.hpp"

#define ENDREASON_PCAP_CALLS(CALL) \
  CALL(bpf_filter)                 \
  CALL(pcap_activate)              \
  CALL(pcap_close)                 \
  CALL(pcap_compile)               \
  CALL(pcap_create)                \
  CALL(pcap_datalink)              \
  CALL(pcap_dispatch)              \
  CALL(pcap_freecode)              \
  CALL(pcap_get_selectable_fd)     \
  CALL(pcap_get_tstamp_precision)  \
  CALL(pcap_geterr)                \
  CALL(pcap_open_dead)             \
  CALL(pcap_set_buffer_size)       \
  CALL(pcap_set_promisc)           \
  CALL(pcap_set_snaplen)           \
  CALL(pcap_set_timeout)           \
  CALL(pcap_set_tstamp_precision)  \
  CALL(pcap_setfilter)             \
  CALL(pcap_setnonblock)           \
  CALL(pcap_stats)                 \
  CALL(pcap_statustostr)

namespace endreason {

ENDREASON_PCAP_CALLS(ENDREASON_DECLARE_CALL)

// Before the first call of any of them. Thread-safe; the library stays loaded.
Result<void> load_pcap();

}  // namespace endreason
