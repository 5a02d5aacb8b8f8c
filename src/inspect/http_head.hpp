// SPDX-License-Identifier: Apache-2.0
// HttpHead: the start line and the headers of one HTTP/1 message, and the buffers that rules see of
// them. Any bytes are allowed: it reads what browsers and servers put up with. The buffers are made
// when they are asked for, into memory that is used again. One a thread and side.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "inspect/inspect_buffer.hpp"

namespace endreason::inspect {

// Where the head ends in `bytes`, the empty line included; 0 when it does not end there yet.
//   closed: no more bytes will come.
//   scanned: 0 at first; then what the call before left in it, so that no line is read twice.
std::size_t http_head_end(std::span<const std::uint8_t> bytes, bool closed, std::size_t& scanned);

class HttpHead {
 public:
  using Bytes = std::span<const std::uint8_t>;
  static constexpr std::size_t kHeadersMax = 256;

  // Reads the head, unless `serial` says that it is the one that was read last. Borrows the bytes.
  void load(Bytes raw, bool request, std::uint64_t serial);

  // Nothing when the message has none. index: which of several.
  std::optional<Bytes> buffer(InspectBuffer buffer, unsigned index);

  std::string_view method() const { return method_; }
  unsigned status() const { return status_; }
  // What the headers say of the body.
  bool chunked() const { return chunked_; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  unsigned compressions() const { return compressions_; }
  // Bit n: the compression to be taken off as number n may be bare deflate, without a header.
  unsigned bare_deflate() const { return bare_deflate_; }
  bool has_start_line() const { return has_start_line_; }

 private:
  struct Header {
    std::string_view name, value;
    std::uint64_t kind;  // a bit by length and first letter: names of other kinds differ
    bool as_shown;       // it stands in the message as rules see it: "Name: value\r\n"
  };
  void read_start_line(std::string_view line, bool request);
  void read_headers(std::string_view text);
  void read_header(std::string_view line);
  void read_framing();
  std::uint64_t kind_of(std::string_view name) const;
  const Header* find(std::string_view name) const;
  std::optional<Bytes> value_of(std::string_view name) const;
  std::optional<Bytes> make(InspectBuffer buffer);
  std::string_view make_uri();
  std::string_view make_host();
  std::string_view make_headers();
  std::string_view make_names();
  std::string_view made() const { return {made_.data(), made_.size()}; }
  void append_header(const Header& header, bool alone);
  void append(std::string_view text) {
    const std::size_t at = made_.size();
    made_.resize(at + text.size());
    std::copy(text.begin(), text.end(), made_.data() + at);
  }

  std::uint64_t serial_ = 0;
  bool request_ = false, has_start_line_ = false, chunked_ = false;
  std::string_view raw_, line_, raw_headers_;
  std::string_view method_, uri_, protocol_, status_code_, message_;
  unsigned status_ = 0, compressions_ = 0, bare_deflate_ = 0;
  std::optional<std::uint64_t> content_length_;
  std::vector<Header> headers_;
  std::uint64_t kinds_ = 0, kinds_again_ = 0;  // of any header, of two or more
  bool has_nul_ = false;                       // then lengths tell nothing: see same_name()
  std::vector<char> unfolded_;  // values that were on several lines; reserved, so views stay
  // What was made of it lately, of the message itself where that is the same, else of these: views
  // live until the next load().
  std::array<std::vector<char>, 8> made_by_kind_;
  std::array<std::string_view, 4> made_views_;
  std::uint8_t made_bits_ = 0;
  std::vector<char> made_;
};

}  // namespace endreason::inspect
