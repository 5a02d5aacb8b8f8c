// SPDX-License-Identifier: Apache-2.0
// BlockLists: external dynamic lists of addresses and domains, plain text, one entry a line. A hit
// names the list and the entry. Constant after start-up and shared by threads; lookups allocate
// nothing.
//
// An entry is an address, a block (10.0.0.0/8), a range (10.0.0.1-10.0.0.9), a domain
// (example.com), a domain with all below it (.example.com or *.example.com), or a URL, of which
// the host counts. What follows # or ; or a blank is a comment. Where entries overlap, the
// narrowest counts, and of equal ones that of the list that was given first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "model/ip_address.hpp"

namespace endreason::inspect {

struct BlockListHit {
  std::string_view list;   // its name
  std::string_view entry;  // as it stands there
};

struct BlockListCounts {
  std::uint64_t lines{};  // that hold an entry
  std::uint64_t addresses{}, domains{};
  std::uint64_t unreadable{};         // lines = addresses + domains + unreadable
  std::vector<std::string> problems;  // the first ones: "FILE:LINE: ..."
};

class BlockLists {
 public:
  // Adds a list; its name is what hits say.
  void add_text(std::string_view text, const std::string& name, BlockListCounts& counts);
  Result<void> add_file(const std::string& path, const std::string& name, BlockListCounts& counts);
  // After the last list, before the first lookup.
  void finish();

  std::optional<BlockListHit> find(const IpAddress& address) const;
  // A host name in any case, with or without the dot at its end.
  std::optional<BlockListHit> find(std::string_view host) const;
  std::size_t size() const { return entries_.size(); }
  bool has_domains() const { return !exact_.empty() || !below_.empty(); }

 private:
  struct Entry {
    std::uint32_t list;
    std::string text;
  };
  // Address ranges, apart from each other, each with the entry that counts there.
  struct Span {
    IpAddress first, last;
    std::uint32_t entry;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Domains = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;

  bool add_entry(std::string_view text, std::uint32_t list, BlockListCounts& counts);
  BlockListHit hit(std::uint32_t entry) const {
    return {names_[entries_[entry].list], entries_[entry].text};
  }

  std::vector<std::string> names_;
  std::vector<Entry> entries_;
  std::vector<Span> given_, spans_;
  Domains exact_, below_;  // the name itself; names below it as well
};

}  // namespace endreason::inspect
