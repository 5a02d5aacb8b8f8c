// SPDX-License-Identifier: Apache-2.0
// A filter compiled for records: a flat list of tests, each of which says where to go when it holds
// and when it does not. No recursion, allocation or lock per record. Immutable once compiled, so
// one program serves all threads (each with its own RecordClock).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "query/filter_ast.hpp"

namespace endreason {

class FilterProgram {
 public:
  FilterProgram() = default;
  explicit FilterProgram(const FilterNode& root);

  bool matches(const TrafficRecord& record, const Verdict& verdict,
               const RecordClock& clock) const {
    std::uint32_t at = entry_;
    while (at < kReject)
      at = holds(tests_[at], record, verdict, clock) ? tests_[at].yes : tests_[at].no;
    return at == kAccept;
  }
  FieldSet fields() const { return fields_; }
  bool reads_verdict() const { return reads_verdict_; }
  EngineColumnSet engine_columns() const { return engine_columns_; }

 private:
  static constexpr std::uint32_t kReject = 0xffff'fffe;
  static constexpr std::uint32_t kAccept = 0xffff'ffff;

  enum class Probe : std::uint8_t {
    Empty,     // the column has no text
    ActionIn,  // enumerator in `bits`; so are all that end in In
    AppStatusIn,
    EndReasonIn,
    SubtypeIn,
    ActionSourceIn,
    VerdictIn,
    NumberIn,   // low..high
    FlagIn,     // any of `bits`
    TimeIn,     // low..high as signed microseconds
    TextIs,     // `word`, byte for byte
    WordIs,     // `word`, case ignored
    TextHas,    // `word` (lower case) somewhere in it, case ignored
    V4In,       // low..high
    AddressIn,  // `first` and `count` of v4_ and v6_
    // Of the session engine's facts, `engine`; false for a record that has none of them.
    EngineEmpty,
    EngineWordIn,    // enumerator in `bits`
    EngineNumberIn,  // low..high
    EngineTextIs,
    EngineTextHas,
  };
  struct Test {
    Probe probe{Probe::Empty};
    Field field{Field::Src};
    VerdictField verdict{VerdictField::FinalAction};
    EngineColumn engine{EngineColumn::TrackerStage};
    bool zoned{};        // TimeIn: low and high are UTC, else on the record's own clock
    bool record_time{};  // TimeIn: the record's own time, not that of `field`
    std::uint32_t yes{}, no{};
    std::uint32_t word{};  // index into words_
    std::uint32_t v4_first{}, v4_count{}, v6_first{}, v6_count{};
    std::uint64_t bits{};
    std::uint64_t low{}, high{};
  };
  struct V4Range {
    std::uint32_t first, last;
  };

  std::uint32_t compile(const FilterNode& node, std::uint32_t yes, std::uint32_t no);
  std::uint32_t compile(const FilterComparison& c, std::uint32_t yes, std::uint32_t no);
  std::uint32_t compile_side(const FilterComparison& c, Field field, std::uint32_t yes,
                             std::uint32_t no);
  std::uint32_t add(Test test, std::uint32_t yes, std::uint32_t no);
  Test test_of(const FilterComparison& c, const FilterValue& value, Field field);
  static Test engine_test(const FilterComparison& c, Test t);
  Test address_test(const FilterComparison& c, Field field);
  std::uint32_t word_index(std::string_view word);

  bool holds(const Test& t, const TrafficRecord& record, const Verdict& verdict,
             const RecordClock& clock) const;
  bool address_holds(const Test& t, std::string_view text) const;
  bool engine_holds(const Test& t, const EngineFacts* facts) const;
  bool time_holds(const Test& t, const TrafficRecord& record, const RecordClock& clock) const;

  std::vector<Test> tests_;
  std::vector<std::string> words_;
  std::vector<V4Range> v4_;  // each test's slice sorted, without overlaps
  std::vector<IpRange> v6_;  // likewise
  std::uint32_t entry_ = kAccept;
  FieldSet fields_;
  EngineColumnSet engine_columns_;
  bool reads_verdict_ = false;
};

}  // namespace endreason
