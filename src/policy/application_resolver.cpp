// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "model/protocol.hpp"
#include "policy/application_table.hpp"
#include "policy/service_resolver.hpp"

namespace endreason {
namespace {

// The member of a container that stands for all that are not named one by one.
std::string others_of(std::string_view container) {
  return std::string(container) + "-*";
}

bool is_container(std::string_view stem) {
  return std::ranges::find(application_containers(), stem) != application_containers().end();
}

// Each blank-parted word of a table's column.
template <class Use>
void each_word(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Whether one letter more, less or other makes one name the other.
bool differ_by_one(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (b.size() < 4 || a.size() - b.size() > 1) return false;
  const auto begin = static_cast<std::size_t>(std::ranges::mismatch(a, b).in2 - b.begin());
  return a.substr(begin + 1) == b.substr(a.size() == b.size() ? begin + 1 : begin);
}

void insert_sorted(std::vector<PolicyApp>& list, PolicyApp app) {
  const auto at = std::ranges::lower_bound(list, app);
  if (at == list.end() || *at != app) list.insert(at, app);
}

}  // namespace

Result<ResolvedService> parse_application_port(std::string_view text) {
  ResolvedService service;
  const std::size_t slash = text.find('/');
  const std::string_view word = text.substr(0, slash);
  const std::string_view rest = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  if (word == "icmp" || word == "icmp6" || word == "ip") {
    std::uint64_t number = word == "icmp" ? kProtoIcmp : kProtoIcmp6;
    if (word == "ip" && (!parse_decimal(rest, number) || number > 255))
      return fail(Error::Code::Usage,
                  fmt::format("expected a protocol number such as ip/47, found '{}'", text));
    service.protocol = static_cast<std::uint8_t>(number);
    service.ports = PortSet::all();  // an ICMP type may follow; sessions do not keep it
    return service;
  }
  if (word != "tcp" && word != "udp" && word != "sctp")
    return fail(Error::Code::Usage,
                fmt::format("expected ports such as tcp/80,443, udp/dynamic, icmp or ip/47, found "
                            "'{}'",
                            text));
  service.protocol = protocol_from(word).value_or(0);
  if (rest == "dynamic") {
    service.ports = PortSet::all();
    return service;
  }
  auto ports = PortSet::parse(rest);
  if (!ports) return tl::unexpected(ports.error());
  service.ports = std::move(*ports);
  return service;
}

ApplicationResolver::ApplicationResolver(const Policy& policy, ResolvedPolicy& out,
                                         Problems& problems)
    : out_(out), problems_(problems) {
  for (const ObjectGroup& group : policy.application_groups) groups_.emplace(group.name, &group);
  for (const ApplicationFilter& filter : policy.application_filters)
    filters_.emplace(filter.name, &filter);
  out_.apps.resize(static_cast<std::size_t>(PolicyApp::First));
  out_.apps[static_cast<std::size_t>(PolicyApp::Unnamed)].deny = Action::ResetBoth;  // identified
  add_known();
  for (const ApplicationObject& object : policy.applications) add_object(object);
}

PolicyApp ApplicationResolver::add(std::string_view name) {
  const auto number = out_.applications.add(application_stem(name));
  if (number >= out_.apps.size()) {
    out_.apps.resize(number + 1);
    // A deny is a reset for applications; what was not identified has no action of its own.
    out_.apps[number].deny =
        app_status_from(name) == AppStatus::Identified ? Action::ResetBoth : Action::Deny;
  }
  return static_cast<PolicyApp>(number);
}

void ApplicationResolver::add_known() {
  for (const KnownApplication& row : known_applications()) {
    const auto app = static_cast<std::size_t>(add(row.name));
    ResolvedApp& known = out_.apps[app];
    known.ports_known = true;
    known.ports_certain = row.from != PortsFrom::WebByRule;
    bool connects = false;
    each_word(row.ports, [&](std::string_view port) {
      auto service = parse_application_port(port);  // the table's own test holds it right
      if (!service) return;
      connects = connects || service->protocol == kProtoTcp || service->protocol == kProtoUdp;
      known.ports.push_back(std::move(*service));
    });
    if (!connects) known.deny = Action::Deny;
  }
  for (const KnownApplication& row : known_applications())
    each_word(row.implies, [&](std::string_view carrier) {
      const PolicyApp number = add(carrier);
      insert_sorted(out_.apps[static_cast<std::size_t>(add(row.name))].implies, number);
    });
  for (const auto status : {AppStatus::UnknownTcp, AppStatus::UnknownUdp, AppStatus::UnknownP2p})
    add(info(status).log_name);
}

void ApplicationResolver::add_object(const ApplicationObject& object) {
  const auto number = static_cast<std::size_t>(add(object.name));
  ResolvedApp app;
  app.deny = Action::ResetBoth;
  const auto add_port = [&](const std::string& text) {
    auto service = parse_application_port(text);
    if (!service) {
      problems_.error(object.line, fmt::format("application '{}': ports: {}", object.name,
                                               service.error().message));
      return;
    }
    app.ports_known = app.ports_certain = true;
    app.ports.push_back(std::move(*service));
  };
  for (const std::string& port : object.ports) add_port(port);
  if (!object.ip_protocol.empty()) add_port("ip/" + object.ip_protocol);
  if (!object.deny_action.empty()) {
    app.deny =
        object.deny_action == "drop-reset" ? Action::ResetBoth : action_from(object.deny_action);
    if (app.deny == Action::Unrecognized || app.deny == Action::Allow)
      problems_.error(object.line,
                      fmt::format("application '{}': deny-action: expected drop, drop-reset, "
                                  "reset-client, reset-server, reset-both or deny, found '{}'",
                                  object.name, object.deny_action));
  }
  for (const std::string& carrier : object.implicit_uses) insert_sorted(app.implies, add(carrier));
  if (!object.parent.empty()) insert_sorted(app.implies, add(object.parent));
  out_.apps[number] = std::move(app);
}

void ApplicationResolver::resolve(const Names& names, LineNumber line, const std::string& rule,
                                  ResolvedRule& into) {
  if (is_any(names)) {
    into.any_application = true;
    return;
  }
  const std::string who = rule + ": application";
  for (const std::string& name : names) {
    if (name == kAny) into.any_application = true;
    collect(name, line, who, into.applications);
  }
  if (into.any_application) into.applications.clear();
  for (const PolicyApp app : into.applications) {
    const ResolvedApp& known = out_.apps[static_cast<std::size_t>(app)];
    for (const PolicyApp carrier : known.implies)
      if (!std::ranges::binary_search(into.applications, carrier))
        insert_sorted(into.carriers, carrier);
    if (into.match.application_default && !known.ports_known)
      problems_.note(line,
                     fmt::format("{}: the standard ports of {} are not known here, so every "
                                 "port passes for one; give them under applications",
                                 who, out_.applications.name(static_cast<std::uint32_t>(app))));
  }
}

void ApplicationResolver::collect(std::string_view name, LineNumber line, const std::string& who,
                                  std::vector<PolicyApp>& into) {
  if (name == kAny) return;
  if (const auto group = groups_.find(name); group != groups_.end()) {
    open_.each_member("application", *group->second, line, who, problems_,
                      [&](const auto&... member) { collect(member..., into); });
    return;
  }
  if (const auto filter = filters_.find(name); filter != filters_.end()) {
    for (const std::string& member : filter->second->members) insert_sorted(into, add(member));
    if (filter->second->members.empty())
      problems_.warning(filter->second->line,
                        fmt::format("application filter '{}': which applications it selects is in "
                                    "the firewall's content, which is not here, so it matches "
                                    "nothing; list them under `members`",
                                    name));
    return;
  }
  if (is_container(name))
    collect_container(name, into);
  else if (out_.applications.find(application_stem(name)) == 0)
    note_unknown(name, line, who);
  insert_sorted(into, add(name));
}

// The vendor has thousands; only what looks like a slip of the pen is worth a word.
void ApplicationResolver::note_unknown(std::string_view name, LineNumber line,
                                       const std::string& who) {
  std::vector<std::string_view> known(application_containers().begin(),
                                      application_containers().end());
  for (const KnownApplication& row : known_applications()) known.push_back(row.name);
  for (const auto& [group, written] : groups_) known.push_back(group);
  for (const auto& [filter, written] : filters_) known.push_back(filter);
  std::ranges::sort(known);
  for (const std::string_view near : known)
    if (differ_by_one(name, near))
      return problems_.note(
          line,
          fmt::format("{}: no application is known here as '{}' (did you mean '{}'?); it fits "
                      "sessions that are logged with this name",
                      who, name, near));
}

void ApplicationResolver::collect_container(std::string_view stem, std::vector<PolicyApp>& into) {
  const std::string others = others_of(stem);
  const std::string_view prefix = std::string_view(others).substr(0, others.size() - 1);
  for (std::uint32_t i = static_cast<std::uint32_t>(PolicyApp::First); i < out_.applications.end();
       ++i)
    if (out_.applications.name(i).starts_with(prefix)) insert_sorted(into, PolicyApp{i});
  const PolicyApp rest = add(others);
  out_.apps[static_cast<std::size_t>(rest)] = out_.apps[static_cast<std::size_t>(add(stem))];
  insert_sorted(into, rest);
}

PolicyApp ResolvedPolicy::application(std::string_view name) const {
  switch (app_status_from(name)) {
    case AppStatus::Absent:
    case AppStatus::Incomplete:
    case AppStatus::InsufficientData:
    case AppStatus::NotApplicable:
      return PolicyApp::NotYetKnown;
    default:
      break;
  }
  const std::string_view stem = application_stem(name);
  if (const std::uint32_t number = applications.find(stem)) return PolicyApp{number};
  for (const std::string_view container : application_containers())
    if (stem.size() > container.size() && stem.starts_with(container) &&
        stem[container.size()] == '-')
      if (const std::uint32_t number = applications.find(others_of(container)))
        return PolicyApp{number};
  return PolicyApp::Unnamed;
}

}  // namespace endreason
