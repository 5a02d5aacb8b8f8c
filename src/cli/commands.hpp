// SPDX-License-Identifier: Apache-2.0
// The commands of `endreason`, one file each. A command declares its options on its CLI11
// subcommand and returns the function that runs it; help, man page and completion are made from the
// same declarations. Exit codes are in kExitCodes.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace endreason {

struct ExitCode {
  int value;
  std::string_view meaning;
};
inline constexpr int kExitDone = 0;
inline constexpr int kExitMismatch = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitRejected = 3;
inline constexpr int kExitIo = 4;
inline constexpr auto kExitCodes = std::to_array<ExitCode>({
    {kExitDone, "done"},
    {kExitMismatch, "a case of endreason matrix is not as expected"},
    {kExitUsage, "the command line, the filter or the configuration is wrong"},
    {kExitRejected, "more lines were rejected than --max-rejected allows"},
    {kExitIo, "an input could not be read to its end, or an output could not be written"},
});

// The commands that do something, with their words: "explain", "config check".
std::vector<std::pair<std::string, const CLI::App*>> leaf_commands(const CLI::App& root);

using RunCommand = std::function<int()>;

// The words behind the command's name: options of captures are declared where one of them asks for
// it, or where there is no word at all.
RunCommand declare_explain(CLI::App& app, std::span<const char* const> words);
RunCommand declare_track(CLI::App& app);
RunCommand declare_inspect(CLI::App& app);
RunCommand declare_ladder(CLI::App& app);
RunCommand declare_show(CLI::App& app);
RunCommand declare_matrix(CLI::App& app);
RunCommand declare_serve(CLI::App& app);
RunCommand declare_query(CLI::App& app);
RunCommand declare_sql(CLI::App& app);
RunCommand declare_export(CLI::App& app);
RunCommand declare_terms(CLI::App& app);
RunCommand declare_config(CLI::App& app);
RunCommand declare_policy_test(CLI::App& app);
RunCommand declare_policy(CLI::App& app);
RunCommand declare_completion(CLI::App& app, const CLI::App& root);
RunCommand declare_man(CLI::App& app, const CLI::App& root);

}  // namespace endreason
