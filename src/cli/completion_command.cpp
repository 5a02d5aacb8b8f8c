// SPDX-License-Identifier: Apache-2.0
// `endreason completion SHELL`: a completion script, made from the declared options.
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "format/record_writer.hpp"

namespace endreason {
namespace {

struct OptionWords {
  std::vector<std::string> names;  // "-o", "--output"
  std::string description;
  std::string values;  // "table card csv": what may follow
  bool takes_value{};
};

std::string values_of(const std::string& option) {
  if (option == "output") {
    std::string list;
    for (const auto& row : kOutputFormats)
      list += (list.empty() ? "" : " ") + std::string(row.log_name);
    return list;
  }
  if (option == "ruleset") return "standard vendor";
  if (option == "color") return "auto always never";
  return {};
}

std::vector<OptionWords> words_of(const CLI::App& app) {
  std::vector<OptionWords> all;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    OptionWords words;
    for (const std::string& name : option->get_snames()) words.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) words.names.push_back("--" + name);
    if (words.names.empty()) continue;
    words.description = option->get_description();
    words.takes_value = option->get_items_expected_max() > 0;
    words.values = option->get_lnames().empty() ? "" : values_of(option->get_lnames().front());
    all.push_back(std::move(words));
  }
  return all;
}

std::string quoted(std::string text, std::string_view forbidden) {
  for (char& c : text)
    if (forbidden.find(c) != std::string_view::npos) c = ' ';
  return text;
}

std::string bash_script(const CLI::App& root) {
  std::string out =
      "# bash completion for endreason\n"
      "_endreason() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
      "command=${COMP_WORDS[1]}\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n";
  std::string commands;
  for (const CLI::App* sub : root.get_subcommands({})) commands += sub->get_name() + " ";
  out += fmt::format(
      "    COMPREPLY=($(compgen -W '{}--help --version' -- \"$cur\"))\n    return\n  fi\n",
      commands);
  out += "  case \"$command $prev\" in\n";
  for (const CLI::App* sub : root.get_subcommands({}))
    for (const OptionWords& words : words_of(*sub)) {
      if (words.values.empty()) continue;
      std::string pattern;
      for (const std::string& name : words.names)
        pattern += fmt::format("{}'{} {}'", pattern.empty() ? "" : "|", sub->get_name(), name);
      out += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return ;;\n", pattern,
                         words.values);
    }
  out += "  esac\n  case $command in\n";
  for (const CLI::App* sub : root.get_subcommands({})) {
    std::string names;
    for (const OptionWords& words : words_of(*sub))
      for (const std::string& name : words.names) names += name + " ";
    out +=
        fmt::format("    {}) [[ $cur == -* ]] && COMPREPLY=($(compgen -W '{}' -- \"$cur\")) ;;\n",
                    sub->get_name(), names);
  }
  return out +
         "  esac\n  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$cur\"))\n}\n"
         "complete -o filenames -F _endreason endreason\n";
}

std::string zsh_script(const CLI::App& root) {
  std::string out = "#compdef endreason\n_endreason() {\n  local -a commands\n  commands=(\n";
  for (const CLI::App* sub : root.get_subcommands({}))
    out += fmt::format("    '{}:{}'\n", sub->get_name(), quoted(sub->get_description(), "':"));
  out +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
      "  case $words[2] in\n";
  for (const CLI::App* sub : root.get_subcommands({})) {
    out += fmt::format("    {})\n      _arguments", sub->get_name());
    for (const OptionWords& words : words_of(*sub)) {
      for (const std::string& name : words.names) {
        const std::string value = !words.takes_value     ? ""
                                  : words.values.empty() ? ":value:_files"
                                                         : fmt::format(":value:({})", words.values);
        out +=
            fmt::format(" \\\n        '{}[{}]{}'", name, quoted(words.description, "'[]:"), value);
      }
    }
    out += " \\\n        '*:file:_files' ;;\n";
  }
  return out + "  esac\n}\n_endreason \"$@\"\n";
}

std::string fish_script(const CLI::App& root) {
  std::string out = "# fish completion for endreason\n";
  for (const CLI::App* sub : root.get_subcommands({})) {
    out += fmt::format("complete -c endreason -n __fish_use_subcommand -f -a {} -d '{}'\n",
                       sub->get_name(), quoted(sub->get_description(), "'"));
    for (const OptionWords& words : words_of(*sub)) {
      out +=
          fmt::format("complete -c endreason -n '__fish_seen_subcommand_from {}'", sub->get_name());
      for (const std::string& name : words.names)
        out += name.substr(0, 2) == "--" ? fmt::format(" -l {}", name.substr(2))
                                         : fmt::format(" -s {}", name.substr(1));
      if (words.takes_value) out += " -r";
      if (!words.values.empty()) out += fmt::format(" -f -a '{}'", words.values);
      out += fmt::format(" -d '{}'\n", quoted(words.description, "'"));
    }
  }
  return out;
}

}  // namespace

RunCommand declare_completion(CLI::App& app, const CLI::App& root) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app.footer(
      "Example:\n  endreason completion bash > "
      "~/.local/share/bash-completion/completions/endreason");
  return [shell, &root] {
    const std::string script = *shell == "bash"  ? bash_script(root)
                               : *shell == "zsh" ? zsh_script(root)
                                                 : fish_script(root);
    return write_all(STDOUT_FILENO, script) ? kExitDone : kExitIo;
  };
}

}  // namespace endreason
