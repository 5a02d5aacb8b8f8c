// SPDX-License-Identifier: Apache-2.0
#include "policy/application_table.hpp"

#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "policy/service_resolver.hpp"

namespace endreason {
namespace {

TEST(ApplicationTable, EveryRowHasPortsThatCanBeRead) {
  for (const KnownApplication& row : known_applications()) {
    std::istringstream words{std::string(row.ports)};
    std::size_t count = 0;
    for (std::string word; words >> word; ++count) {
      const auto service = parse_application_port(word);
      EXPECT_TRUE(service) << row.name << ": " << (service ? "" : service.error().message);
    }
    EXPECT_GT(count, 0u) << row.name;
  }
}

TEST(ApplicationTable, NamesAreThereOnceWhateverTheirEnding) {
  std::set<std::string_view> names;
  for (const KnownApplication& row : known_applications())
    EXPECT_TRUE(names.insert(application_stem(row.name)).second) << row.name;
}

TEST(ApplicationTable, EveryCarrierHasARowOfItsOwn) {
  std::set<std::string_view> names;
  for (const KnownApplication& row : known_applications()) names.insert(application_stem(row.name));
  for (const KnownApplication& row : known_applications()) {
    std::istringstream words{std::string(row.implies)};
    for (std::string word; words >> word;)
      EXPECT_TRUE(names.contains(application_stem(word))) << row.name << " implies " << word;
  }
}

TEST(ApplicationPort, IsReadInEveryForm) {
  EXPECT_TRUE(parse_application_port("tcp/80,443")->takes(6, 0, 443));
  EXPECT_TRUE(parse_application_port("udp/dynamic")->takes(17, 0, 1));
  EXPECT_TRUE(parse_application_port("icmp/8")->takes(1, 0, 0));
  EXPECT_TRUE(parse_application_port("ip/47")->takes(47, 0, 0));
  for (const char* text : {"", "tcp", "tcp/", "sctp/x", "ip/256", "ip/", "http/80"})
    EXPECT_FALSE(parse_application_port(text)) << text;
}

}  // namespace
}  // namespace endreason
