// SPDX-License-Identifier: Apache-2.0
#include "store/far_functions.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(FarFunctions, WhatReadsElsewhereIsRefusedHoweverItIsWritten) {
  FarFunctions functions;
  functions.add("brandNew");
  for (const char* sql : {
           "SELECT * FROM url('http://127.0.0.1/', TSV, 'a String')",
           "SELECT * FROM file ('x')",
           "SELECT * FROM S3('x')",
           "SELECT * FROM traffic, remoteSecure('other', system.one)",
           "SELECT * FROM `url`('x')",
           "SELECT * FROM \"file\" ('x')",
           "SELECT * FROM `u\\rl`('x')",
           "SELECT * FROM url/* ( */('x')",
           "SELECT * FROM url -- (\n ('x')",
           "SELECT * FROM url # (\n ('x')",
           "SELECT 'it''s' FROM url('x')",
           "SELECT 'a\\'' FROM url('x')",
           "SELECT src FROM traffic WHERE src IN file('x')",
           "SELECT * FROM BRANDNEW(1)",
           // 18.16 would let it run for so long, whatever the limit of the query.
           "SELECT count() FROM traffic SETTINGS max_execution_time = 3600",
           "SELECT * FROM (SELECT app FROM traffic settings max_rows_to_read = 0)",
           // Where servers of different ages read different things.
           "SELECT $a$ ' $a$, 1 FROM url('x') WHERE 'y' = 'y'",
           "SELECT \xE2\x80\x98 ' \xE2\x80\x99 FROM url('x') WHERE 'y' = 'y'",
           "SELECT 'does not end FROM url('x')",
       })
    EXPECT_FALSE(functions.check(sql)) << sql;
}

TEST(FarFunctions, QuestionsAboutRowsPass) {
  FarFunctions functions;
  for (const char* harmless : {"numbers", "format", "values"}) functions.add(harmless);
  for (const char* sql : {
           "SELECT app, sum(sessions) FROM traffic GROUP BY app",
           "SELECT format('{} {}', app, rule) FROM traffic",
           "SELECT \"file\", url FROM (SELECT app AS file, rule AS url FROM traffic)",
           "SELECT * FROM traffic WHERE rule = 'url(x)' -- file('x')",
           "SELECT * FROM traffic WHERE rule = 'Gäste $5' /* remote('x') */",
           "SELECT count() FROM traffic WHERE app IN ('ssl', 'dns')",
           "SELECT number FROM numbers(3)",
           "SELECT rule AS \"settings\" FROM traffic WHERE app = 'settings'",
           "SELECT my_file(1)",
           "",
       }) {
    const auto passed = functions.check(sql);
    EXPECT_TRUE(passed) << sql << ": " << passed.error().message;
  }
}

TEST(FarFunctions, TheMessageNamesTheFunctionAndWhatToAsk) {
  const auto refused = FarFunctions().check("SELECT * FROM URL('x')");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Error::Code::Input);
  EXPECT_EQ(refused.error().message,
            "url() reads something else than what is stored; ask the view traffic");
}

}  // namespace
}  // namespace endreason
