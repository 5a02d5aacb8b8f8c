// SPDX-License-Identifier: Apache-2.0
// A session's packets as a ladder between client and server: times from its first packet, flags,
// numbers from the beginning of each flow, lengths, and a remark where something is out of the
// ordinary. Pure text; 80 columns are enough.
#pragma once

#include <string>
#include <vector>

#include "dataplane/packet_notes.hpp"
#include "session/session.hpp"

namespace endreason {

// What inspection found in a session.
struct StoryFinding {
  std::uint64_t packet;  // NotedPacket::number; 0: at the session's end
  bool blocks;
  std::string text;
};

// One session as it was told.
struct SessionStory {
  std::vector<NotedPacket> packets;
  std::vector<StoryFinding> findings;  // in the order of the packets
  Session end{};                       // as it was when it ended
  std::int64_t ended_ns{};
  std::string client, server;  // "10.0.0.1:51234"
  std::string protocol, app;
  std::string end_reason, tracker_stage;
  std::string rule, action;  // empty: there are no rules
  std::string verdict;       // "allowed, failed: the server refused the connection"
};

struct LadderOptions {
  unsigned width = 80;
  bool colour = false;
  std::size_t packets_max = 60;  // more: what is unremarkable in between is left out
};

void append_ladder(std::string& out, const SessionStory& story, const LadderOptions& options);
// One JSON object a packet, then one of the session's end.
void append_ladder_json(std::string& out, const SessionStory& story);

}  // namespace endreason
