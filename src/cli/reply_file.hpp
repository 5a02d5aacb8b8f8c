// SPDX-License-Identifier: Apache-2.0
// ReplyFile: what the firewall would have sent itself, as a capture: pcap, nanoseconds, IP packets
// without link layer. Format: draft-ietf-opsawg-pcap.
#pragma once

#include <span>
#include <string>

#include "base/result.hpp"
#include "dataplane/reply_sink.hpp"

namespace endreason {

class ReplyFile final : public ReplySink {
 public:
  // `path` is made anew.
  static Result<ReplyFile> open(const std::string& path);
  ReplyFile(ReplyFile&& other) noexcept;
  ReplyFile& operator=(ReplyFile&&) = delete;
  ~ReplyFile() override;

  void on_reply(std::int64_t time_ns, std::span<const std::uint8_t> packet) override;
  // Everything is in the file, or the error that names it.
  Result<void> close();

 private:
  ReplyFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  void put32(std::uint32_t value);
  void flush();

  std::string path_;
  int file_ = -1;
  int errno_ = 0;  // of the first write that failed
  std::string buffer_;
};

}  // namespace endreason
