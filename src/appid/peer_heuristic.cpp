// SPDX-License-Identifier: Apache-2.0
#include "appid/peer_heuristic.hpp"

#include <string_view>

namespace endreason {

namespace {

using std::string_view;

// First key of a query's or an answer's arguments is the 20 byte id of the node.
constexpr string_view kNodeQuery = "d1:ad2:id20:", kNodeAnswer = "d1:rd2:id20:";
constexpr string_view kHandshake = "\023BitTorrent protocol";
constexpr string_view kLocalSearch = "BT-SEARCH * HTTP/1.1\r\n";
constexpr std::size_t kUtpHeader = 20;  // BEP 29, without extensions

bool is_bittorrent(string_view text) {
  if (text.starts_with(kNodeQuery) || text.starts_with(kNodeAnswer) ||
      text.starts_with(kHandshake) || text.starts_with(kLocalSearch))
    return true;
  return text.size() > kUtpHeader && text.substr(kUtpHeader).starts_with(kHandshake);
}

// d<one digit>: ... 1:y1: ... e (BEP 3 for the coding, BEP 5 for the key "y").
bool is_typed_dictionary(string_view text) {
  constexpr std::size_t kShortest = string_view("d1:y1:qe").size();
  if (text.size() < kShortest || text.front() != 'd' || text.back() != 'e') return false;
  if (text[1] < '1' || text[1] > '9' || text[2] != ':') return false;
  return text.find("1:y1:") != string_view::npos;
}

}  // namespace

PeerTalk peer_talk(std::span<const std::uint8_t> payload) {
  const string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  if (is_bittorrent(text)) return PeerTalk::BitTorrent;
  return is_typed_dictionary(text) ? PeerTalk::Generic : PeerTalk::No;
}

}  // namespace endreason
