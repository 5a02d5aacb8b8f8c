// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/parse_number.hpp"

namespace endreason {

DeclaredOption& DeclaredOption::type_name(std::string name) {
  option_->type_name(std::move(name));
  return *this;
}

DeclaredOption& DeclaredOption::group(std::string name) {
  option_->group(name);
  return *this;
}

DeclaredOption& DeclaredOption::required(bool needed) {
  option_->required(needed);
  return *this;
}

DeclaredOption& DeclaredOption::allow_extra_args(bool allowed) {
  option_->allow_extra_args(allowed);
  return *this;
}

DeclaredOption& DeclaredOption::excludes(DeclaredOption other) {
  option_->excludes(other.option_);
  return *this;
}

DeclaredOption& DeclaredOption::needs(DeclaredOption other) {
  option_->needs(other.option_);
  return *this;
}

DeclaredOption& DeclaredOption::member(std::vector<std::string> words) {
  option_->check(CLI::IsMember(std::move(words)));
  return *this;
}

DeclaredOption& DeclaredOption::range(int least, int most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

DeclaredOption& DeclaredOption::one_of(std::vector<std::string> words, std::string shown) {
  const auto check = [words = std::move(words), shown = std::move(shown)](std::string& text) {
    return std::find(words.begin(), words.end(), text) != words.end()
               ? std::string()
               : fmt::format("expected {}, found '{}'", shown, text);
  };
  option_->check(CLI::Validator(check, ""));
  return *this;
}

DeclaredOption& DeclaredOption::at_least_one() {
  const auto check = [](std::string& text) {
    std::uint64_t value = 0;
    return parse_decimal(text, value) && value > 0
               ? std::string()
               : fmt::format("expected a number from 1 on, found '{}'", text);
  };
  option_->check(CLI::Validator(check, ""));
  return *this;
}

bool DeclaredOption::given() const {
  return option_->count() > 0;
}

std::string DeclaredOption::name() const {
  return option_->get_lnames().front();
}

DeclaredOption option(CLI::App& app, const std::string& names, std::string& to,
                      const std::string& meaning) {
  return DeclaredOption(app.add_option(names, to, meaning));
}

DeclaredOption option(CLI::App& app, const std::string& names, std::vector<std::string>& to,
                      const std::string& meaning) {
  return DeclaredOption(app.add_option(names, to, meaning));
}

DeclaredOption option(CLI::App& app, const std::string& names, std::uint32_t& to,
                      const std::string& meaning) {
  return DeclaredOption(app.add_option(names, to, meaning));
}

DeclaredOption option(CLI::App& app, const std::string& names, std::uint64_t& to,
                      const std::string& meaning) {
  return DeclaredOption(app.add_option(names, to, meaning));
}

DeclaredOption option(CLI::App& app, const std::string& names, std::optional<std::uint32_t>& to,
                      const std::string& meaning) {
  return DeclaredOption(app.add_option(names, to, meaning));
}

DeclaredOption flag(CLI::App& app, const std::string& name, bool& to, const std::string& meaning) {
  return DeclaredOption(app.add_flag(name, to, meaning));
}

DeclaredOption option_of_text(CLI::App& app, const std::string& names,
                              std::function<void(const std::string&)> take,
                              const std::string& meaning) {
  return DeclaredOption(app.add_option_function<std::string>(names, take, meaning));
}

DeclaredOption flag_that_calls(CLI::App& app, const std::string& name, std::function<void()> call,
                               const std::string& meaning) {
  return DeclaredOption(app.add_flag_callback(name, std::move(call), meaning));
}

std::optional<DeclaredOption> find_option(const CLI::App& app, const std::string& name) {
  // The library gives options of a command that is const as const; a handle may change its option.
  CLI::Option* found = const_cast<CLI::App&>(app).get_option_no_throw(name);
  return found == nullptr ? std::nullopt : std::optional(DeclaredOption(found));
}

std::vector<DeclaredOption> all_options(CLI::App& app) {
  std::vector<DeclaredOption> options;
  for (CLI::Option* option : app.get_options([](CLI::Option*) { return true; }))
    options.emplace_back(option);
  return options;
}

CLI::App& subcommand(CLI::App& app, const std::string& name, const std::string& meaning) {
  app.require_subcommand(1);
  return *app.add_subcommand(name, meaning);
}

bool was_named(const CLI::App& subcommand) {
  return subcommand.parsed();
}

void footer(CLI::App& app, std::string text) {
  app.footer(std::move(text));
}

Result<void> parse_words(std::vector<std::string> words,
                         const std::function<void(CLI::App&)>& declare) {
  CLI::App app;
  app.option_defaults()->always_capture_default(false);
  declare(app);
  std::reverse(words.begin(), words.end());  // as the library takes them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    return fail(Error::Code::Usage, e.what());
  }
  return {};
}

}  // namespace endreason
