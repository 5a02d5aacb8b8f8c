// SPDX-License-Identifier: Apache-2.0
// `endreason config check | show | import`: the configuration file looked at, and made from a
// firewall's own.
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "config/panos_import.hpp"
#include "config/policy_yaml.hpp"
#include "config/serve_check.hpp"
#include "config/settings.hpp"
#include "config/settings_yaml.hpp"
#include "findings/printable.hpp"
#include "policy/policy_check.hpp"

namespace endreason {
namespace {

struct ConfigOptions {
  std::string file, output, config, xml;
  bool effective = false;
  ImportOptions import;
};

int print(const std::string& text) {
  return write_all(STDOUT_FILENO, text) || errno == EPIPE ? kExitDone : kExitIo;
}

Result<bool> wants_json(const std::string& output) {
  if (output.empty()) return !stdout_is_terminal();
  if (output == "ndjson" || output == "json") return true;
  if (output == "text") return false;
  return fail(Error::Code::Usage, fmt::format("-o: expected text or ndjson, found '{}'", output));
}

std::string problem_json(const PolicyProblem& problem, const std::string& source) {
  std::string out = "{\"file\":";
  append_json_string(source, out);
  out += fmt::format(",\"line\":{},\"severity\":\"{}\",\"message\":", problem.line,
                     info(problem.severity).log_name);
  append_json_string(problem.message, out);
  return out + "}\n";
}

int run_check(const ConfigOptions& options) {
  const auto json = wants_json(options.output);
  if (!json) return complain(json.error());
  const auto settings = load_settings(options.file);
  if (!settings) return complain(settings.error());
  std::vector<PolicyProblem> problems = check_policy(settings->policy);
  for (PolicyProblem& problem : check_serve(settings->serve))
    problems.push_back(std::move(problem));
  std::string out;
  std::array<std::size_t, kSeverities.size()> counts{};
  for (const PolicyProblem& problem : problems) {
    ++counts[static_cast<std::size_t>(problem.severity)];
    if (*json)
      out += problem_json(problem, settings->path);
    else
      append_printable(to_line(problem, settings->path), SIZE_MAX, out), out += '\n';
  }
  const int printed = print(out);
  const Policy& policy = settings->policy;
  say(fmt::format("{}: {}, {}, {}; {}, {}, {}", settings->path,
                  counted(policy.zones.size(), "zone"), counted(policy.rules.size(), "rule"),
                  counted(policy.decryption_rules.size(), "decryption rule"),
                  counted(counts[0], "error"), counted(counts[1], "warning"),
                  counted(counts[2], "note")));
  return printed != kExitDone ? printed : counts[0] > 0 ? kExitUsage : kExitDone;
}

int run_show(const ConfigOptions& options) {
  const auto settings = load_settings(options.config);
  if (!settings) return complain(settings.error());
  return print(settings_yaml(*settings, options.effective));
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file)
    return fail(Error::Code::Io, fmt::format("{}: cannot read the file; name a configuration that "
                                             "was exported as XML",
                                             path));
  return std::move(text).str();
}

// What the policy does not have of the file: on standard error, and as comments in the result, so
// that who reads the result later knows too.
std::vector<std::string> remarks_of(const ImportedConfig& imported, const std::string& path) {
  std::vector<std::string> remarks;
  const auto add = [&](const std::string& text) {
    std::string safe;
    append_printable(text, SIZE_MAX, safe);
    remarks.push_back(std::move(safe));
  };
  for (const PolicyProblem& problem : imported.problems.list()) add(to_line(problem, path));
  for (const NotUnderstood& item : imported.not_understood)
    add(fmt::format(
        "{}:{}: not understood: {}{}{}", path, item.line, item.path,
        item.count > 1 ? fmt::format(", {} times", item.count) : "",
        item.entries > 0 && !item.path.ends_with("/entry")
            ? fmt::format(" ({})", item.entries == 1 ? std::string("1 entry")
                                                     : fmt::format("{} entries", item.entries))
            : ""));
  return remarks;
}

int run_import(const ConfigOptions& options) {
  const auto text = read_file(options.xml);
  if (!text) return complain(text.error());
  const auto imported = import_panos_config(*text, options.xml, options.import);
  if (!imported) return complain(imported.error());
  const std::vector<std::string> remarks = remarks_of(*imported, options.xml);
  std::string out = "# Made by `endreason config import`; docs/policy.md explains the sections.\n";
  out += policy_yaml(imported->policy) + section_yaml("sessions", imported->session_settings);
  for (const std::string& remark : remarks) out += "# " + remark + "\n";
  const int printed = print(out);
  for (const std::string& remark : remarks) say(remark);
  say(
      fmt::format("{}: {}, {}, {}, {} not understood; `endreason config check` says what the "
                  "policy lacks",
                  options.xml, counted(imported->policy.zones.size(), "zone"),
                  counted(imported->policy.rules.size(), "rule"),
                  counted(imported->policy.decryption_rules.size(), "decryption rule"),
                  counted(imported->not_understood.size(), "path")));
  return printed != kExitDone ? printed : imported->problems.has_error() ? kExitUsage : kExitDone;
}

}  // namespace

RunCommand declare_config(CLI::App& app) {
  auto options = std::make_shared<ConfigOptions>();
  CLI::App* const check =
      &subcommand(app, "check", "Say what is wrong or doubtful in a configuration");
  option(*check, "FILE", options->file, "Configuration file").required();
  option(*check, "-o,--output", options->output, "text or ndjson").type_name("FORMAT");
  footer(*check, "Examples:\n  endreason config check policy.yaml");
  CLI::App* const show = &subcommand(app, "show", "Print the configuration as it was understood");
  option(*show, "--config", options->config, "Configuration file").type_name("FILE");
  flag(*show, "--effective", options->effective, "With every default that acts");
  footer(*show, "Examples:\n  endreason config show --effective --config policy.yaml");
  CLI::App* const import =
      &subcommand(app, "import", "Make a configuration from the XML of a firewall or of Panorama");
  option(*import, "XML", options->xml, "running-config.xml, or Panorama's export").required();
  option(*import, "--vsys", options->import.vsys, "The virtual system, where there are several")
      .type_name("NAME");
  option(*import, "--device-group", options->import.device_group,
         "Of Panorama: whose rules, with those of its parents")
      .type_name("NAME");
  option(*import, "--template", options->import.templ,
         "Of Panorama: the template or stack that zones and interfaces are in")
      .type_name("NAME");
  footer(*import, "Examples:\n  endreason config import running-config.xml > policy.yaml");
  return [options, check, show] {
    if (was_named(*check)) return run_check(*options);
    return was_named(*show) ? run_show(*options) : run_import(*options);
  };
}

}  // namespace endreason
