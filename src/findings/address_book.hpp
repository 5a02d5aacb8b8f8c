// SPDX-License-Identifier: Apache-2.0
// AddressBook: addresses as a log writes them -> small numbers, and back to the
// bytes that keys hold. One address in two spellings is one number. Not
// thread-safe.
//
// IPv4 addresses have a table of their own and numbers from below; IPv6
// addresses and texts that are no address lie in a KeyTable and have numbers
// from above. The book is full when its memory is used up or the numbers meet;
// its owner then empties it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "findings/group_key.hpp"
#include "findings/key_table.hpp"
#include "model/dotted_quad.hpp"

namespace endreason {

class AddressBook {
 public:
  static constexpr unsigned kIdBits = 19;
  static constexpr std::uint32_t kNone = UINT32_MAX;  // instead of a number: the book is full

  AddressBook(std::size_t memory_bytes, const KeyHash& hash);

  // An address that was looked at: what it says is being fetched while others are looked at.
  struct Sighted {
    std::string_view text;
    std::uint32_t quad{};
    bool is_quad{};
  };
  Sighted sight(std::string_view text) const {
    Sighted sighted{text};
    sighted.is_quad = parse_dotted_quad(text, sighted.quad);
    if (sighted.is_quad && !slots_.empty()) __builtin_prefetch(&slots_[slot_of(sighted.quad)]);
    return sighted;
  }
  std::uint32_t id_of(const Sighted& sighted) {
    return sighted.is_quad ? id_of_quad(sighted.quad) : id_of_other(sighted.text);
  }
  std::uint32_t id_of(std::string_view text) { return id_of(sight(text)); }
  // The same for an address as keys hold it.
  std::uint32_t id_of_bytes(std::string_view built);
  // IPv4 addresses have the numbers below this.
  std::size_t quads() const { return quads_.size(); }
  // The number here of an IPv4 address in another book.
  std::uint32_t id_of_quad_in(const AddressBook& other, std::uint32_t id) {
    return id_of_quad(other.quads_[id]);
  }
  // The numbers here of all addresses of another book, by their indices there. False when this one
  // is full; those that it still took have a number then, the others kNone.
  bool add_all(const AddressBook& other, std::vector<std::uint32_t>& ids);
  // Numbers are dense at both ends only; these are so as a whole: below index_end(), for tables.
  std::size_t index_of(std::uint32_t id) const {
    return id < quads_.size() ? id : quads_.size() + (kLast - id);
  }
  std::size_t index_end() const { return quads_.size() + others_end_; }
  // The address as keys hold it, to the end of a key.
  void append_to(std::uint32_t id, KeyBuilder& key) const;

  void raise_limit(std::size_t more_bytes);
  void clear();
  void release();

 private:
  static constexpr std::uint32_t kLast = (std::uint32_t{1} << kIdBits) - 1;
  // A slot is empty (0) or: high half the address, low half its number, counted
  // from 1.
  static constexpr std::size_t kSlotsMin = 1024;

  std::uint32_t id_of_quad(std::uint32_t address);
  std::uint32_t id_of_other(std::string_view text);
  std::uint32_t id_of_key();
  std::uint32_t insert(std::size_t index, std::uint32_t address);
  void grow();
  std::size_t slot_of(std::uint32_t address) const {
    return (hash_.number(address) >> 32) * slots_.size() >> 32;
  }

  KeyHash hash_;
  std::size_t memory_bytes_;
  // A slot is empty (0) or: high half the address, low half its number, counted from 1.
  std::vector<std::uint64_t> slots_;
  std::vector<std::uint32_t> quads_;  // by number
  KeyTable others_;
  std::uint32_t others_end_ = 0;  // the last place in it
  KeyBuilder key_;
};

}  // namespace endreason
