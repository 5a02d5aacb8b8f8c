// SPDX-License-Identifier: Apache-2.0
// What a user is told about a filter that cannot be read, word for word.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "query/filter.hpp"
#include "query/filter_parser.hpp"

namespace endreason {
namespace {

struct ErrorCase {
  std::string_view behaviour;
  std::string_view filter;
  std::string_view message;
};

const ErrorCase kErrors[] = {
    {"an unknown field: the nearest names", "( sesion_end_reason eq threat )",
     R"(unknown field 'sesion_end_reason'
  ( sesion_end_reason eq threat )
    ^
did you mean session_end_reason, flow_end_reason?)"},
    {"a field like no other: where the list is", "zzzzzz eq 1", R"(unknown field 'zzzzzz'
  zzzzzz eq 1
  ^
`endreason terms` lists the fields)"},
    {"an unknown operator: the operators that this field takes", "( addr.src is 10.0.0.1 )",
     R"(unknown operator 'is'
  ( addr.src is 10.0.0.1 )
             ^
use one of: eq, neq, in, notin, contains)"},
    {"a sign of another language: the word for it", "bytes>=100", R"(unknown operator '>='
  bytes>=100
       ^
did you mean geq? use one of: eq, neq, in, notin, leq, geq, lt, gt, contains)"},
    {"an operator that the field does not take", "( session_end_reason geq threat )",
     R"(geq cannot be asked of session_end_reason
  ( session_end_reason geq threat )
                       ^
use one of: eq, neq, in, notin, contains)"},
    {"no operator", "addr.src", R"(expected an operator after src
  addr.src
          ^
use one of: eq, neq, in, notin, contains)"},
    {"no value", "( addr.src in )", R"(expected a value here
  ( addr.src in )
                ^
put an empty value in quotes: '')"},
    {"a bracket that is never closed: where it was opened",
     "( ( app eq ssl ) and ( action eq allow )", R"(this bracket is never closed
  ( ( app eq ssl ) and ( action eq allow )
  ^
close it with ))"},
    {"a list that is never closed", "app in ( a b", R"(this bracket is never closed
  app in ( a b
         ^
close it with ))"},
    {"a bracket that closes nothing", "( app eq ssl ) )", R"(this bracket closes nothing
  ( app eq ssl ) )
                 ^
take it away, or open one with ( before)"},
    {"empty brackets", "( )", R"(there is nothing between these brackets
  ( )
  ^
write a comparison such as ( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat ))"},
    {"an empty filter", "  ", R"(the filter is empty
write one such as ( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat ))"},
    {"a name with a blank that is not in quotes", "( rule eq My rule )",
     R"(expected and, or, or the end of the filter here
  ( rule eq My rule )
               ^
join comparisons with and or or; put a value that has blanks in quotes: 'My rule')"},
    {"two comparisons without a word between them", "( app eq ssl ) ( action eq allow )",
     R"(expected and, or, or the end of the filter here
  ( app eq ssl ) ( action eq allow )
                 ^
join comparisons with and or or; put a value that has blanks in quotes: 'My rule')"},
    {"a filter that ends in and", "app eq ssl and", R"(expected a field here
  app eq ssl and
                ^
a comparison is a field, an operator and a value, as in ( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat ))"},
    {"a word that is no end reason: the nearest, and all of them", "session_end_reason eq thread",
     R"('thread' is no value of session_end_reason
  session_end_reason eq thread
                        ^
did you mean threat? The values: threat, policy-deny, decrypt-cert-validation, decrypt-unsupport-param, decrypt-error, tcp-rst-from-client, tcp-rst-from-server, resources-unavailable, tcp-fin, tcp-reuse, decoder, aged-out, unknown, n/a, request-timeout, shutdown-from-endpoint, abort-from-endpoint, split-tunnel
for a word that is none of these: session_end_reason contains 'thread')"},
    {"a word that is no final action", "final_action eq allow",
     R"('allow' is no value of final_action
  final_action eq allow
                  ^
did you mean allowed? The values: allowed, blocked, undetermined)"},
    {"a port by its service", "port.dst eq https", R"('https' is no value of dport
  port.dst eq https
              ^
expected a port, 0 to 65535, or a range such as 1024-65535)"},
    {"a port that is too great", "dport geq 70000", R"('70000' is no value of dport
  dport geq 70000
            ^
expected a port, 0 to 65535)"},
    {"a network with too many bits", "addr.src in 10.0.0.0/33", R"('10.0.0.0/33' is no value of src
  addr.src in 10.0.0.0/33
              ^
expected an IPv4 or IPv6 address, a network such as 10.0.0.0/8, or a range such as 10.0.0.1-10.0.0.9)"},
    {"the second address of a list", "addr in ( 10.0.0.1 10.0.0 )", R"('10.0.0' is no value of addr
  addr in ( 10.0.0.1 10.0.0 )
                     ^
expected an IPv4 or IPv6 address, a network such as 10.0.0.0/8, or a range such as 10.0.0.1-10.0.0.9)"},
    {"a number with a unit", "bytes geq 1k", R"('1k' is no value of bytes
  bytes geq 1k
            ^
expected a decimal number)"},
    {"a time that could be two", "receive_time geq '9/16/19 10:00'",
     R"('9/16/19 10:00' is no value of receive_time
  receive_time geq '9/16/19 10:00'
                   ^
expected a time such as '2026/03/10 10:00:00')"},
    {"a time from now where nobody said when that is", "receive_time geq now-2h",
     R"('now-2h' counts from now, and no such time is given here
  receive_time geq now-2h
                   ^
write the time out, as '2026/03/10 10:00:00')"},
    {"a calendar day of nobody's zone", "receive_time in last-calendar-day",
     R"('last-calendar-day' depends on a calendar and its zone
  receive_time in last-calendar-day
                  ^
write both ends out, as in '2026-03-10/2026-03-11', or use last-24-hrs)"},
    {"a flag compared as if it were the mask", "flags eq nat",
     R"('nat' names one flag of flags, not the whole mask
  flags eq nat
           ^
write flags has nat)"},
    {"a list where one value goes", "app eq a, b", R"(eq takes one value
  app eq a, b
          ^
use in for a list; put a value that has commas in quotes)"},
    {"a quote that is never closed", "( rule eq 'My rule )", R"(this quote is never closed
  ( rule eq 'My rule )
            ^
close it with '; a backslash before it must be doubled)"},
    {"the caret counts characters, not bytes", "rule eq 'Büro' or rulle eq x",
     R"(unknown field 'rulle'
  rule eq 'Büro' or rulle eq x
                    ^
did you mean rule?)"},
    {"line breaks and control characters do not move the caret", "app eq a\nor\x01",
     R"(expected a field here
  app eq a or?
             ^
a comparison is a field, an operator and a value, as in ( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat ))"},
    {"a long filter is cut around the place",
     "( app eq ssl ) and ( app eq ssl ) and ( app eq ssl ) and ( app eq ssl ) and ( appp eq ssl ) "
     "and ( app eq ssl ) and ( app eq ssl )",
     R"(unknown field 'appp'
  ...ssl ) and ( app eq ssl ) and ( app eq ssl ) and ( appp eq ssl ) and ( app eq ssl ) and ( a...
                                                       ^
did you mean app?)"},
};

TEST(FilterError, SaysWhatWhereAndTheRemedy) {
  for (const auto& c : kErrors) {
    const auto filter = Filter::parse(c.filter);
    ASSERT_FALSE(filter) << c.behaviour;
    EXPECT_EQ(filter.error().code, Error::Code::Usage) << c.behaviour;
    EXPECT_EQ(filter.error().message, c.message) << c.behaviour;
  }
}

TEST(FilterError, TooLong) {
  const auto filter = Filter::parse(std::string(kFilterTextMax + 1, ' '));
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().message,
            "the filter is 65537 bytes long, and the limit is 65536\n"
            "split it, or give networks instead of single addresses");
}

TEST(FilterError, TooDeepPointsAtTheBracket) {
  const auto filter = Filter::parse(std::string(300, '('));
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().message,
            "the filter is nested deeper than 100 levels\n  ..." + std::string(90, '(') + "...\n" +
                std::string(55, ' ') +
                "^\n"
                "take away brackets, or use a list: addr.src in ( 10.0.0.1 10.0.0.2 )");
}

}  // namespace
}  // namespace endreason
