// SPDX-License-Identifier: Apache-2.0
// How a session went, in Zeek's words. Pure; cheap enough for every row.
#pragma once

#include "model/engine_facts.hpp"
#include "session/session.hpp"

namespace endreason {

// Of a session that has ended.
ConnState conn_state_of(const Session& session);

}  // namespace endreason
