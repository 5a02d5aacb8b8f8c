// SPDX-License-Identifier: Apache-2.0
#include "config/panos_import.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/panos_sections.hpp"

namespace endreason {
namespace {

constexpr std::size_t kDeepestGroups = 8;  // device groups within each other; Panorama has four

// Down to <config>, through the envelope of an API answer.
const XmlNode* find_config(const XmlNode& root) {
  const XmlNode* node = &root;
  for (unsigned depth = 0; depth < 4 && node != nullptr; ++depth) {
    node->understood();
    if (node->tag == "config") return node;
    const XmlNode* inner = node->find("config");
    node = inner != nullptr ? inner : node->find("result");
  }
  return nullptr;
}

std::string names_of(const std::vector<const XmlNode*>& entries) {
  std::string names;
  for (const XmlNode* entry : entries) names += (names.empty() ? "" : ", ") + entry->name;
  return names;
}

class Importer {
 public:
  Importer(std::string name, const ImportOptions& options)
      : name_(std::move(name)), options_(options) {
    out_.policy.source = name_;
  }

  Result<ImportedConfig> run(const XmlNode& root) {
    const XmlNode* config = find_config(root);
    if (config == nullptr)
      return fail(Error::Code::Usage,
                  fmt::format("{}:{}: expected a <config> as a firewall or Panorama exports it, "
                              "found <{}>",
                              name_, root.line, root.tag));
    const XmlNode* devices = config->find("devices");
    const XmlNode* device = nullptr;
    if (devices != nullptr)
      if (const auto entries = devices->all("entry"); !entries.empty()) device = entries.front();
    if (device == nullptr)
      return fail(Error::Code::Usage, fmt::format("{}: the configuration has no devices/entry; "
                                                  "export all of it",
                                                  name_));
    const bool panorama = device->find("device-group") != nullptr;
    auto done = panorama ? read_panorama(*config, *device) : read_firewall(*config, *device);
    if (!done) return tl::unexpected(done.error());
    out_.not_understood = not_understood(root);
    return std::move(out_);
  }

 private:
  using Done = Result<void>;

  // The entry that was asked for, or the only one.
  Result<const XmlNode*> choose(const XmlNode* list, const std::string& wanted,
                                std::string_view what, std::string_view option) {
    const auto entries = list == nullptr ? std::vector<const XmlNode*>() : list->all("entry");
    if (wanted.empty() && entries.size() == 1) return entries.front();
    const auto found = std::ranges::find(entries, wanted, &XmlNode::name);
    if (found != entries.end()) return *found;
    if (entries.empty())
      return fail(Error::Code::Usage, fmt::format("{}: it has no {}", name_, what));
    if (wanted.empty())
      return fail(Error::Code::Usage, fmt::format("{}: choose a {} with {}: {}", name_, what,
                                                  option, names_of(entries)));
    return fail(Error::Code::Usage, fmt::format("{}: {}: there is no {} '{}'; there are {}", name_,
                                                option, what, wanted, names_of(entries)));
  }

  Done read_firewall(const XmlNode& config, const XmlNode& device) {
    const auto vsys = choose(device.find("vsys"), options_.vsys, "vsys", "--vsys");
    if (!vsys) return tl::unexpected(vsys.error());
    out_.policy.vsys = (*vsys)->name;
    const XmlNode* shared = config.find("shared");
    read_objects(**vsys);
    if (shared != nullptr) read_objects(*shared);
    // What Panorama pushed stands in rulebases of its own, around the firewall's.
    read_rules(shared, "pre-rulebase", "shared pre");
    read_rules(*vsys, "pre-rulebase", (*vsys)->name + " pre");
    read_rules(*vsys, "rulebase", (*vsys)->name);
    read_rules(*vsys, "post-rulebase", (*vsys)->name + " post");
    read_rules(shared, "post-rulebase", "shared post");
    for (const XmlNode* place : {shared, *vsys})
      for (const std::string_view rulebase : {"post-rulebase", "rulebase"})
        read_defaults(place, rulebase);
    read_device(device, **vsys);
    return {};
  }

  Done read_panorama(const XmlNode& config, const XmlNode& device) {
    const XmlNode* groups = device.find("device-group");
    const auto group = choose(groups, options_.device_group, "device group", "--device-group");
    if (!group) return tl::unexpected(group.error());
    std::vector<const XmlNode*> line{*group};  // from the nearest to the widest
    while (line.size() < kDeepestGroups) {
      const std::string parent = parent_of(config, line.back()->name);
      const XmlNode* next = parent.empty() ? nullptr : groups->entry(parent);
      if (next == nullptr) break;
      line.push_back(next);
    }
    const XmlNode* shared = config.find("shared");
    for (const XmlNode* place : line) read_objects(*place);
    if (shared != nullptr) read_objects(*shared);
    read_rules(shared, "pre-rulebase", "shared pre");
    for (auto place = line.rbegin(); place != line.rend(); ++place)
      read_rules(*place, "pre-rulebase", (*place)->name + " pre");
    for (const XmlNode* place : line) read_rules(place, "post-rulebase", place->name + " post");
    read_rules(shared, "post-rulebase", "shared post");
    read_defaults(shared, "post-rulebase");
    for (auto place = line.rbegin(); place != line.rend(); ++place)
      read_defaults(*place, "post-rulebase");
    return read_template(device);
  }

  // Panorama keeps who is whose child in <readonly>.
  std::string parent_of(const XmlNode& config, const std::string& group) const {
    const XmlNode* list = config.at("readonly/devices/entry/device-group");
    const XmlNode* entry = list == nullptr ? nullptr : list->entry(group);
    return entry == nullptr ? std::string() : std::string(entry->text_at("parent-dg"));
  }

  // A template, or a stack: its templates, the first wins.
  Done read_template(const XmlNode& device) {
    const XmlNode* templates = device.find("template");
    const XmlNode* stacks = device.find("template-stack");
    if (options_.templ.empty() && (templates == nullptr || templates->children.size() != 1)) {
      if (templates != nullptr && !templates->children.empty())
        out_.problems.note(templates->line,
                           fmt::format("zones, interfaces and timers are in templates, of which "
                                       "there are several ({}); name one with --template",
                                       names_of(templates->all("entry"))));
      add_missing_zones();
      return {};
    }
    std::vector<const XmlNode*> chosen;
    if (const XmlNode* stack = stacks == nullptr ? nullptr : stacks->entry(options_.templ)) {
      chosen.push_back(stack);
      for (const std::string& name : stack->members("templates"))
        if (const XmlNode* one = templates == nullptr ? nullptr : templates->entry(name))
          chosen.push_back(one);
    } else {
      const auto one = choose(templates, options_.templ, "template", "--template");
      if (!one) return tl::unexpected(one.error());
      chosen.push_back(*one);
    }
    for (const XmlNode* one : chosen)
      if (const XmlNode* entry = one->at("config/devices/entry")) {
        const XmlNode* list = entry->find("vsys");
        const auto all = list == nullptr ? std::vector<const XmlNode*>() : list->all("entry");
        for (const XmlNode* vsys : all)
          if (options_.vsys.empty() || vsys->name == options_.vsys)
            read_panos_zones(*vsys, taken_, out_);
        read_panos_network(*entry, taken_, out_);
        read_panos_device(*entry, taken_, out_);
      }
    add_missing_zones();
    return {};
  }

  // Without its template a rule base still has zones: those that its rules name.
  void add_missing_zones() {
    const auto add = [&](const Names& names, LineNumber line) {
      for (const std::string& name : names)
        if (name != kAny && name != "multicast" && taken_.take("zone", name)) {
          out_.policy.zones.push_back({name, {}, {}, {}, line});
          ++missing_zones_;
        }
    };
    for (const SecurityRule& rule : out_.policy.rules) {
      add(rule.match.from, rule.line);
      add(rule.match.to, rule.line);
    }
    for (const DecryptionRule& rule : out_.policy.decryption_rules) {
      add(rule.match.from, rule.line);
      add(rule.match.to, rule.line);
    }
    if (missing_zones_ > 0)
      out_.problems.note(
          0, fmt::format("{} zones are known by their names in rules alone", missing_zones_));
  }

  void read_device(const XmlNode& device, const XmlNode& vsys) {
    read_panos_zones(vsys, taken_, out_);
    read_panos_network(device, taken_, out_);
    read_panos_device(device, taken_, out_);
    if (const XmlNode* import = vsys.find("import")) import->understood_wholly();
  }

  void read_objects(const XmlNode& place) { read_panos_objects(place, taken_, out_); }

  void read_rules(const XmlNode* place, std::string_view rulebase, const std::string& name) {
    if (place == nullptr) return;
    if (const XmlNode* rules = place->find(rulebase)) read_panos_rules(*rules, name, out_);
  }

  // From the widest place to the nearest, so that the nearest has the last word.
  void read_defaults(const XmlNode* place, std::string_view rulebase) {
    if (place == nullptr) return;
    if (const XmlNode* rules = place->find(rulebase)) read_panos_default_rules(*rules, out_);
  }

  std::string name_;
  ImportOptions options_;
  ImportedConfig out_;
  TakenNames taken_;
  std::size_t missing_zones_ = 0;
};

}  // namespace

Result<ImportedConfig> import_panos_config(const std::string& text, const std::string& name,
                                           const ImportOptions& options) {
  const auto root = parse_xml(text, name);
  if (!root) return tl::unexpected(root.error());
  return Importer(name, options).run(*root);
}

}  // namespace endreason
