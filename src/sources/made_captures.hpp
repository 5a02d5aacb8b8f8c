// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: captures made by hand, in either byte order.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace endreason::made {

// Appends numbers in one byte order.
class Writer {
 public:
  explicit Writer(std::endian order) : order_(order) {}
  Writer& u16(std::uint64_t v) { return number(v, 2); }
  Writer& u32(std::uint64_t v) { return number(v, 4); }
  Writer& u64(std::uint64_t v) { return number(v, 8); }
  Writer& bytes(std::string_view v) {
    out_ += v;
    return *this;
  }
  Writer& padded(std::string_view v) {
    out_ += v;
    while (out_.size() % 4 != 0) out_.push_back('\0');
    return *this;
  }
  const std::string& str() const { return out_; }

 private:
  Writer& number(std::uint64_t v, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = order_ == std::endian::little ? i : size - 1 - i;
      out_.push_back(static_cast<char>(v >> (8 * shift)));
    }
    return *this;
  }
  std::endian order_;
  std::string out_;
};

inline std::string pcap_header(std::uint32_t magic, std::endian order = std::endian::little,
                               std::uint32_t link_type = 1) {
  return Writer(order).u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link_type).str();
}
inline std::string pcap_record(std::uint32_t seconds, std::uint32_t fraction, std::string_view data,
                               std::endian order = std::endian::little, std::uint32_t length = 0) {
  return Writer(order)
      .u32(seconds)
      .u32(fraction)
      .u32(data.size())
      .u32(length == 0 ? data.size() : length)
      .bytes(data)
      .str();
}

inline std::string block(std::uint32_t type, std::string_view body,
                         std::endian order = std::endian::little) {
  const std::size_t padded = (body.size() + 3) / 4 * 4;
  return Writer(order).u32(type).u32(padded + 12).padded(body).u32(padded + 12).str();
}
inline std::string section(std::endian order = std::endian::little) {
  const auto body = Writer(order).u32(0x1a2b3c4d).u16(1).u16(0).u64(0xffffffffffffffff).str();
  return block(0x0a0d0d0a, body, order);
}
// `options` as they stand in the block.
inline std::string interface_block(std::uint32_t link_type, std::string_view options = {},
                                   std::endian order = std::endian::little,
                                   std::uint32_t snap_length = 0) {
  return block(1, Writer(order).u16(link_type).u16(0).u32(snap_length).bytes(options).str(), order);
}
inline std::string option(std::uint32_t code, std::string_view value,
                          std::endian order = std::endian::little) {
  return Writer(order).u16(code).u16(value.size()).padded(value).str();
}
inline std::string enhanced(std::uint32_t number, std::uint64_t units, std::string_view data,
                            std::endian order = std::endian::little, std::uint32_t length = 0) {
  return block(6,
               Writer(order)
                   .u32(number)
                   .u32(units >> 32)
                   .u32(units & 0xffffffff)
                   .u32(data.size())
                   .u32(length == 0 ? data.size() : length)
                   .bytes(data)
                   .str(),
               order);
}

}  // namespace endreason::made
