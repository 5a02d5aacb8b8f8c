// SPDX-License-Identifier: Apache-2.0
#include "base/later_library.hpp"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#if defined(__x86_64__)
#include "base/later_calls.hpp"

// Of these, calls of this test go through what later_calls.hpp makes: numbers in vector registers,
// in six others, and a list of them whose length nobody knows.
#define CALLS_OF_FLOATS(EACH) EACH(fma) EACH(nextafter)
#define CALLS_OF_NUMBERS(EACH) EACH(copy_file_range) EACH(snprintf)
ENDREASON_LATER_LIBRARY(floats, "libm.so.6", "libc6", CALLS_OF_FLOATS)
ENDREASON_LATER_LIBRARY(numbers, "libc.so.6", "libc6", CALLS_OF_NUMBERS)

namespace endreason {
namespace {

// Volatile: the compiler would do the sums itself.
volatile double two = 2, three = 3, four = 4;

TEST(LaterLibrary, KeepsNumbersInVectorRegistersOnTheFirstCallAndOnOthers) {
  const void* before = endreason_places_floats[0];
  EXPECT_EQ(fma(two, three, four), 10);
  EXPECT_NE(endreason_places_floats[0], before);  // it has been loaded
  EXPECT_EQ(fma(three, four, two), 14);
  EXPECT_EQ(nextafter(two, two), 2);
}

TEST(LaterLibrary, KeepsSixNumbersInRegistersAndErrno) {
  char path[] = "/tmp/endreason-later-XXXXXX";
  const int file = ::mkstemp(path);
  ASSERT_GE(file, 0);
  ::unlink(path);
  ASSERT_EQ(::pwrite(file, "0123456789", 10, 0), 10);
  off64_t from = 2, to = 20;
  errno = ELOOP;
  ASSERT_EQ(copy_file_range(file, &from, file, &to, 5, 0), 5);
  EXPECT_EQ(errno, ELOOP);
  char found[6] = {};
  ASSERT_EQ(::pread(file, found, 5, 20), 5);
  EXPECT_STREQ(found, "23456");
  ::close(file);
}

TEST(LaterLibrary, KeepsAListOfNumbersOfBothKinds) {
  char text[64];
  snprintf(text, sizeof text, "%d %.1f %d %.1f %d %.1f %s", 1, double{two}, 3, double{four}, 5,
           double{three}, "end");
  EXPECT_STREQ(text, "1 2.0 3 4.0 5 3.0 end");
}

TEST(LaterLibrary, LoadsForSeveralThreadsAtOnce) {
  void* places[] = {nullptr, nullptr};
  const LaterLibrary library{"libm.so.6", "libc6", "floor\0ceil\0", places};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { load_now(library); });
  for (std::thread& t : threads) t.join();
  ASSERT_NE(places[1], nullptr);
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(places[0])(2.5), 2.0);
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(places[1])(2.5), 3.0);
}

TEST(LaterLibraryDeathTest, SaysWhatToInstallAndEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  void* places[] = {nullptr};
  EXPECT_EXIT(load_now({"libendreason-none.so.0", "libnone0", "none\0", places}),
              testing::ExitedWithCode(4),
              "a library cannot be loaded .*libendreason-none.so.0.*install the package libnone0");
  EXPECT_EXIT(load_now({"libm.so.6", "", "endreason_has_no_such_function\0", places}),
              testing::ExitedWithCode(4), "endreason_has_no_such_function.*install libm.so.6");
}

}  // namespace
}  // namespace endreason
#endif
