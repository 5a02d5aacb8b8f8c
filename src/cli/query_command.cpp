// SPDX-License-Identifier: Apache-2.0
// `endreason query` and `endreason sql`: questions to what `serve` keeps, through the running
// server where there is one, else from its folder.
#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/asking.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "query/filter.hpp"

namespace endreason {
namespace {

struct AskCommand {
  AskOptions where;
  std::string text, since, until, group_by, output, columns;
  std::uint64_t top = 10, limit = 0;
  bool show_sql = false;
};

std::int64_t wall_clock_micros() {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string parameters(const AskCommand& c) {
  std::string out = "?filter=" + query_escaped(c.text);
  if (!c.since.empty()) out += "&from=" + query_escaped(c.since);
  if (!c.until.empty()) out += "&to=" + query_escaped(c.until);
  return out;
}

// On a terminal rows are few columns, and groups a table; elsewhere everything, for a program.
void choose_output(AskCommand& c) {
  if (!c.output.empty()) return;
  c.output = "ndjson";
  if (!stdout_is_terminal()) return;
  c.output = c.group_by.empty() ? "csv" : "table";
  if (c.group_by.empty() && c.columns.empty())
    c.columns = "_time,src,dst,dport,app,rule,session_end_reason,final_action,outcome,why";
}

int run_query(AskCommand c) {
  choose_output(c);
  // A filter that is wrong is shown with its caret, as everywhere, before anybody is asked.
  if (!c.text.empty())
    if (const auto filter = Filter::parse(c.text, wall_clock_micros()); !filter)
      return complain(filter.error());
  if (c.group_by.empty()) {
    if (c.output == "table")
      return complain(
          {Error::Code::Usage,
           "-o: rows are written as ndjson, csv, panos, ecs or ocsf; a table is made of groups "
           "(--group-by)"});
    std::string target = "/api/v1/records" + parameters(c) + "&format=" + query_escaped(c.output);
    if (!c.columns.empty()) target += "&columns=" + query_escaped(c.columns);
    return ask_and_print(c.where, {"GET", target, ""});
  }
  return ask_and_print(c.where,
                       {"GET",
                        fmt::format("/api/v1/groups{}&by={}&top={}&format={}", parameters(c),
                                    query_escaped(c.group_by), c.top, query_escaped(c.output)),
                        ""});
}

int run_sql(AskCommand c) {
  if (c.output.empty()) c.output = stdout_is_terminal() ? "table" : "ndjson";
  if (c.text == "-")
    c.text =
        std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  return ask_and_print(c.where, {"POST",
                                 fmt::format("/api/v1/sql?limit={}&format={}",
                                             c.limit == 0 ? 100'000 : c.limit, c.output),
                                 c.text});
}

}  // namespace

RunCommand declare_query(CLI::App& app) {
  auto command = std::make_shared<AskCommand>();
  AskCommand& c = *command;
  option(app, "FILTER", c.text, "In the language of Monitor > Logs > Traffic; none: all rows");
  option(app, "--group-by", c.group_by, "Count by these columns instead of listing rows: rule,app")
      .type_name("COLUMNS");
  option(app, "--top", c.top, "So many groups; 10").type_name("N").range(1, 1000);
  option(app, "--since", c.since, "From this time on: 2026/03/10, now-24h").type_name("TIME");
  option(app, "--until", c.until, "Up to this time, not included").type_name("TIME");
  option(app, "--fields", c.columns, "Columns of the rows, comma-separated").type_name("COLUMNS");
  option(app, "-o,--output", c.output,
         "Groups: table, csv or ndjson. Rows: ndjson, csv, panos, ecs or ocsf")
      .type_name("FORMAT");
  declare_asking(app, c.where);
  footer(
      app,
      "Examples:\n"
      "  endreason query '( final_action eq blocked )' --group-by rule,reason_code\n"
      "  endreason query 'addr in 10.1.20.45' --since now-2h -o csv --fields "
      "_time,src,dst,app,why\n"
      "  endreason query --group-by app --top 20 --server https://logs.example:8443/ --token-file "
      "token");
  return [command] { return run_query(*command); };
}

RunCommand declare_sql(CLI::App& app) {
  auto command = std::make_shared<AskCommand>();
  AskCommand& c = *command;
  option(app, "STATEMENT", c.text, "One statement that reads; - for standard input").required();
  option(app, "--limit", c.limit, "So many rows at most; 100,000").type_name("N").range(1, 100'000);
  option(app, "-o,--output", c.output, "table, csv or ndjson")
      .type_name("FORMAT")
      .member({"table", "csv", "ndjson"});
  declare_asking(app, c.where);
  footer(
      app,
      "Examples:\n"
      "  endreason sql \"SELECT app, sum(sessions) FROM traffic GROUP BY app ORDER BY 2 DESC LIMIT "
      "10\"\n"
      "docs/formats/database.md has the tables and views.");
  return [command] { return run_sql(*command); };
}

}  // namespace endreason
