// SPDX-License-Identifier: Apache-2.0
#include "dataplane/cell_text.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/timestamp.hpp"

namespace endreason {
namespace {

std::string number(std::uint64_t value) {
  std::array<char, kLongestCell> cell{};
  return {cell.data(), put_number(cell.data(), value)};
}

TEST(CellText, NumbersHaveTheDigitsThatToStringGives) {
  for (std::uint64_t power = 1;; power *= 10) {
    for (const std::uint64_t value : {power - 1, power, power + 1, power * 9})
      EXPECT_EQ(number(value), std::to_string(value));
    if (power > UINT64_MAX / 10) break;
  }
  EXPECT_EQ(number(UINT64_MAX), std::to_string(UINT64_MAX));
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    ASSERT_EQ(number(value), std::to_string(value));
  }
}

std::string clock_text(std::int64_t ns, std::uint8_t digits) {
  std::string text;
  const std::int64_t micros = ns / 1000 - (ns % 1000 < 0);
  append_rfc3339(text, {micros, 0, digits});
  return text.substr(0, text.size() - 1);  // without the Z
}

TEST(CellText, TimesAreThoseOfTheirSecondInWhateverOrderTheyCome) {
  TimeText times;
  std::mt19937_64 random(7);
  std::int64_t ns = 1'773'136'800'123'456'789;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t reach = std::uint64_t{1} << (random() % 60);
    ns += static_cast<std::int64_t>(random() % (2 * reach)) - static_cast<std::int64_t>(reach);
    if (ns > 4'000'000'000'000'000'000 || ns < -2'000'000'000'000'000'000) ns = -1;
    std::array<char, kLongestCell> cell{};
    std::string expected = clock_text(ns, 0);
    expected[4] = expected[7] = '/';
    expected[10] = ' ';
    ASSERT_EQ(std::string(cell.data(), times.put(cell.data(), ns)), expected);
    ASSERT_EQ(std::string(cell.data(), times.put_high_resolution(cell.data(), ns)),
              clock_text(ns, 3) + "+00:00");
  }
}

}  // namespace
}  // namespace endreason
