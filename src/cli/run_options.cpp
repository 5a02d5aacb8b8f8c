// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.hpp"

#include "cli/options.hpp"

namespace endreason {

void declare_run_options(CLI::App& app, RunOptions& options) {
  option(app, "-o,--output", options.output,
         "table, card, csv, ndjson, panos, raw, ecs, ocsf. Default: on a terminal a card for "
         "one record and a table for many, in a pipe ndjson")
      .type_name("FORMAT");
  option(app, "--fields", options.fields,
         "Columns to write, by PAN-OS name or ours: src,dst,dport,final_action,why")
      .type_name("LIST");
  option(app, "-f,--filter", options.filter,
         "PAN-OS filter: \"( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat )\"; "
         "verdict columns too: \"( final_action eq blocked )\"")
      .type_name("FILTER");
  flag(app, "--explain-filter", options.explain_filter, "Print the filter as it is understood");
  option(app, "--since", options.since,
         "Records from this time on: a time, or 2h, 7d back from now")
      .type_name("TIME");
  option(app, "--until", options.until, "Records before this time").type_name("TIME");
  option(app, "--limit", options.limit, "Stop after so many records").type_name("N");
  flag(app, "--contradictions", options.contradictions,
       "Only records whose columns contradict each other, such as allow with threat");
  flag(app, "--summary", options.summary,
       "Totals, root causes and top lists instead of records (with -o ndjson as JSON)");
  option(app, "--top", options.top, "Length of the lists of --summary")
      .type_name("N")
      .range(1, 1000);
  option(app, "--ruleset", options.ruleset,
         "standard, or vendor (which counts reset-client and reset-server as blocked)")
      .type_name("NAME");
  option(app, "--tz", options.tz,
         "Zone of times that have none: Europe/Berlin, +02:00. Default: UTC, said so in the output")
      .type_name("ZONE");
  option(app, "--panos-version", options.panos_version,
         "With -o panos: the release whose columns are written for records that were not CSV")
      .type_name("VERSION");
  option(app, "--stats", options.stats, "Write the accounting as JSON (- for standard error)")
      .type_name("FILE");
  option(app, "--rejects", options.rejects,
         "Keep rejected lines with the reason, as NDJSON (- for standard error)")
      .type_name("FILE");
  option(app, "--max-rejected", options.max_rejected,
         "Exit with 3 when more lines than this are rejected")
      .type_name("N");
  option(app, "--threads", options.threads, "Threads (default: one a core)").type_name("N");
  option(app, "--config", options.config, "Configuration file").type_name("FILE");
  option(app, "--color,--colour", options.colour, "auto, always or never (NO_COLOR is honoured)")
      .type_name("WHEN")
      .member({"auto", "always", "never"});
  flag(app, "-q,--quiet", options.quiet, "No accounting and no rejects on standard error");
  option(app, "--kernel", options.kernel, "").group("");  // for benchmarks and tests
}

}  // namespace endreason
