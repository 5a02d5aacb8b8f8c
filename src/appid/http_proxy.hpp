// SPDX-License-Identifier: Apache-2.0
// HttpProxy: a client's connection to an HTTP proxy -> the connections inside it. A request names
// where it goes (CONNECT host:port, GET http://host/...); one to another place than the one before
// is a new connection. In: the bytes of both sides in order, cut anywhere (RFC 9112). Holds at most
// a line a side. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace endreason {

class HttpProxy {
 public:
  static constexpr std::size_t kLineMax = 8192;  // of a head; a longer one ends the decoding

  // Whether a client's first bytes can be the start of a request to a proxy.
  static bool may_begin(std::span<const std::uint8_t> first);

  // What a request has come to that these bytes complete.
  enum class Seen : std::uint8_t { Nothing, FirstConnection, NewConnection };
  Seen see(bool from_client, std::span<const std::uint8_t> bytes, bool after_gap);
  // Nothing more can be told: it is no proxy's connection, a tunnel, or bytes are missing.
  bool finished() const { return state_ == State::Finished; }
  bool is_proxy() const { return !authority_.empty(); }
  // Where the last request went: "host:port" in lower case.
  const std::string& authority() const { return authority_; }

 private:
  enum class State : std::uint8_t {
    RequestLine,
    Fields,
    Body,  // of a known length
    ChunkSize,
    ChunkEnd,  // the line end behind a chunk
    Trailer,
    Connecting,  // CONNECT was sent, its answer decides
    Finished
  };

  Seen see_client(std::span<const std::uint8_t> bytes);
  void see_server(std::span<const std::uint8_t> bytes);
  // Takes a line out of `bytes` into line_; false while it has no end.
  bool take_line(std::span<const std::uint8_t>& bytes, std::string& line);
  Seen read_request_line(std::string_view line);
  void read_field(std::string_view line);
  void end_of_head();
  void read_chunk_size(std::string_view line);

  State state_ = State::RequestLine;
  bool connect_ = false, chunked_ = false;
  std::uint64_t remaining_ = 0;  // of the body or chunk
  std::string line_, answer_, authority_;
};

}  // namespace endreason
