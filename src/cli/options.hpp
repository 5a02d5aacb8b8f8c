// SPDX-License-Identifier: Apache-2.0
// What commands declare: options, flags, subcommands, examples. The command line's library stands
// behind it, whose header alone takes the compiler seconds and each program that is linked with it
// a part of its start, for every file that includes it.
//
//   option(app, "-o,--output", options.output, "text or ndjson").type_name("FORMAT");
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace endreason {

class DeclaredOption {
 public:
  explicit DeclaredOption(CLI::Option* option) : option_(option) {}

  DeclaredOption& type_name(std::string name);
  DeclaredOption& group(std::string name);  // of the help; an empty one is not shown
  DeclaredOption& required(bool needed = true);
  // False: "-r a b" gives one value to -r.
  DeclaredOption& allow_extra_args(bool allowed);
  DeclaredOption& excludes(DeclaredOption other);
  DeclaredOption& needs(DeclaredOption other);

  // Checks of the value, which the help names behind the value's name.
  DeclaredOption& member(std::vector<std::string> words);
  DeclaredOption& range(int least, int most);
  // And such as it does not; `shown`: what the message says is expected.
  DeclaredOption& one_of(std::vector<std::string> words, std::string shown);
  DeclaredOption& at_least_one();

  bool given() const;        // by the words that were parsed
  std::string name() const;  // the first long one, without its dashes

 private:
  CLI::Option* option_;
};

DeclaredOption option(CLI::App& app, const std::string& names, std::string& to,
                      const std::string& meaning);
DeclaredOption option(CLI::App& app, const std::string& names, std::vector<std::string>& to,
                      const std::string& meaning);
DeclaredOption option(CLI::App& app, const std::string& names, std::uint32_t& to,
                      const std::string& meaning);
DeclaredOption option(CLI::App& app, const std::string& names, std::uint64_t& to,
                      const std::string& meaning);
DeclaredOption option(CLI::App& app, const std::string& names, std::optional<std::uint32_t>& to,
                      const std::string& meaning);
DeclaredOption flag(CLI::App& app, const std::string& name, bool& to, const std::string& meaning);

// Each value goes to a function.
DeclaredOption option_of_text(CLI::App& app, const std::string& names,
                              std::function<void(const std::string&)> take,
                              const std::string& meaning);
DeclaredOption flag_that_calls(CLI::App& app, const std::string& name, std::function<void()> call,
                               const std::string& meaning);

// One that is declared already.
std::optional<DeclaredOption> find_option(const CLI::App& app, const std::string& name);
std::vector<DeclaredOption> all_options(CLI::App& app);

// A command of a command, one of which must be named.
CLI::App& subcommand(CLI::App& app, const std::string& name, const std::string& meaning);
bool was_named(const CLI::App& subcommand);
// What the help and the manual page say at the end.
void footer(CLI::App& app, std::string text);

// Reads words by the options that `declare` declares; no command line is involved.
Result<void> parse_words(std::vector<std::string> words,
                         const std::function<void(CLI::App&)>& declare);

}  // namespace endreason
