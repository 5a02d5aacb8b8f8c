// SPDX-License-Identifier: Apache-2.0
#include "config/serve_section.hpp"

#include <gtest/gtest.h>

#include "config/serve_check.hpp"
#include "config/settings.hpp"
#include "config/settings_yaml.hpp"
#include "policy/policy_check.hpp"

namespace endreason {
namespace {

std::string error_of(const std::string& text) {
  const auto settings = parse_settings(text, "e.yaml");
  return settings ? "no error" : settings.error().message;
}

TEST(ServeSection, EverySettingIsReadAndWrittenBack) {
  const std::string text = R"(serve:
  folder: /srv/endreason
  http: 0.0.0.0:8443
  certificate: fw.pem
  key: fw.key
  token-file: token
  listen: ["udp:0.0.0.0:514", "tls:[::]:6514"]
  keep-raw: yes
  keep-days: 90
  keep-bytes: 100GiB
  memory: 2GiB
  log-format: json
  alerts:
    - name: many threats
      filter: ( session_end_reason eq threat )
      threshold: 10
      window-seconds: 60
      webhook: https://hooks.example/x
      webhook-token-file: /etc/endreason/hook
)";
  const auto settings = parse_settings(text, "e.yaml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->serve.keep_bytes, std::uint64_t{100} << 30);
  EXPECT_EQ(settings->serve.listen.size(), 2u);
  EXPECT_TRUE(settings->serve.keep_raw);
  ASSERT_EQ(settings->serve.alerts.size(), 1u);
  EXPECT_EQ(settings->serve.alerts[0].window_s, 60u);
  const auto again = parse_settings(settings_yaml(*settings, false), "again.yaml");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(serve_yaml(again->serve, true), serve_yaml(settings->serve, true));
  EXPECT_EQ(again->serve.alerts, settings->serve.alerts);
}

TEST(ServeSection, EveryRowIsWrittenAsItIsRead) {
  for (const ServeSettingInfo& row : serve_settings()) {
    ServeSettings settings;
    const auto texts = value_texts(row, settings);
    if (row.kind == ServeKind::Text && texts[0].empty()) continue;
    EXPECT_TRUE(set_from_texts(row, texts, settings)) << row.name;
    EXPECT_EQ(value_texts(row, settings), texts) << row.name;
  }
}

TEST(ServeSection, MistakesNameFileLineSettingAndRemedy) {
  EXPECT_EQ(error_of("serve:\n  keep-day: 90\n").substr(0, 70),
            "e.yaml:2: unknown setting 'serve.keep-day' (did you mean 'keep-days'?)");
  EXPECT_EQ(error_of("serve:\n  keep-days: many\n"),
            "e.yaml:2: serve.keep-days: expected 0 to 36500, found 'many'");
  EXPECT_EQ(
      error_of("serve:\n  memory: 1MiB\n"),
      "e.yaml:2: serve.memory: expected a size of at least 64MiB such as 4GiB or 64MiB, found "
      "'1MiB'");
  EXPECT_EQ(error_of("serve:\n  keep-bytes: 99999999999TiB\n"),
            "e.yaml:2: serve.keep-bytes: expected a size such as 4GiB or 64MiB, found "
            "'99999999999TiB'");
  EXPECT_EQ(error_of("serve:\n  keep-raw: maybe\n"),
            "e.yaml:2: serve.keep-raw: expected yes or no, found 'maybe'");
  EXPECT_EQ(
      error_of("serve:\n  spool-fsync: secnd\n"),
      "e.yaml:2: serve.spool-fsync: expected frame or second or never, found 'secnd' (did you "
      "mean 'second'?)");
  EXPECT_EQ(error_of("serve:\n  http: here\n"),
            "e.yaml:2: serve.http: expected an address such as 127.0.0.1:8088, found 'here'");
  EXPECT_NE(error_of("serve:\n  listen: [upd:0.0.0.0:514]\n").find("e.yaml:2: serve.listen: "),
            std::string::npos);
}

TEST(ServeSection, AnAlertThatCouldNeverCallIsRefused) {
  const std::string alert = "serve:\n  alerts:\n    - {name: a, filter: '( app eq dns )', ";
  EXPECT_EQ(error_of(alert + "webhook: 'http://h/'}"), "no error");
  EXPECT_EQ(
      error_of(alert + "threshold: 3}"),
      "e.yaml:3: serve.alerts[0]: an alert needs 'webhook'; docs/operating/alerts.md has one");
  EXPECT_EQ(error_of(alert + "webhook: 'ftp://h/'}"),
            "e.yaml:3: serve.alerts[0].webhook: expected an address such as "
            "https://hooks.example/alerts, found 'ftp://h/'");
  EXPECT_NE(error_of("serve:\n  alerts:\n    - {name: a, filter: '( ap eq dns )', webhook: "
                     "'http://h/'}\n")
                .find("e.yaml:3: serve.alerts[0].filter: "),
            std::string::npos);
  EXPECT_NE(error_of(alert + "webhook: 'http://h/'}\n    - {name: a, filter: '( app eq ssl )', "
                             "webhook: 'http://h/'}")
                .find("another alert is called 'a' too"),
            std::string::npos);
}

std::string problems_of(const std::string& text) {
  const auto settings = parse_settings(text, "e.yaml");
  std::string out;
  for (const PolicyProblem& problem : check_serve(settings->serve))
    out += to_line(problem, "e.yaml") + "\n";
  return out;
}

TEST(ServeSection, SettingsThatNeedEachOtherAndFilesThatAreNotThereAreNamed) {
  EXPECT_EQ(problems_of("serve: {keep-days: 9}\n"), "");
  EXPECT_EQ(problems_of(""), "");
  const std::string beyond = problems_of("serve:\n  keep-days: 9\n  http: 0.0.0.0:8443\n");
  EXPECT_NE(
      beyond.find("e.yaml:3: error: serve.http: 0.0.0.0 is beyond this machine, where a token "
                  "is required; give token-file"),
      std::string::npos)
      << beyond;
  EXPECT_NE(beyond.find("give certificate and key"), std::string::npos) << beyond;
  const std::string alone = problems_of(
      "serve:\n  keep-days: 9\n  certificate: /no/such.pem\n  listen: 'tls:[::]:6514'\n");
  EXPECT_NE(alone.find("e.yaml:3: error: serve: certificate and key belong together"),
            std::string::npos)
      << alone;
  EXPECT_NE(alone.find("e.yaml:3: error: serve.certificate: /no/such.pem is not there"),
            std::string::npos)
      << alone;
  EXPECT_NE(problems_of("serve: {listen: 'tls:[::]:6514', keep-days: 1}\n")
                .find("serve.listen: a listener for TLS needs a certificate"),
            std::string::npos);
  EXPECT_NE(problems_of("serve: {keep-raw: yes}\n").find("note: serve: nothing is ever removed"),
            std::string::npos);
}

}  // namespace
}  // namespace endreason
