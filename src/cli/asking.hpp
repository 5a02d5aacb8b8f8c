// SPDX-License-Identifier: Apache-2.0
// Questions to what `serve` keeps, through a running server where there is one, else from its
// folder.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/run_options.hpp"

namespace CLI {
class App;
}

namespace endreason {

struct AskOptions {
  RunOptions run;  // of which the configuration is used
  std::string folder, server, token_file, ca_file;
};
void declare_asking(CLI::App& app, AskOptions& options);

struct Question {
  std::string method = "GET", target, body;  // target: path and query
};

// Gets the answer as it comes; false: nobody wants more.
using TakeAnswer = std::function<bool(std::string_view part)>;

// The exit code. What went wrong has been said; of an answer that is an error nothing reaches
// `take`.
int ask(const AskOptions& options, const Question& question, const TakeAnswer& take);
// To standard output.
int ask_and_print(const AskOptions& options, const Question& question);

// A value as it stands in a query.
std::string query_escaped(std::string_view text);

}  // namespace endreason
