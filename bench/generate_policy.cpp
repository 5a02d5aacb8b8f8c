// SPDX-License-Identifier: Apache-2.0
// Writes a configuration with N rules for benchmarks to standard output: generate_policy N [SEED].
// The last rule allows what no other decides, so that sessions live as they do without rules.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "config/policy_yaml.hpp"
#include "made_policy.hpp"

int main(int count, char** words) {
  using namespace endreason;
  const unsigned long rules = count > 1 ? std::strtoul(words[1], nullptr, 10) : 0;
  if (rules == 0 || rules > 100'000) {
    std::fputs("usage: generate_policy RULES [SEED] > FILE   (1 to 100000 rules)\n", stderr);
    return 2;
  }
  bench::PolicyMaker maker(count > 2 ? std::strtoull(words[2], nullptr, 10) : 7);
  Policy policy = maker.policy(rules - 1);
  SecurityRule rest;
  rest.name = "the rest";
  policy.rules.push_back(rest);
  const std::string text = policy_yaml(policy, false);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
