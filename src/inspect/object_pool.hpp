// SPDX-License-Identifier: Apache-2.0
// ObjectPool: objects of one kind that are used again. Up to a limit; allocates while it grows.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace endreason::inspect {

template <class T>
class ObjectPool {
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
    return object;
  }
  // Gives it back; the caller has emptied what it held.
  void give_back(T* object) {
    *object = T();
    free_.push_back(object);
  }
  std::size_t used() const { return all_.size() - free_.size(); }

 private:
  std::size_t most_;
  std::vector<std::unique_ptr<T>> all_;
  std::vector<T*> free_;
};

}  // namespace endreason::inspect
