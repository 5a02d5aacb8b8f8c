// SPDX-License-Identifier: Apache-2.0
// Applications of real captures, against what the library's makers expect of them and against the
// library's own reader of the release that is installed. The captures stay outside the project.
//   ENDREASON_RUN_NDPI_READER=1 appid_test --gtest_filter='Corpus*'   runs that reader as well
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include <gtest/gtest.h>

#include "appid/identifier.hpp"
#include "base/source_folder_for_test.hpp"
#include "model/capture_for_test.hpp"
#include "model/flow_key.hpp"

namespace endreason {
namespace {

const std::string kCaptures = source_folder() + "/../shared/data/pcaps/";

// Debian's ndpiReader 4.2-2 named so many of the rows below as expected, over 2,778 rows.
constexpr int kReaderRight = 2174;
constexpr int kRowsAtLeast = 2700;

struct KeyHash {
  std::size_t operator()(const FlowKey& key) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&key), sizeof key});
  }
};
using AppByFlow = std::unordered_map<FlowKey, std::string, KeyHash>;

std::string_view member(std::string_view line, std::string_view name) {
  std::size_t at = line.find('"' + std::string(name) + "\": ");
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + name.size() + 4);
  if (line.starts_with('"')) return line.substr(1, line.find('"', 1) - 1);
  return line.substr(0, line.find_first_of(",}"));
}

std::optional<FlowKey> key_of(std::string_view proto, std::string_view src, std::string_view sport,
                              std::string_view dst, std::string_view dport) {
  const auto a = parse_ip(src), b = parse_ip(dst);
  std::uint16_t ports[2] = {};
  std::from_chars(sport.data(), sport.data() + sport.size(), ports[0]);
  std::from_chars(dport.data(), dport.data() + dport.size(), ports[1]);
  if (!a || !b || (proto != "tcp" && proto != "udp")) return std::nullopt;
  FlowKey key;
  make_flow_key(*a, *b, ports[0], ports[1], proto == "tcp" ? kProtoTcp : kProtoUdp, 0, key);
  return key;
}

// What the log would say to "TLS.Facebook": the test's own reading of the table.
std::string log_name(std::string_view library, const FlowKey& key) {
  const auto one = [&](std::string_view name) {
    for (const AppByPort& twin : apps_by_port())
      if (twin.library == name && (twin.port == key.low_port || twin.port == key.high_port))
        return std::string(twin.app);
    const AppName* row = find_app_name(name);
    return row != nullptr ? std::string(row->app) : derived_app_name(name);
  };
  const std::size_t dot = library.find('.');
  if (dot == std::string_view::npos || find_app_name(library) != nullptr) return one(library);
  const AppName* outside = find_app_name(library.substr(0, dot));
  const std::string inside = one(library.substr(dot + 1));
  if (inside.empty() || (outside != nullptr && outside->role == NameRole::Protocol))
    return one(library.substr(0, dot));
  return inside;
}

struct Row {
  FlowKey key;
  std::string app;
};
std::map<std::string, std::vector<Row>> expected_rows() {
  std::map<std::string, std::vector<Row>> rows;
  std::ifstream in(kCaptures + "expected/ndpi_flows.jsonl");
  for (std::string line; std::getline(in, line);) {
    const auto key = key_of(member(line, "proto"), member(line, "orig_h"), member(line, "orig_p"),
                            member(line, "resp_h"), member(line, "resp_p"));
    if (member(line, "confidence") != "DPI" || member(line, "cfg") != "default" || !key ||
        member(line, "app") == "null")
      continue;
    rows[std::string(member(line, "file"))].push_back({*key, log_name(member(line, "app"), *key)});
  }
  return rows;
}

AppByFlow identify(Identifier& identifier, const AppCatalogue& catalogue, const std::string& file) {
  struct Session {
    StateId id{StateId::None};
    AppId app{AppId::None};
    KeyDirection client{};
  };
  std::unordered_map<FlowKey, Session, KeyHash> sessions;
  const test::Capture capture(file);
  for (const PacketView& p : capture.packets()) {
    FlowKey key;
    const KeyDirection way = make_flow_key(p.src, p.dst, p.sport, p.dport, p.protocol, 0, key);
    const auto [at, is_new] = sessions.try_emplace(key);
    Session& s = at->second;
    if (is_new) s.client = way;
    s.app = identifier.step(s.id, s.app, p, way == s.client).app;
  }
  AppByFlow apps;
  for (auto& [key, s] : sessions) {
    const SessionFacts facts{.protocol = key.protocol, .handshake_done = true};
    apps[key] = catalogue.name(identifier.finish(s.id, s.app, facts));
  }
  return apps;
}

// Lines such as "1  TCP 10.0.0.1:5 <-> 10.0.0.2:6 [proto: 91/TLS][Encrypted][Confidence: DPI]...".
std::multimap<std::string, Row> run_reader(const std::string& file) {
  std::multimap<std::string, Row> rows;
  FILE* pipe = popen(("ndpiReader -v 2 -i '" + kCaptures + file + "' 2>/dev/null").c_str(), "r");
  char line[8192];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
    char proto[8], src[80], arrow[8], dst[80], name[80];
    const char* at = std::strstr(line, "[proto: ");
    if (at == nullptr || std::strstr(line, "[Confidence: DPI") == nullptr ||
        std::sscanf(line, "%*d %7s %79s %7s %79s", proto, src, arrow, dst) != 4 ||
        std::sscanf(at, "[proto: %*[0-9.]/%79[^]]", name) != 1)
      continue;
    const auto split = [](std::string_view text) {
      const std::size_t colon = text.rfind(':');
      std::string_view host = text.substr(0, colon);
      if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
      return std::pair(host, text.substr(colon + 1));
    };
    const auto [a, ap] = split(src);
    const auto [b, bp] = split(dst);
    const auto key = key_of(std::string_view(proto) == "TCP" ? "tcp" : "udp", a, ap, b, bp);
    if (key) rows.emplace(file, Row{*key, log_name(name, *key)});
  }
  if (pipe != nullptr) pclose(pipe);
  return rows;
}

TEST(CorpusAgreement, AtLeastAsManyApplicationsAreRightAsTheLibrarysOwnReaderHas) {
  if (!std::filesystem::exists(kCaptures)) GTEST_SKIP() << "no captures at " << kCaptures;
  const bool with_reader = std::getenv("ENDREASON_RUN_NDPI_READER") != nullptr;
  const auto catalogue = AppCatalogue::make();
  ASSERT_TRUE(catalogue.has_value()) << catalogue.error().message;
  const auto identifier = Identifier::make(*catalogue);
  ASSERT_TRUE(identifier.has_value()) << identifier.error().message;
  int compared = 0, right = 0, reader_right = 0;
  for (const auto& [file, rows] : expected_rows()) {
    const AppByFlow ours = identify(**identifier, *catalogue, kCaptures + file);
    const auto theirs = with_reader ? run_reader(file) : std::multimap<std::string, Row>{};
    for (const Row& row : rows) {
      const auto found = ours.find(row.key);
      if (found == ours.end()) continue;
      ++compared;
      right += found->second == row.app;
      reader_right += std::ranges::any_of(theirs, [&](const auto& entry) {
        return entry.second.key == row.key && entry.second.app == row.app;
      });
    }
  }
  std::cout << "applications: " << right << " of " << compared << " as expected";
  if (with_reader) std::cout << "; ndpiReader: " << reader_right;
  std::cout << '\n';
  EXPECT_GE(compared, kRowsAtLeast);
  EXPECT_GE(right, with_reader ? reader_right : kReaderRight);
  EXPECT_EQ((*identifier)->counters().states_used, 0U);
}

TEST(CorpusAgreement, TheAnswerDoesNotDependOnWhatWasSeenBefore) {
  if (!std::filesystem::exists(kCaptures)) GTEST_SKIP() << "no captures at " << kCaptures;
  const auto catalogue = AppCatalogue::make();
  const auto rows = expected_rows();
  std::map<std::string, AppByFlow> forward, backward;
  const auto one = *Identifier::make(*catalogue), other = *Identifier::make(*catalogue);
  for (auto at = rows.begin(); at != rows.end(); ++at)
    forward[at->first] = identify(*one, *catalogue, kCaptures + at->first);
  for (auto at = rows.rbegin(); at != rows.rend(); ++at)
    backward[at->first] = identify(*other, *catalogue, kCaptures + at->first);
  for (const auto& [file, apps] : forward) EXPECT_EQ(apps, backward[file]) << file;
}

}  // namespace
}  // namespace endreason
