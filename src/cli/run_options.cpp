// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.hpp"

#include <CLI/CLI.hpp>

namespace endreason {

void declare_run_options(CLI::App& app, RunOptions& options) {
  app.add_option(
         "-o,--output", options.output,
         "table, card, csv, ndjson, panos, raw, ecs, ocsf. Default: on a terminal a card for "
         "one record and a table for many, in a pipe ndjson")
      ->type_name("FORMAT");
  app.add_option("--fields", options.fields,
                 "Columns to write, by PAN-OS name or ours: src,dst,dport,final_action,why")
      ->type_name("LIST");
  app.add_option(
         "-f,--filter", options.filter,
         "PAN-OS filter: \"( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat )\"; "
         "verdict columns too: \"( final_action eq blocked )\"")
      ->type_name("FILTER");
  app.add_flag("--explain-filter", options.explain_filter, "Print the filter as it is understood");
  app.add_option("--since", options.since,
                 "Records from this time on: a time, or 2h, 7d back from now")
      ->type_name("TIME");
  app.add_option("--until", options.until, "Records before this time")->type_name("TIME");
  app.add_option("--limit", options.limit, "Stop after so many records")->type_name("N");
  app.add_flag("--contradictions", options.contradictions,
               "Only records whose columns contradict each other, such as allow with threat");
  app.add_flag("--summary", options.summary,
               "Totals, root causes and top lists instead of records (with -o ndjson as JSON)");
  app.add_option("--top", options.top, "Length of the lists of --summary")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_option("--ruleset", options.ruleset,
                 "standard, or vendor (which counts reset-client and reset-server as blocked)")
      ->type_name("NAME");
  app.add_option(
         "--tz", options.tz,
         "Zone of times that have none: Europe/Berlin, +02:00. Default: UTC, said so in the output")
      ->type_name("ZONE");
  app.add_option(
         "--panos-version", options.panos_version,
         "With -o panos: the release whose columns are written for records that were not CSV")
      ->type_name("VERSION");
  app.add_option("--stats", options.stats, "Write the accounting as JSON (- for standard error)")
      ->type_name("FILE");
  app.add_option("--rejects", options.rejects,
                 "Keep rejected lines with the reason, as NDJSON (- for standard error)")
      ->type_name("FILE");
  app.add_option("--max-rejected", options.max_rejected,
                 "Exit with 3 when more lines than this are rejected")
      ->type_name("N");
  app.add_option("--threads", options.threads, "Threads (default: one a core)")->type_name("N");
  app.add_option("--config", options.config, "Configuration file")->type_name("FILE");
  app.add_option("--color,--colour", options.colour, "auto, always or never (NO_COLOR is honoured)")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("-q,--quiet", options.quiet, "No accounting and no rejects on standard error");
  app.add_option("--kernel", options.kernel, "")->group("");  // for benchmarks and tests
}

}  // namespace endreason
