// SPDX-License-Identifier: Apache-2.0
// Touches so many MiB of new memory, and gives them back: take_memory MIB. In a virtual machine
// whose free memory goes back to its host, memory that lay idle for seconds must be got from the
// host again, page by page, which takes 20 times as long as clearing it. What is measured right
// behind this program does not wait for that.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <sys/mman.h>

int main(int count, char** words) {
  const std::size_t mib = count == 2 ? std::strtoul(words[1], nullptr, 10) : 0;
  if (mib == 0) {
    std::fputs("take_memory MIB\n", stderr);
    return 2;
  }
  constexpr std::size_t kPage = 4096;
  const std::size_t size = mib << 20;
  void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    std::perror("take_memory");
    return 1;
  }
  ::madvise(at, size, MADV_HUGEPAGE);
  volatile std::uint8_t* const bytes = static_cast<std::uint8_t*>(at);
  for (std::size_t i = 0; i < size; i += kPage) bytes[i] = 1;
  return 0;
}
