// SPDX-License-Identifier: Apache-2.0
#include "parse/export_csv.hpp"

#include <string>

#include <gtest/gtest.h>

#include "parse/keyed_test_data.hpp"

namespace endreason {
namespace {

// The titles that PAN-OS 5 and 6 export, in their order.
constexpr std::string_view kOldHeader =
    "Domain,Receive Time,Serial #,Type,Threat/Content Type,Config Version,Generate Time,"
    "Source address,Destination address,NAT Source IP,NAT Destination IP,Rule,Source User,"
    "Destination User,Application,Virtual System,Source Zone,Destination Zone,Inbound Interface,"
    "Outbound Interface,Log Action,Time Logged,Session ID,Repeat Count,Source Port,"
    "Destination Port,NAT Source Port,NAT Destination Port,Flags,IP Protocol,Action,Bytes,"
    "Bytes Sent,Bytes Received,Packets,Start Time,Elapsed Time (sec),Category,Padding,seqno,"
    "actionflags,Source Country,Destination Country,cpadding,pkts_sent,pkts_received";

TEST(ExportLayout, KnowsEveryTitleOfTheOldExport) {
  const KeyNames names;
  const auto layout = export_layout(kOldHeader, names);
  ASSERT_TRUE(layout);
  ASSERT_EQ(layout->columns.size(), 46u);
  for (std::size_t i = 0; i < layout->columns.size(); ++i) {
    ASSERT_TRUE(layout->columns[i].field) << layout->columns[i].title;
    EXPECT_EQ(index_of(*layout->columns[i].field), i) << layout->columns[i].title;
  }
}

struct HeaderCase {
  const char* sentence;
  const char* line;
  bool is_header;
};

TEST(ExportLayout, TellsHeadersFromData) {
  const HeaderCase cases[] = {
      {"titles in another order, quoted, with blanks", "\"Action\", \"Destination\", \"Source\"",
       true},
      {"with a byte order mark and a carriage return", "\xEF\xBB\xBFSource,Destination,Type\r",
       true},
      {"variables as titles", "receive_time,src,dst,subtype", true},
      {"one address only", "Source,Action", false},
      {"no action and no type", "Source,Destination,Bytes", false},
      {"a data row", "1,2024/01/01 00:00:00,001,TRAFFIC,end,1", false},
      {"pairs", "src=1.1.1.1,dst=2.2.2.2,action=allow", false},
      {"prose", "source of the problem, destination, type", false},
      {"nothing", "", false},
  };
  const KeyNames names;
  for (const HeaderCase& c : cases)
    EXPECT_EQ(export_layout(c.line, names).has_value(), c.is_header) << c.sentence;
}

struct RowCase {
  const char* sentence;
  const char* header;
  std::string row;
  const char* status;
  const char* columns;
};

TEST(ExportRowReader, ReadsRowsByTitle) {
  const char* header = "Source,Destination,Rule,Action,Source Port";
  const RowCase cases[] = {
      {"quotes, commas, doubled quotes", header, "10.0.0.1,10.0.0.2,\"a, \"\"b\"\"\",allow,1",
       "traffic", "src=10.0.0.1 dst=10.0.0.2 rule=a, \"b\" sport=1 action=allow"},
      {"blanks behind commas", header, "10.0.0.1, 10.0.0.2, \"x\", allow, 1", "traffic",
       "src=10.0.0.1 dst=10.0.0.2 rule=x sport=1 action=allow"},
      {"a row cut short is partial", header, "10.0.0.1,10.0.0.2,\"x", "traffic",
       "src=10.0.0.1 dst=10.0.0.2 rule=\"x"},
      {"Type twice: the log type, then the subtype", "Type,Source,Destination,Type",
       "TRAFFIC,10.0.0.1,10.0.0.2,end", "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 dst=10.0.0.2"},
      {"Type once: the value says subtype", "Source,Destination,Type", "10.0.0.1,10.0.0.2,drop",
       "traffic", "subtype=drop src=10.0.0.1 dst=10.0.0.2"},
      {"Type once: the value says log type", "Source,Destination,Type", "10.0.0.1,10.0.0.2,THREAT",
       "other THREAT", nullptr},
      {"the second serial number is the endpoint's",
       "Serial Number,Source,Destination,Action,Serial Number", "1,10.0.0.1,10.0.0.2,allow,2",
       "traffic", "serial=1 src=10.0.0.1 dst=10.0.0.2 action=allow serialnumber=2"},
      {"a port that is none names its title and column", header, "10.0.0.1,10.0.0.2,x,allow,y",
       "rejected wrong-type Source Port at 5", nullptr},
      {"a carriage return is no part of the last cell", "Source,Destination,Action",
       "10.0.0.1,10.0.0.2,reset-both\r", "traffic", "src=10.0.0.1 dst=10.0.0.2 action=reset-both"},
      {"an empty row", header, "", "rejected too-few-columns", nullptr},
  };
  const KeyNames names;
  ExportRowReader reader(names);
  TrafficRecord record;
  for (const RowCase& c : cases) {
    const auto layout = export_layout(c.header, names);
    ASSERT_TRUE(layout) << c.sentence;
    EXPECT_EQ(text_of(reader.read(c.row, *layout, record)), c.status) << c.sentence;
    if (c.columns != nullptr) EXPECT_EQ(columns_of(record), c.columns) << c.sentence;
  }
}

TEST(ExportRowReader, KeepsWhatHasNoTitleOrAnUnknownOne) {
  const KeyNames names;
  const auto layout = export_layout("Source,Destination,Action,Ticket", names);
  ASSERT_TRUE(layout);
  ExportRowReader reader(names);
  TrafficRecord record;
  const std::string row = "10.0.0.1,10.0.0.2,allow,T-1,more";
  EXPECT_EQ(text_of(reader.read(row, *layout, record)), "traffic");
  EXPECT_EQ(extra_of(record, "Ticket"), "T-1");
  EXPECT_EQ(extra_of(record, "column_5"), "more");
  EXPECT_FALSE(record.partial);
  EXPECT_EQ(record.columns, 5);
}

}  // namespace
}  // namespace endreason
