// SPDX-License-Identifier: Apache-2.0
// A capture as the log of its sessions, for the server to store: PAN-OS lines, each behind a word
// of what the engine knows besides (model/engine_facts_text.hpp). And the way back, from a stored
// row to the packets of its session. The same capture gives the same lines, so both find the same
// rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "dataplane/engine_options.hpp"
#include "sources/byte_source.hpp"

namespace endreason {

// `capture`: plain bytes of a capture. The lines' device is named after the file, their serial
// number after the capture's contents, so that a capture that is read twice is known by it. At its
// end `tell` hears of packets that made no session or told less than they could, a sentence each
// with the capture's name; on the thread that reads.
Result<std::unique_ptr<ByteSource>> open_capture_log(std::unique_ptr<ByteSource> capture,
                                                     const EngineOptions& engine,
                                                     std::function<void(std::string_view)> tell);

// Which session of a capture: what its row says.
struct CapturedSession {
  std::string serial;
  std::uint64_t seqno{};
  std::uint32_t id{};
};
// Its packets, as JSON; an error when the capture cannot be read, or is another one than the row is
// from.
Result<std::string> read_session_ladder(const std::string& path, const EngineOptions& engine,
                                        const CapturedSession& session);

}  // namespace endreason
