// SPDX-License-Identifier: Apache-2.0
// LentBytes: bytes of a mapped file that a thread reads where they are, without a copy.
//
// Under a mapping, a file that becomes shorter raises SIGBUS. While a LentBytes lives, that does no
// harm: its thread reads zeros from there on, and broken() says so. What was read just before may
// then be half of one and half of the other, as with any file that is written while it is read; so
// nothing may be believed twice, and what has to hold still has to be copied (decision 0003).
// One a thread at a time.
#pragma once

#include <csignal>
#include <string_view>

namespace endreason {

class LentBytes {
 public:
  explicit LentBytes(std::string_view bytes);
  LentBytes(const LentBytes&) = delete;
  LentBytes& operator=(const LentBytes&) = delete;
  ~LentBytes();

  bool broken() const { return broken_ != 0; }

 private:
  static void on_bus_error(int signal, siginfo_t* info, void*);
  bool mend(const char* at);

  std::string_view bytes_;
  volatile std::sig_atomic_t broken_ = 0;
};

}  // namespace endreason
