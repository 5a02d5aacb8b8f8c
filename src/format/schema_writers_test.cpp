// SPDX-License-Identifier: Apache-2.0
// ECS and OCSF: the corrected outcome in the schema's own fields, the vendor's values untouched.
#include <nlohmann/json.hpp>
#include <set>

#include "format/judged_sample.hpp"

namespace endreason {
namespace {

using Json = nlohmann::json;

// Parsed strictly: a key that is given twice in one object is a failure.
Json strictly_parsed(const std::string& line) {
  std::vector<std::set<std::string>> keys;
  const auto callback = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key)
      EXPECT_TRUE(keys.back().insert(parsed.get<std::string>()).second)
          << parsed << " is there twice in " << line;
    return true;
  };
  auto json = Json::parse(line, callback, false);
  EXPECT_FALSE(json.is_discarded()) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return json;
}

Json document(OutputFormat format, const TrafficRecord& record, const Verdict& verdict) {
  return strictly_parsed(written(options_for(format), {{&record, verdict}}));
}

struct PathCase {
  std::string_view behaviour, pointer;
  Json expected;
};

TEST(EcsWriter, ABlockedSessionIsAFailureThoughTheActionSaysAllow) {
  const auto record = record_of(threat_cells());
  const Json json = document(OutputFormat::Ecs, record, threat_verdict());
  const PathCase cases[] = {
      {"the time of the record", "/@timestamp", "2026-03-10T10:00:05.128+01:00"},
      {"the corrected outcome", "/event/outcome", "failure"},
      {"what it was", "/event/type", Json::array({"denied", "end", "connection"})},
      {"the category", "/event/category", Json::array({"network"})},
      {"the action as the integration names it", "/event/action", "flow_terminated"},
      {"the duration in nanoseconds", "/event/duration", 12'000'000'000},
      {"the source", "/source/ip", "10.1.1.1"},
      {"its port", "/source/port", 51515},
      {"its bytes", "/source/bytes", 812},
      {"its address after translation", "/source/nat/ip", "198.51.100.2"},
      {"its user without the domain", "/source/user/name", "jane"},
      {"its domain", "/source/user/domain", "acme"},
      {"the destination's packets", "/destination/packets", 5},
      {"the transport", "/network/transport", "tcp"},
      {"the rule", "/rule/name", "Web, out"},
      {"the firewall", "/observer/serial_number", "013201030824"},
      {"its zone", "/observer/ingress/zone", "trust"},
      {"its interface", "/observer/egress/interface/name", "ae2"},
      {"the vendor's action, untouched", "/panw/panos/action", "allow"},
      {"the vendor's end reason", "/panw/panos/endreason", "threat"},
      {"the vendor's 64-bit number as text", "/panw/panos/sequence_number", "7536179828408605381"},
      {"the session", "/panw/panos/flow_id", 421733},
      {"the vendor's zone", "/panw/panos/source/zone", "trust"},
      {"a flag", "/labels/nat_translated", true},
      {"the verdict", "/panw/verdict/final_action", "blocked"},
      {"what decided", "/panw/verdict/decided_by", "session_end_reason"},
      {"the evidence", "/panw/verdict/evidence",
       Json::array({"session_end_reason=threat", "action=allow"})},
      {"the line", "/panw/input/line", 7},
  };
  for (const auto& c : cases) {
    const Json::json_pointer pointer{std::string(c.pointer)};
    ASSERT_TRUE(json.contains(pointer)) << c.behaviour << "\n" << json.dump(1);
    EXPECT_EQ(json[pointer], c.expected) << c.behaviour;
  }
}

struct OutcomeCase {
  std::string_view behaviour;
  FinalAction final_action;
  Outcome outcome;
  std::string_view expected;
};

TEST(EcsWriter, TheOutcomeSaysWhatReallyHappened) {
  const OutcomeCase cases[] = {
      {"blocked", FinalAction::Blocked, Outcome::Unknown, "failure"},
      {"allowed, and it failed", FinalAction::Allowed, Outcome::Failed, "failure"},
      {"allowed, and it worked", FinalAction::Allowed, Outcome::Succeeded, "success"},
      {"allowed, and it worked in part", FinalAction::Allowed, Outcome::Partial, "success"},
      {"still going on", FinalAction::Allowed, Outcome::InProgress, "unknown"},
      {"undetermined", FinalAction::Undetermined, Outcome::Succeeded, "unknown"},
  };
  const auto record = record_of(threat_cells());
  for (const auto& c : cases) {
    Verdict verdict = allowed_verdict(c.outcome, ReasonCode::ClosedNormally);
    verdict.final_action = c.final_action;
    EXPECT_EQ(document(OutputFormat::Ecs, record, verdict)["event"]["outcome"], c.expected)
        << c.behaviour;
  }
}

TEST(OcsfWriter, ABlockedSessionIsRefusedAndDenied) {
  const auto record = record_of(threat_cells());
  const Json json = document(OutputFormat::Ocsf, record, threat_verdict());
  const PathCase cases[] = {
      {"the class", "/class_uid", 4001},
      {"the category", "/category_uid", 4},
      {"refused", "/activity_id", 5},
      {"the type follows from both", "/type_uid", 400105},
      {"denied", "/action_id", 2},
      {"blocked", "/disposition_id", 2},
      {"it failed", "/status_id", 2},
      {"surely", "/confidence_id", 3},
      {"milliseconds since 1970", "/time", 1773133205128},
      {"when it began", "/start_time", 1773133189000},
      {"and ended", "/end_time", 1773133201000},
      {"milliseconds", "/duration", 12000},
      {"the source", "/src_endpoint/ip", "10.1.1.1"},
      {"the destination's port", "/dst_endpoint/port", 80},
      {"the protocol by number", "/connection_info/protocol_num", 6},
      {"bytes from the source", "/traffic/bytes_out", 812},
      {"the rule", "/firewall_rule/name", "Web, out"},
      {"the vendor's action", "/unmapped/panos/action", "allow"},
      {"the verdict", "/unmapped/verdict/reason_code", "blocked-by-threat"},
      {"the product", "/metadata/product/version", "11.1"},
  };
  for (const auto& c : cases) {
    const Json::json_pointer pointer{std::string(c.pointer)};
    ASSERT_TRUE(json.contains(pointer)) << c.behaviour << "\n" << json.dump(1);
    EXPECT_EQ(json[pointer], c.expected) << c.behaviour;
  }
}

struct ActivityCase {
  std::string_view behaviour;
  std::string_view subtype, end_reason;
  Outcome outcome;
  ReasonCode reason_code;
  int expected;
};

TEST(OcsfWriter, TheActivitySaysHowASessionWent) {
  const ActivityCase cases[] = {
      {"a start is an open", "start", "n/a", Outcome::InProgress, ReasonCode::InProgress, 1},
      {"an orderly end is a close", "end", "tcp-fin", Outcome::Succeeded,
       ReasonCode::ClosedNormally, 2},
      {"a reset after data is a reset", "end", "tcp-rst-from-server", Outcome::Succeeded,
       ReasonCode::ResetAfterData, 3},
      {"no answer is a failure", "end", "aged-out", Outcome::Failed, ReasonCode::SynNoAnswer, 4},
      {"a closed port is a refusal", "end", "tcp-rst-from-server", Outcome::Failed,
       ReasonCode::RefusedByServer, 5},
      {"a row without a type is traffic", "", "aged-out", Outcome::Succeeded,
       ReasonCode::IdleTimeout, 6},
  };
  for (const auto& c : cases) {
    const auto record = record_of({{Field::Src, "10.0.0.1"},
                                   {Field::Dst, "10.0.0.2"},
                                   {Field::Subtype, c.subtype},
                                   {Field::SessionEndReason, c.end_reason}});
    const Json json =
        document(OutputFormat::Ocsf, record, allowed_verdict(c.outcome, c.reason_code));
    EXPECT_EQ(json["activity_id"], c.expected) << c.behaviour;
    EXPECT_EQ(json["type_uid"], 400100 + c.expected) << c.behaviour;
  }
}

TEST(SchemaWriters, ARecordOfAllColumnsGivesEachKeyOnce) {
  TrafficRecord record;
  record.reset("");
  for (const auto& row : kFields) record.set_copy(row.value, row.log_name);
  for (const OutputFormat format : {OutputFormat::Ecs, OutputFormat::Ocsf}) {
    const std::string text = document(format, record, threat_verdict()).dump();
    for (const auto& row : kFields) {
      const bool carries_nothing =
          row.value == Field::Domain || row.value == Field::Padding || row.value == Field::Cpadding;
      if (carries_nothing && format == OutputFormat::Ecs) continue;
      EXPECT_NE(text.find("\"" + std::string(row.log_name) + "\""), std::string::npos)
          << row.log_name << " is lost";
    }
  }
}

TEST(SchemaWriters, HostileBytesGiveValidJson) {
  auto cells = threat_cells();
  for (Cell& cell : cells)
    if (cell.field == Field::Rule || cell.field == Field::Srcuser || cell.field == Field::App)
      cell.text = "\"\\\x01\xff\n\xE2\x82";
  auto record = record_of(cells);
  record.extras = {{"column_131", "\xfe"}, {"a.b", "x"}};
  const Json ecs = document(OutputFormat::Ecs, record, threat_verdict());
  EXPECT_EQ(ecs["panw"]["panos"]["extra"], (Json{{"column_131", "\uFFFD"}, {"a.b", "x"}}));
  const Json ocsf = document(OutputFormat::Ocsf, record, threat_verdict());
  EXPECT_EQ(ocsf["unmapped"]["extra"], (Json{{"column_131", "\uFFFD"}, {"a.b", "x"}}));
}

}  // namespace
}  // namespace endreason
