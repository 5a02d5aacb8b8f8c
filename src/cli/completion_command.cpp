// SPDX-License-Identifier: Apache-2.0
// `endreason completion SHELL`: a completion script, made from the declared options.
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "format/output_columns.hpp"
#include "format/record_writer.hpp"
#include "model/panos_version.hpp"
#include "verdict/terms.hpp"

namespace endreason {
namespace {

constexpr std::string_view kShells = "bash zsh fish";

// What may stand in a place of the command line.
struct Values {
  enum class Kind : std::uint8_t {
    None,   // something that nobody can guess: a number, a time, a filter
    Words,  // one of `words`
    List,   // some of `words`, parted by commas
    Files,
  };
  Kind kind{Kind::None};
  std::string words;  // parted by blanks
};

struct OptionWords {
  std::vector<std::string> names;  // "-o", "--output"
  std::string description;
  bool takes_value{};
  Values values;
};

void append_word(std::string& list, std::string_view word) {
  if (!list.empty()) list += ' ';
  list += word;
}

std::string output_formats() {
  std::string list;
  for (const auto& row : kOutputFormats) append_word(list, row.log_name);
  return list;
}

std::string releases() {
  std::string list;
  for (const auto& row : kPanosVersions) append_word(list, row.name);
  return list;
}

std::string output_columns() {
  std::string list;
  for (const auto& row : kFields) append_word(list, row.log_name);
  for (const auto& row : kVerdictColumns) append_word(list, row.log_name);
  return list;
}

// Terms without blanks: the others are found by `endreason terms` alone.
std::string term_names() {
  std::vector<std::string_view> names;
  for (const Term& term : all_terms())
    if (term.name.find(' ') == std::string::npos) names.push_back(term.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (const std::string_view name : names) append_word(list, name);
  return list;
}

Values values_of(const CLI::App& command, const CLI::Option& option) {
  using Kind = Values::Kind;
  const std::string name = option.get_lnames().empty() ? "" : option.get_lnames().front();
  if (name == "output") {
    const std::string of = command.get_name();
    if (of == "terms" || of == "ladder" || of == "check" || of == "security-policy-match")
      return {Kind::Words, "text ndjson"};
    return {Kind::Words, of == "replay" ? "table ndjson" : output_formats()};
  }
  if (name == "fields") return {Kind::List, output_columns()};
  if (name == "panos-version") return {Kind::Words, releases()};
  if (name == "ruleset") return {Kind::Words, "standard vendor"};
  if (name == "log") return {Kind::Words, "end start start,end"};
  if (name == "checksums") return {Kind::Words, "check ignore"};
  if (name == "color") return {Kind::Words, "auto always never"};
  if (name == "config" || name == "rejects" || name == "stats" || name == "read")
    return {Kind::Files, ""};
  return {};
}

// What stands where no option does.
Values arguments_of(const CLI::App& command) {
  if (command.get_name() == "terms") return {Values::Kind::Words, term_names()};
  if (command.get_name() == "completion") return {Values::Kind::Words, std::string(kShells)};
  if (command.get_name() == "show")
    return {Values::Kind::Words, "session counter all id info global filter"};
  for (const std::string_view name : {"explain", "track", "ladder"})
    if (command.get_name() == name) return {Values::Kind::Files, ""};
  std::string names;  // of a command that has others below it
  for (const CLI::App* sub : command.get_subcommands({})) append_word(names, sub->get_name());
  if (!names.empty()) return {Values::Kind::Words, names};
  return {};
}

// With those of the commands below it: which of them was typed, a shell script need not know.
std::vector<OptionWords> words_of(const CLI::App& app) {
  std::vector<OptionWords> all;
  for (const CLI::App* sub : app.get_subcommands({}))
    for (OptionWords& words : words_of(*sub)) {
      const auto same = [&](const OptionWords& known) { return known.names == words.names; };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(std::move(words));
    }
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    OptionWords words;
    for (const std::string& name : option->get_snames()) words.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) words.names.push_back("--" + name);
    if (words.names.empty()) continue;
    words.description = option->get_description();
    words.takes_value = option->get_items_expected_max() > 0;
    if (words.takes_value) words.values = values_of(app, *option);
    all.push_back(std::move(words));
  }
  return all;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

// With a backslash before each of `marks`, and fit for single quotes of a shell.
std::string quoted(std::string_view text, std::string_view marks) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (marks.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// --- bash ----------------------------------------------------------------------------------------

constexpr std::string_view kBashHead = R"(# bash completion for endreason
_endreason_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_endreason_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
# Some of the words, parted by commas: what stands before the last comma is kept.
_endreason_list() {
  local kept=''
  [[ $cur == *,* ]] && kept=${cur%,*},
  compopt -o nospace 2>/dev/null
  COMPREPLY=($(compgen -P "$kept" -W "$1" -- "${cur##*,}"))
}
_endreason() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  # bash parts --output=table at the equals sign.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
)";

std::string bash_call(const Values& values) {
  switch (values.kind) {
    case Values::Kind::None:
      return ":";
    case Values::Kind::Words:
      return fmt::format("_endreason_words '{}'", values.words);
    case Values::Kind::List:
      return fmt::format("_endreason_list '{}'", values.words);
    case Values::Kind::Files:
      return "_endreason_files";
  }
  return ":";
}

std::string bash_script(const CLI::App& root) {
  std::string commands;
  std::string after_option;
  std::string elsewhere;
  for (const CLI::App* sub : root.get_subcommands({})) {
    append_word(commands, sub->get_name());
    std::string names;
    for (const OptionWords& words : words_of(*sub)) {
      append_word(names, joined(words.names, " "));
      if (!words.takes_value) continue;
      std::string pattern;
      for (const std::string& name : words.names)
        pattern += fmt::format("{}'{} {}'", pattern.empty() ? "" : "|", sub->get_name(), name);
      after_option += fmt::format("    {}) {}; return ;;\n", pattern, bash_call(words.values));
    }
    elsewhere +=
        fmt::format("    {}) if [[ $cur == -* ]]; then _endreason_words '{}'; else {}; fi ;;\n",
                    sub->get_name(), names, bash_call(arguments_of(*sub)));
  }
  return fmt::format(
      "{}  if [[ $COMP_CWORD -eq 1 ]]; then\n    _endreason_words '{} --help --version'\n"
      "    return\n  fi\n  case \"$command $prev\" in\n{}  esac\n  case $command in\n{}  esac\n}}\n"
      "complete -F _endreason endreason\n",
      kBashHead, commands, after_option, elsewhere);
}

// --- zsh -----------------------------------------------------------------------------------------

std::string zsh_action(const Values& values) {
  switch (values.kind) {
    case Values::Kind::None:
      return " ";
    case Values::Kind::Words:
      return fmt::format("({})", values.words);
    case Values::Kind::List:
      return fmt::format("_sequence compadd - {}", values.words);
    case Values::Kind::Files:
      return "_files";
  }
  return " ";
}

std::string zsh_option(const OptionWords& words) {
  const std::string value =
      words.takes_value ? fmt::format(":value:{}", zsh_action(words.values)) : "";
  const std::string tail = fmt::format("[{}]{}", quoted(words.description, "[]\\"), value);
  std::string out;
  for (const std::string& name : words.names)
    out += fmt::format(" \\\n        '({}){}{}{}'", joined(words.names, " "), name,
                       words.takes_value && name.starts_with("--") ? "=" : "", tail);
  return out;
}

std::string zsh_script(const CLI::App& root) {
  std::string out = "#compdef endreason\n_endreason() {\n  local -a commands\n  commands=(\n";
  for (const CLI::App* sub : root.get_subcommands({}))
    out += fmt::format("    '{}:{}'\n", sub->get_name(), quoted(sub->get_description(), ":\\"));
  out +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
      "  # From here on the command is the first word.\n"
      "  shift words\n  (( CURRENT-- ))\n  case $words[1] in\n";
  for (const CLI::App* sub : root.get_subcommands({})) {
    out += fmt::format("    {})\n      _arguments", sub->get_name());
    for (const OptionWords& words : words_of(*sub)) out += zsh_option(words);
    const Values arguments = arguments_of(*sub);
    if (arguments.kind != Values::Kind::None)
      out += fmt::format(" \\\n        '*:argument:{}'", zsh_action(arguments));
    out += " ;;\n";
  }
  // Loaded from $fpath the file is the function; sourced, it only declares it.
  return out +
         "  esac\n}\nif [[ $funcstack[1] == _endreason ]]; then\n  _endreason \"$@\"\nelse\n"
         "  compdef _endreason endreason\nfi\n";
}

// --- fish ----------------------------------------------------------------------------------------

std::string fish_values(const Values& values) {
  switch (values.kind) {
    case Values::Kind::None:
      return " -x";
    case Values::Kind::Words:
      return fmt::format(" -x -a '{}'", values.words);
    case Values::Kind::List:
      return fmt::format(" -x -a '(__fish_append , {})'", values.words);
    case Values::Kind::Files:
      return " -r -F";
  }
  return "";
}

std::string fish_script(const CLI::App& root) {
  std::string out = "# fish completion for endreason\ncomplete -c endreason -f\n";
  out += "complete -c endreason -n __fish_use_subcommand -l help -d 'Print the help'\n";
  out += "complete -c endreason -n __fish_use_subcommand -l version -d 'Print the version'\n";
  for (const CLI::App* sub : root.get_subcommands({})) {
    out += fmt::format("complete -c endreason -n __fish_use_subcommand -a {} -d '{}'\n",
                       sub->get_name(), quoted(sub->get_description(), "\\"));
    const std::string here =
        fmt::format("complete -c endreason -n '__fish_seen_subcommand_from {}'", sub->get_name());
    for (const OptionWords& words : words_of(*sub)) {
      out += here;
      for (const std::string& name : words.names)
        out += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2))
                                      : fmt::format(" -s {}", name.substr(1));
      if (words.takes_value) out += fish_values(words.values);
      out += fmt::format(" -d '{}'\n", quoted(words.description, "\\"));
    }
    const Values arguments = arguments_of(*sub);
    if (arguments.kind == Values::Kind::Files) out += here + " -F\n";
    if (arguments.kind == Values::Kind::Words)
      out += fmt::format("{} -a '{}'\n", here, arguments.words);
  }
  return out;
}

}  // namespace

RunCommand declare_completion(CLI::App& app, const CLI::App& root) {
  auto shell = std::make_shared<std::string>();
  option(app, "SHELL", *shell, "bash, zsh or fish").required().member({"bash", "zsh", "fish"});
  footer(app,
         "Examples:\n"
         "  endreason completion bash > ~/.local/share/bash-completion/completions/endreason\n"
         "  endreason completion zsh > ~/.zfunc/_endreason     with fpath=(~/.zfunc $fpath) in "
         ".zshrc\n"
         "  endreason completion fish > ~/.config/fish/completions/endreason.fish");
  return [shell, &root] {
    const std::string script = *shell == "bash"  ? bash_script(root)
                               : *shell == "zsh" ? zsh_script(root)
                                                 : fish_script(root);
    return write_all(STDOUT_FILENO, script) ? kExitDone : kExitIo;
  };
}

}  // namespace endreason
