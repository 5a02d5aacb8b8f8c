// SPDX-License-Identifier: Apache-2.0
// The rows of one lane before they are written. Rows come in bursts, whenever many sessions age
// together, so the memory of a burst is handed round among the lists of a lane, and rows do not
// move. One thread at a time; rows may be read by others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "appid/app_catalogue.hpp"
#include "base/fetch_to_write.hpp"
#include "dataplane/history.hpp"
#include "dataplane/interface_notes.hpp"
#include "dataplane/session_policy.hpp"
#include "session/mapped_array.hpp"
#include "session/session.hpp"
#include "session/session_table.hpp"

namespace endreason {

// A row of the log before it is written: the session as it was at that moment.
struct EngineRow {
  EngineRow(const Session& of, const Moment& at, std::int64_t generated, std::uint32_t place,
            const SessionPolicy& decided, AppId named, Subtype kind)
      : session(of),
        moment(at),
        generated_ns(generated),
        part(place),
        policy(decided),
        app(named),
        subtype(kind) {}

  Session session;
  Moment moment;
  std::int64_t generated_ns{};  // end of the timer, or the packet that gave rise to the row
  std::uint32_t part{};         // of the rows of one session at one moment, which comes first
  SessionPolicy policy;
  History history;
  SessionInterfaces interfaces;
  AppId app{};
  Subtype subtype{};
};
static_assert(sizeof(EngineRow) == 256, "four cache lines; churn copies one for every session");

// The order of the log, whichever lanes the rows come from: by packet; of what ages at a packet, by
// the ager's tick; then by time, and by who began first. Kept beside the row, so that rows of
// several lanes are put in order without a look at them: they are near another thread.
struct RowPlace {
  Moment moment;
  std::int64_t generated_ns;
  std::uint32_t id, part;
  const EngineRow* row;
};
bool operator<(const RowPlace& a, const RowPlace& b);

// Memory for rows, so many at a time. What was given back last is taken first: it is still near.
class RowBlocks {
 public:
  static constexpr std::size_t kRows = 128;

  EngineRow* take() {
    if (free_.empty()) add_slab();
    EngineRow* const block = free_.back();
    free_.pop_back();
    return block;
  }
  void give_back(EngineRow* block) { free_.push_back(block); }

 private:
  struct alignas(EngineRow) Room {
    std::byte bytes[sizeof(EngineRow)];
  };
  static constexpr std::size_t kBlocks = 64;  // of a slab: 2 MiB, a large page

  void add_slab() {
    MappedArray<Room>& slab = slabs_.emplace_back(kBlocks * kRows);
    if (slab.empty()) throw std::bad_alloc();
    for (std::size_t i = kBlocks; i > 0; --i)
      free_.push_back(reinterpret_cast<EngineRow*>(&slab[(i - 1) * kRows]));
  }

  std::vector<MappedArray<Room>> slabs_;
  std::vector<EngineRow*> free_;
};

class RowList {
 public:
  std::size_t size() const { return size_; }

  template <class... Of>
  EngineRow& add(RowBlocks& memory, Of&&... of) {
    static_assert(std::is_trivially_destructible_v<EngineRow>);
    if (size_ == blocks_.size() * RowBlocks::kRows) [[unlikely]]
      blocks_.push_back(memory.take());
    EngineRow* const at = blocks_[size_ / RowBlocks::kRows] + size_ % RowBlocks::kRows;
    ++size_;
    // Another thread may have read what lies there, to write it out.
    for (std::size_t byte = 0; byte < sizeof(EngineRow); byte += 64)
      fetch_to_write(reinterpret_cast<const char*>(at + 1) + byte);
    return *::new (at) EngineRow(std::forward<Of>(of)...);
  }

  void clear(RowBlocks& memory) {
    for (; !blocks_.empty(); blocks_.pop_back()) memory.give_back(blocks_.back());
    size_ = 0;
  }

  // Calls visit(EngineRow&) for each, in their order.
  template <class Visit>
  void each(Visit&& visit) {
    for (std::size_t i = 0; i < size_; ++i)
      visit(blocks_[i / RowBlocks::kRows][i % RowBlocks::kRows]);
  }

 private:
  std::vector<EngineRow*> blocks_;
  std::size_t size_ = 0;
};

}  // namespace endreason
