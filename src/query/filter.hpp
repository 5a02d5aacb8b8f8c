// SPDX-License-Identifier: Apache-2.0
// Filter: the PAN-OS filter language as a predicate on judged records.
//
// Takes what users paste from Monitor > Logs, and the verdict fields in the same style. Immutable
// after parse; safe to share between threads as long as each gives its own RecordClock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/field.hpp"
#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "query/filter_ast.hpp"
#include "query/filter_program.hpp"

namespace endreason {

class Filter {
 public:
  // Error: Usage, several lines: what is wrong, the filter with a caret under the place, the
  // remedy.
  //   now_utc_micros: what `now-2h` and `last-24-hrs` count from; without it they are errors.
  static Result<Filter> parse(std::string_view text,
                              std::optional<std::int64_t> now_utc_micros = std::nullopt);

  // Times: a literal with a zone is an instant. One without is read on the record's own clock, so
  // '2026/03/10 10:00:00' is what the log shows, whatever zone the device is in.
  bool matches(const TrafficRecord& record, const Verdict& verdict,
               const RecordClock& clock) const {
    return program_.matches(record, verdict, clock);
  }

  // The columns that it reads, those that RecordClock needs included. What the verdict is judged
  // from is not among them.
  FieldSet fields() const { return program_.fields(); }
  // False: matches() does not look at the verdict, and the record may be filtered before it is
  // judged.
  bool reads_verdict() const { return program_.reads_verdict(); }

  // What it reads of the session engine's rows.
  EngineColumnSet engine_columns() const { return program_.engine_columns(); }

  // The filter as it was understood, every reading made plain by brackets. Parses to the same
  // filter.
  std::string explain() const;
  const FilterNode& tree() const { return *tree_; }

 private:
  explicit Filter(FilterNode tree);
  std::shared_ptr<const FilterNode> tree_;
  FilterProgram program_;
};

}  // namespace endreason
