// SPDX-License-Identifier: Apache-2.0
#include "base/loaded_library.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(LoadedLibrary, FindsAFunctionInTheFirstLibraryThatThereIs) {
  const auto library = LoadedLibrary::load({"libendreason-none.so.0", "libm.so.6"}, "the floor");
  ASSERT_TRUE(library) << library.error().message;
  double (*round_down)(double) = nullptr;
  ASSERT_TRUE(library->find("floor", round_down));
  EXPECT_EQ(round_down(2.5), 2.0);
}

TEST(LoadedLibrary, SaysWhatIsMissing) {
  const auto none = LoadedLibrary::load({"libendreason-none.so.0"}, "the floor");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("the floor's library cannot be loaded"), std::string::npos);
  EXPECT_NE(none.error().message.find("libendreason-none.so.0"), std::string::npos);
  const auto library = LoadedLibrary::load({"libm.so.6"}, "the floor");
  ASSERT_TRUE(library);
  void (*nothing)() = nullptr;
  EXPECT_FALSE(library->find("endreason_has_no_such_function", nothing));
  EXPECT_NE(library->wrong_version().message.find("endreason_has_no_such_function"),
            std::string::npos);
}

}  // namespace
}  // namespace endreason
