// SPDX-License-Identifier: Apache-2.0
// A user's SELECT for ClickHouse -> whether it reads anything but the database (files of the
// server, other servers, the network), or sets its own limits, as 18.16 lets it. Servers have ever
// more functions for that, so they are asked which they have.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace endreason {

// Functions that stand for tables, in small letters, without those that only make up rows.
class FarFunctions {
 public:
  FarFunctions();  // those that are known without asking
  void add(std::string_view name);

  // An error that says what is refused. Names are found in quotes and before comments, too; what
  // some servers read in another way than others (heredocs, quotes beyond ASCII) is refused.
  Result<void> check(std::string_view sql) const;

 private:
  std::set<std::string, std::less<>> names_;
};

}  // namespace endreason
