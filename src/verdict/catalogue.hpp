// SPDX-License-Identifier: Apache-2.0
// The catalogue: what a person is told about a verdict. Static texts per reason code, with the
// record's own values filled into the next checks. explain() is cold (one per card); why() is a
// table lookup. Both are safe to call from any thread.
#pragma once

#include <string_view>

#include "model/explanation.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"

namespace endreason {

// The whole explanation. Texts of the record are untrusted: control characters are taken out, and a
// check whose values are missing is left out rather than shown with a hole.
[[nodiscard]] Explanation explain(const TrafficRecord& record, const Verdict& verdict);

// The reason in at most 60 bytes, for a table column. Static text.
[[nodiscard]] std::string_view why(const Verdict& verdict);

}  // namespace endreason
