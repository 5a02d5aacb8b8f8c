// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap_calls.hpp"

namespace endreason {

Result<void> load_pcap() {
  // Debian's name for it, and its makers'.
  static const Result<void> loaded = load_functions({"libpcap.so.0.8", "libpcap.so.1"}, "libpcap",
                                                    {ENDREASON_PCAP_CALLS(ENDREASON_FIND_CALL)});
  return loaded;
}

}  // namespace endreason
