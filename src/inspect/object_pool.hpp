// SPDX-License-Identifier: Apache-2.0
// ObjectPool: objects of one kind that are used again. Up to a limit; allocates while it grows.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace endreason::inspect {

template <class T>
class ObjectPool {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  explicit ObjectPool(std::size_t most) : most_(most) {}

  // An object as new; null when there are as many as there may be.
  T* take() {
    if (free_.empty()) {
      if (all_.size() >= most_) return nullptr;
      all_.push_back(std::make_unique<T>());
      free_.reserve(all_.capacity());
      free_.push_back(all_.back().get());
    }
    T* object = free_.back();
    free_.pop_back();
    // Not T(): what a count says nothing of need not be cleared.
    return ::new (static_cast<void*>(object)) T;
  }
  // Gives it back; the caller has emptied what it held.
  void give_back(T* object) { free_.push_back(object); }
  std::size_t used() const { return all_.size() - free_.size(); }

 private:
  std::size_t most_;
  std::vector<std::unique_ptr<T>> all_;
  std::vector<T*> free_;
};

}  // namespace endreason::inspect
