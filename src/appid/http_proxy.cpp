// SPDX-License-Identifier: Apache-2.0
#include "appid/http_proxy.hpp"

#include <algorithm>
#include <array>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

// A method is a token (RFC 9110 section 9.1); in use are capitals and dashes, of this length at
// most.
constexpr std::size_t kMethodMax = 20;
constexpr std::uint64_t kLongestBody = std::uint64_t{1} << 62;

bool method_letter(char c) {
  return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string lowered(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), lower);
  return all;
}
bool begins(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::ranges::equal(text.substr(0, start.size()), start, {}, lower);
}

struct Scheme {
  std::string_view start;
  std::string_view port;  // where the authority has none
};
constexpr auto kSchemes = std::to_array<Scheme>({
    {"http://", ":80"},
    {"https://", ":443"},
    {"ftp://", ":21"},
    {"ws://", ":80"},
    {"wss://", ":443"},
});

// "host:port" of a target that names one, else empty.
std::string authority_of(bool connect, std::string_view target) {
  std::string_view port = connect ? ":443" : "";
  if (!connect) {
    const auto scheme =
        std::ranges::find_if(kSchemes, [&](const Scheme& s) { return begins(target, s.start); });
    if (scheme == kSchemes.end()) return {};
    target.remove_prefix(scheme->start.size());
    target = target.substr(0, target.find_first_of("/?#"));
    port = scheme->port;
  }
  if (const std::size_t at = target.rfind('@'); at != std::string_view::npos)
    target.remove_prefix(at + 1);
  if (target.empty()) return {};
  const std::size_t colon = target.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && target.find(']', colon) == std::string_view::npos;
  return lowered(target) + (has_port ? "" : std::string(port));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool HttpProxy::may_begin(std::span<const std::uint8_t> first) {
  const std::string_view text(reinterpret_cast<const char*>(first.data()),
                              std::min<std::size_t>(first.size(), 64));
  const auto end = std::ranges::find_if_not(text, method_letter);
  const auto length = static_cast<std::size_t>(end - text.begin());
  if (length == 0 || length > kMethodMax) return false;
  if (length == text.size()) return true;  // the line goes on in the next segment
  if (*end != ' ') return false;
  const std::string_view method = text.substr(0, length), target = text.substr(length + 1);
  if (method == "CONNECT") return true;
  return std::ranges::any_of(kSchemes, [&](const Scheme& scheme) {
    return begins(target, scheme.start) ||
           (target.size() < scheme.start.size() && begins(scheme.start, lowered(target)));
  });
}

HttpProxy::Seen HttpProxy::see(bool from_client, std::span<const std::uint8_t> bytes,
                               bool after_gap) {
  if (after_gap) state_ = State::Finished;
  if (finished()) return Seen::Nothing;
  if (from_client) return see_client(bytes);
  if (state_ == State::Connecting || connect_) see_server(bytes);
  return Seen::Nothing;
}

bool HttpProxy::take_line(std::span<const std::uint8_t>& bytes, std::string& line) {
  const auto end = std::ranges::find(bytes, std::uint8_t{'\n'});
  line.append(bytes.begin(), end);
  const bool whole = end != bytes.end();
  bytes = bytes.subspan(static_cast<std::size_t>(end - bytes.begin()) + (whole ? 1 : 0));
  if (line.size() > kLineMax) state_ = State::Finished;
  if (whole && !line.empty() && line.back() == '\r') line.pop_back();
  return whole;
}

HttpProxy::Seen HttpProxy::see_client(std::span<const std::uint8_t> bytes) {
  Seen seen = Seen::Nothing;
  while (!bytes.empty() && !finished()) {
    // The answer was not seen (or is late): a client that goes on with another request was refused.
    if (state_ == State::Connecting)
      state_ = may_begin(bytes) ? State::RequestLine : State::Finished;
    if (state_ == State::Body) {
      const std::uint64_t taken = std::min<std::uint64_t>(bytes.size(), remaining_);
      bytes = bytes.subspan(taken);
      remaining_ -= taken;
      if (remaining_ == 0) state_ = chunked_ ? State::ChunkEnd : State::RequestLine;
      continue;
    }
    if (!take_line(bytes, line_) || finished()) continue;
    const std::string line = std::move(line_);
    line_.clear();
    switch (state_) {
      case State::RequestLine:
        // A segment that holds several requests begins one connection at most: no session without
        // a packet comes of it.
        if (const Seen found = read_request_line(line); seen == Seen::Nothing) seen = found;
        break;
      case State::Fields:
        if (line.empty())
          end_of_head();
        else
          read_field(line);
        break;
      case State::ChunkSize:
        read_chunk_size(line);
        break;
      case State::ChunkEnd:
        state_ = State::ChunkSize;
        break;
      case State::Trailer:
        if (line.empty()) state_ = State::RequestLine;
        break;
      case State::Body:
      case State::Connecting:
      case State::Finished:
        break;
    }
  }
  return seen;
}

HttpProxy::Seen HttpProxy::read_request_line(std::string_view line) {
  if (line.empty()) return Seen::Nothing;  // RFC 9112 section 2.2: may stand before a request
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  const bool fits = first != std::string_view::npos && last > first && first <= kMethodMax &&
                    std::ranges::all_of(line.substr(0, first), method_letter) &&
                    line.substr(last + 1).starts_with("HTTP/1.");
  const std::string_view target =
      fits ? trimmed(line.substr(first + 1, last - first - 1)) : std::string_view();
  connect_ = line.starts_with("CONNECT ");
  std::string authority = fits ? authority_of(connect_, target) : std::string();
  if (authority.empty()) {
    state_ = State::Finished;
    return Seen::Nothing;
  }
  state_ = State::Fields;
  chunked_ = false;
  remaining_ = 0;
  answer_.clear();
  if (authority == authority_) return Seen::Nothing;
  const bool first_one = authority_.empty();
  authority_ = std::move(authority);
  return first_one ? Seen::FirstConnection : Seen::NewConnection;
}

void HttpProxy::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = lowered(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-length") {
    if (!parse_decimal(value, remaining_) || remaining_ > kLongestBody) state_ = State::Finished;
  } else if (name == "transfer-encoding") {
    const std::string coding = lowered(value);
    chunked_ = coding == "chunked" || coding.ends_with(",chunked") || coding.ends_with(", chunked");
  }
}

void HttpProxy::end_of_head() {
  if (connect_)
    state_ = State::Connecting;
  else if (chunked_)
    state_ = State::ChunkSize;
  else
    state_ = remaining_ > 0 ? State::Body : State::RequestLine;
}

void HttpProxy::read_chunk_size(std::string_view line) {
  remaining_ = 0;
  std::size_t digits = 0;
  for (const char c : line) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const std::size_t value = kHex.find(lower(c));
    if (value == std::string_view::npos) break;
    remaining_ = remaining_ << 4 | value;
    ++digits;
  }
  if (digits == 0 || digits > 15)
    state_ = State::Finished;
  else
    state_ = remaining_ > 0 ? State::Body : State::Trailer;
}

// The answer to CONNECT: 2xx makes it a tunnel; after any other the client may ask again.
void HttpProxy::see_server(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty() && !finished()) {
    std::string line = std::move(answer_);
    answer_.clear();
    if (!take_line(bytes, line)) {
      answer_ = std::move(line);
      return;
    }
    if (!line.starts_with("HTTP/1.") || line.size() < 12) continue;
    if (line[9] == '1') continue;  // an interim answer
    if (line[9] == '2') {
      state_ = State::Finished;
    } else if (state_ == State::Connecting) {
      state_ = State::RequestLine;
    }
    connect_ = false;
    return;
  }
}

}  // namespace endreason
