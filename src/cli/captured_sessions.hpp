// SPDX-License-Identifier: Apache-2.0
// The sessions of a capture in memory, each with its row and its packets, for the server's page
// Explain. Pure but for the engine that it makes and ends; several may run at once.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/ladder.hpp"
#include "dataplane/engine_options.hpp"
#include "server/api.hpp"

namespace endreason {

// Gives sessions as their rows come. Of a long one the first and the last packets are given.
// Fails when the bytes are no capture.
Result<CaptureOutcome> read_captured_sessions(std::string_view capture, const EngineOptions& engine,
                                              const TakeSession& take);

// How captures are tracked here: one thread, and a row for every session when it has ended.
EngineOptions options_of_captured(const EngineOptions& engine, std::uint32_t sessions_at_once);
// {"packets":[...],"left_out":N,"left_out_after":N}: as `endreason ladder -o ndjson` writes
// packets.
std::string ladder_json(SessionStory story);

}  // namespace endreason
