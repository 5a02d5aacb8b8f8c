// SPDX-License-Identifier: Apache-2.0
// RunOptions: the command line of what writes records (`explain`, `track`), as it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace endreason {

struct RunOptions {
  std::string output, fields, filter, since, until, tz, ruleset, config, stats, rejects,
      colour{"auto"}, panos_version, kernel;
  std::uint64_t limit = 0;
  std::uint64_t max_rejected = UINT64_MAX;
  unsigned threads = 0;
  std::size_t top = 10;
  bool summary = false, contradictions = false, quiet = false, explain_filter = false;
};

// The options stay where they are until the command line has been parsed.
void declare_run_options(CLI::App& app, RunOptions& options);

}  // namespace endreason
