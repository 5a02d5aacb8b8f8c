// SPDX-License-Identifier: Apache-2.0
// `endreason test security-policy-match ...`: which rule a session meets, and why the rules before
// it do not fit. The words are those of the firewall's own command, in any order.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "config/settings.hpp"
#include "findings/printable.hpp"
#include "model/protocol.hpp"
#include "policy/compiled_policy.hpp"
#include "policy/lookup_explanation.hpp"

namespace endreason {
namespace {

struct TestOptions {
  std::vector<std::string> words;
  std::string output, config;
};

struct Question {
  std::string from, to, application, user, category;
  std::optional<IpAddress> source, destination;
  std::optional<std::uint16_t> destination_port;
  std::uint16_t source_port = 0;
  std::optional<std::uint8_t> protocol;
};
using Done = Result<void>;

tl::unexpected<Error> wrong(std::string_view word, std::string_view expected,
                            std::string_view found) {
  return fail(Error::Code::Usage,
              fmt::format("{}: expected {}, found '{}'", word, expected, found));
}

Done read_address(std::string_view word, const std::string& text, std::optional<IpAddress>& into) {
  into = parse_ip(text);
  if (!into) return wrong(word, "an address such as 10.1.1.1", text);
  return {};
}

Done read_port(std::string_view word, const std::string& text, std::uint16_t& into) {
  std::uint64_t value = 0;
  if (!parse_decimal(text, value) || value > 65'535) return wrong(word, "0 to 65535", text);
  into = static_cast<std::uint16_t>(value);
  return {};
}

// The firewall takes the number alone; a name tells which.
Done read_protocol(const std::string& text, std::optional<std::uint8_t>& into) {
  std::uint64_t value = 0;
  if (parse_decimal(text, value) && value >= 1 && value <= 255) {
    into = static_cast<std::uint8_t>(value);
    return {};
  }
  const auto named = protocol_from(text);
  return wrong("protocol",
               named ? fmt::format("the number, which is {} for {}", *named, text)
                     : std::string("a number from 1 to 255, such as 6 for tcp"),
               text);
}

struct QuestionWord {
  std::string_view word;
  Done (*read)(const std::string& text, Question& into);
};
// Source: `test security-policy-match` of the CLI, 10.1 to 11.2.
constexpr auto kWords = std::to_array<QuestionWord>({
    {"from", [](const std::string& t, Question& q) -> Done { return q.from = t, Done{}; }},
    {"to", [](const std::string& t, Question& q) -> Done { return q.to = t, Done{}; }},
    {"source",
     [](const std::string& t, Question& q) { return read_address("source", t, q.source); }},
    {"destination", [](const std::string& t,
                       Question& q) { return read_address("destination", t, q.destination); }},
    {"destination-port",
     [](const std::string& t, Question& q) {
       return read_port("destination-port", t, q.destination_port.emplace());
     }},
    {"source-port",
     [](const std::string& t, Question& q) { return read_port("source-port", t, q.source_port); }},
    {"protocol", [](const std::string& t, Question& q) { return read_protocol(t, q.protocol); }},
    {"application",
     [](const std::string& t, Question& q) -> Done { return q.application = t, Done{}; }},
    {"source-user", [](const std::string& t, Question& q) -> Done { return q.user = t, Done{}; }},
    {"category", [](const std::string& t, Question& q) -> Done { return q.category = t, Done{}; }},
});

Result<Question> read_question(const std::vector<std::string>& words) {
  Question question;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto row = std::ranges::find(kWords, words[i], &QuestionWord::word);
    if (row == kWords.end()) {
      std::array<std::string_view, kWords.size()> known;
      std::ranges::transform(kWords, known.begin(), &QuestionWord::word);
      const auto near = nearest_names(words[i], known, 1);
      return fail(Error::Code::Usage,
                  fmt::format("unknown word '{}'{}; the words are {}", words[i],
                              near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0]),
                              fmt::join(known, ", ")));
    }
    if (i + 1 == words.size())
      return fail(Error::Code::Usage, fmt::format("{}: its value is missing", words[i]));
    if (auto done = row->read(words[i + 1], question); !done) return tl::unexpected(done.error());
  }
  const bool ports = question.protocol == kProtoTcp || question.protocol == kProtoUdp ||
                     question.protocol == kProtoSctp;
  const std::string_view missing = !question.source                      ? "source"
                                   : !question.destination               ? "destination"
                                   : !question.protocol                  ? "protocol"
                                   : ports && !question.destination_port ? "destination-port"
                                                                         : "";
  if (!missing.empty())
    return fail(Error::Code::Usage,
                fmt::format("{} is missing: security-policy-match from trust to untrust source "
                            "10.1.1.1 destination 8.8.8.8 destination-port 53 protocol 17",
                            missing));
  return question;
}

// A zone that was named must be there; one that was not is found by the subnets of the zones.
Result<ZoneId> zone_of(const CompiledPolicy& policy, const ZoneTable& zones, std::string_view word,
                       const std::string& name, const IpAddress& address) {
  if (name.empty()) {
    const ZoneNumber number = zones.of_address(address);
    return number == kNoZone ? ZoneId::Unknown : policy.zone(zones.name(number));
  }
  const ZoneId zone = policy.zone(name);
  if (zone != ZoneId::Unknown) return zone;
  std::vector<std::string_view> known;
  for (const Zone& row : policy.policy().zones) known.push_back(row.name);
  const auto near = nearest_names(name, known, 1);
  return fail(Error::Code::Usage,
              fmt::format("{}: no zone is named '{}'{}; the zones are {}", word, name,
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0]),
                          fmt::join(known, ", ")));
}

std::string braces(const Names& names) {
  return names.size() == 1 ? names[0] : fmt::format("[ {} ]", fmt::join(names, " "));
}

// In the manner of the firewall's own answer.
std::string rule_text(const SecurityRule& rule, std::uint32_t index, const PolicyDecision& found) {
  std::string out = fmt::format("\"{}; index: {}\" {{\n", rule.name, index + 1);
  const auto line = [&](std::string_view key, const std::string& value) {
    out += fmt::format("        {} {};\n", key, value);
  };
  line("from", braces(rule.match.from));
  line("source", (rule.match.negate_source ? "not " : "") + braces(rule.match.source));
  line("to", braces(rule.match.to));
  line("destination",
       (rule.match.negate_destination ? "not " : "") + braces(rule.match.destination));
  line("user", braces(rule.match.source_user));
  line("category", braces(rule.match.category));
  line("application/service",
       fmt::format("{}/{}", braces(rule.application), braces(rule.match.service)));
  line("action", std::string(info(action_of(rule)).log_name));
  line("terminal", found.depends_on_application ? "no" : "yes");
  return out + "}\n";
}

std::string text_of(const CompiledPolicy& policy, const LookupExplanation& told) {
  const SecurityRule& rule = policy.rule(told.decision.rule);
  std::string out = rule_text(rule, told.decision.rule, told.decision);
  out += fmt::format("\nThe log would say: rule {}, action {}, action source {}\n", rule.name,
                     info(told.decision.action).log_name, info(told.decision.source).log_name);
  for (const std::string& note : told.notes) out += fmt::format("Note: {}\n", note);
  if (told.earlier.empty()) return out;
  out += "\nWhy not a rule before it:\n";
  std::size_t width = 0;
  for (const RuleStep& step : told.earlier)
    width = std::max(width, policy.rule(step.rule).name.size());
  width = std::min<std::size_t>(width, 40);
  for (const RuleStep& step : told.earlier)
    out += fmt::format("{:>5}  {:<{}}  {}\n", step.rule + 1, policy.rule(step.rule).name, width,
                       step.why);
  return out;
}

std::string json_of(const CompiledPolicy& policy, const LookupExplanation& told) {
  const PolicyDecision& found = told.decision;
  std::string out = "{\"rule\":";
  append_json_string(policy.rule(found.rule).name, out);
  const auto flag = [&](std::string_view name, bool value) {
    out += fmt::format(",\"{}\":{}", name, value);
  };
  out += fmt::format(",\"index\":{},\"action\":\"{}\",\"action_source\":\"{}\"", found.rule + 1,
                     info(found.action).log_name, info(found.source).log_name);
  flag("depends_on_application", found.depends_on_application);
  flag("temporary", found.temporary);
  flag("ports_assumed", found.ports_assumed);
  flag("icmp_unreachable", found.icmp_unreachable);
  flag("log_start", found.log_start);
  flag("log_end", found.log_end);
  out += ",\"notes\":[";
  for (std::size_t i = 0; i < told.notes.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(told.notes[i], out);
  }
  out += "],\"earlier\":[";
  for (std::size_t i = 0; i < told.earlier.size(); ++i) {
    const RuleStep& step = told.earlier[i];
    out += fmt::format("{}{{\"rule\":", i == 0 ? "" : ",");
    append_json_string(policy.rule(step.rule).name, out);
    out += fmt::format(",\"index\":{},\"misfit\":\"{}\",\"why\":", step.rule + 1,
                       info(step.misfit).log_name);
    append_json_string(step.why, out);
    out += '}';
  }
  return out + "]}\n";
}

Result<std::string> answer(const TestOptions& options, bool json) {
  const auto question = read_question(options.words);
  if (!question) return tl::unexpected(question.error());
  const auto settings = load_settings(options.config);
  if (!settings) return tl::unexpected(settings.error());
  if (settings->policy.zones.empty())
    return fail(Error::Code::Usage,
                fmt::format("{}: it has no zones, so no rule base to ask; name one with --config",
                            settings->path.empty() ? "the configuration" : settings->path));
  const auto policy = CompiledPolicy::create(settings->policy);
  if (!policy) return tl::unexpected(policy.error());
  PolicyQuery query;
  const auto from = zone_of(*policy, settings->zones, "from", question->from, *question->source);
  if (!from) return tl::unexpected(from.error());
  const auto to = zone_of(*policy, settings->zones, "to", question->to, *question->destination);
  if (!to) return tl::unexpected(to.error());
  query.from = *from;
  query.to = *to;
  query.src = *question->source;
  query.dst = *question->destination;
  query.protocol = *question->protocol;
  query.sport = question->source_port;
  query.dport = question->destination_port.value_or(0);
  query.application = policy->application(question->application);
  query.user = policy->user(question->user);
  query.category = policy->category(question->category);
  const LookupExplanation told =
      explain_lookup(policy->policy(), policy->resolved(), query, question->application);
  return json ? json_of(*policy, told) : text_of(*policy, told);
}

int run_test(const TestOptions& options) {
  const bool json = options.output.empty() ? !stdout_is_terminal()
                                           : options.output == "ndjson" || options.output == "json";
  if (!json && !options.output.empty() && options.output != "text")
    return complain(Error{Error::Code::Usage,
                          fmt::format("-o: expected text or ndjson, found '{}'", options.output)});
  const auto text = answer(options, json);
  if (!text) return complain(text.error());
  return write_all(STDOUT_FILENO, *text) || errno == EPIPE ? kExitDone : kExitIo;
}

}  // namespace

RunCommand declare_policy_test(CLI::App& app) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* const match =
      &subcommand(app, "security-policy-match",
                  "Which rule a session meets, and why those before it do not fit");
  option(*match, "WORD", options->words,
         "from ZONE to ZONE source IP destination IP destination-port N protocol N "
         "[application NAME] [source-port N] [source-user NAME] [category NAME]; zones "
         "that are left out are found by their subnets")
      .required();
  option(*match, "--config", options->config, "Configuration file").type_name("FILE");
  option(*match, "-o,--output", options->output, "text or ndjson").type_name("FORMAT");
  footer(*match,
         "Examples:\n"
         "  endreason test security-policy-match from trust to untrust source 10.1.1.1 destination "
         "8.8.8.8 destination-port 53 protocol 17 --config policy.yaml");
  return [options] { return run_test(*options); };
}

}  // namespace endreason
