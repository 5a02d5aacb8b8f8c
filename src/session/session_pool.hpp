// SPDX-License-Identifier: Apache-2.0
// SessionPool: a fixed number of sessions and the list of those that are free. The one freed last
// is given out first: its memory is still near. allocated + free = capacity, always.
// Not thread-safe.
#pragma once

#include <cassert>
#include <cstdint>

#include "session/mapped_array.hpp"
#include "session/session.hpp"

namespace endreason {

// Ids are below. One with this bit is its pool's own, until it is replaced by the one that counts.
inline constexpr std::uint32_t kProvisionalId = 0x8000'0000;

class SessionPool {
 public:
  SessionPool() = default;
  // empty() when the system has no room for so many.
  explicit SessionPool(std::uint32_t capacity) : sessions_(capacity) {}

  bool empty() const { return sessions_.empty(); }
  std::uint32_t capacity() const { return static_cast<std::uint32_t>(sessions_.size()); }
  std::uint32_t allocated() const { return allocated_; }
  std::uint32_t free() const { return capacity() - allocated_; }

  // From now on ids are provisional.
  void number_provisionally() { mark_ = kProvisionalId; }

  // A cleared session in state OPENING with a new id, or kNoSession when none is free.
  SessionIndex allocate() {
    if (allocated_ == capacity()) return kNoSession;
    const SessionIndex index = take();
    ++allocated_;
    Session& session = sessions_[index];
    session = Session{};
    session.state = SessionState::Opening;
    session.id = next_id();
    return index;
  }
  // For a session that takes the place of another without a way through the pool.
  std::uint32_t next_id() {
    last_id_ = (last_id_ + 1) & ~kProvisionalId;
    return last_id_ | mark_;
  }

  // Gives a session back. It keeps what was seen of it, in state INIT, until it is given out again.
  void release(SessionIndex index) {
    Session& session = sessions_[index];
    assert(session.state != SessionState::Init && "a session is given back once");
    assert(allocated_ > 0);
    session.state = SessionState::Init;
    session.user = first_free_;
    first_free_ = index;
    --allocated_;
  }

  Session& operator[](SessionIndex index) { return sessions_[index]; }
  const Session& operator[](SessionIndex index) const { return sessions_[index]; }
  // Sessions from here on were never given out.
  std::uint32_t high_water() const { return high_water_; }
  std::uint32_t last_id() const { return last_id_; }

  void prefetch(SessionIndex index) const {
    const Session* session = &sessions_[index];
    __builtin_prefetch(session, 1);
    __builtin_prefetch(&session->flows, 1);
  }
  // The third line.
  void prefetch_rest(SessionIndex index) const {
    __builtin_prefetch(&sessions_[index].start_ns, 1);
  }
  void prefetch_whole(SessionIndex index) const {
    prefetch(index);
    prefetch_rest(index);
  }
  // When it ages.
  void prefetch_age(SessionIndex index) const { __builtin_prefetch(&sessions_[index]); }

 private:
  SessionIndex take() {
    if (first_free_ == kNoSession) return high_water_++;
    const SessionIndex index = first_free_;
    first_free_ = sessions_[index].user;  // a free session's word is the link to the next
    if (first_free_ != kNoSession) prefetch_whole(first_free_);
    return index;
  }

  MappedArray<Session> sessions_;
  SessionIndex first_free_ = kNoSession;
  std::uint32_t high_water_ = 0;
  std::uint32_t allocated_ = 0;
  std::uint32_t last_id_ = 0;  // without the mark
  std::uint32_t mark_ = 0;
};

}  // namespace endreason
