// SPDX-License-Identifier: Apache-2.0
#include "sources/lent_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>

#include <sys/mman.h>
#include <unistd.h>

#include "base/chunk.hpp"

namespace endreason {
namespace {

thread_local LentBytes* lent = nullptr;
std::uintptr_t page_bytes = 0;
struct sigaction before {};

}  // namespace

// Vectors that are loaded at the end reach a little further.
bool LentBytes::mend(const char* at) {
  if (at < bytes_.data() || at >= bytes_.data() + bytes_.size() + kScanPadding) return false;
  const std::uintptr_t page = reinterpret_cast<std::uintptr_t>(at) & ~(page_bytes - 1);
  if (::mmap(reinterpret_cast<void*>(page), page_bytes, PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    return false;
  broken_ = 1;
  return true;
}

// Not ours: back to what was there before, and the access that failed fails again.
void LentBytes::on_bus_error(int signal, siginfo_t* info, void*) {
  if (lent != nullptr && lent->mend(static_cast<const char*>(info->si_addr))) return;
  ::sigaction(signal, &before, nullptr);
}

LentBytes::LentBytes(std::string_view bytes) : bytes_(bytes) {
  if (bytes.empty()) return;
  static std::once_flag once;
  std::call_once(once, [] {
    page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &before);
  });
  lent = this;
}

LentBytes::~LentBytes() {
  if (lent == this) lent = nullptr;
}

}  // namespace endreason
