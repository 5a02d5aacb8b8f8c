// SPDX-License-Identifier: Apache-2.0
// The server as a whole, on a free port: real rows in by every way, real answers out.
#include "server/server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/source_folder_for_test.hpp"
#include "base/timestamp.hpp"

namespace endreason {
namespace {

using Json = nlohmann::json;

struct Answer {
  int status = 0;
  std::string headers, body;
  Json json() const { return Json::parse(body, nullptr, false); }
};

int connected(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  return socket;
}

void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string read_to_end(int socket) {
  std::string all;
  char buffer[65536];
  while (true) {
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n <= 0) return all;
    all.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string dechunked(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = text.find("\r\n");
    if (end == std::string_view::npos) return out;
    const std::size_t n = std::stoul(std::string(text.substr(0, end)), nullptr, 16);
    if (n == 0 || text.size() < end + 2 + n) return out;
    out += text.substr(end + 2, n);
    text.remove_prefix(std::min(end + 4 + n, text.size()));
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  return out;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string name = std::filesystem::temp_directory_path() / "endreason-server-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  ServeOptions options() const {
    ServeOptions o;
    o.store.folder = folder_;
    o.store.threads = 1;
    o.store.keep_raw = true;
    o.store.export_folder = folder_ + "/export";
    o.ingest.spool.folder = folder_ + "/spool";
    o.ingest.commit_after = std::chrono::milliseconds(40);
    o.ingest.now_micros = [] {
      return std::int64_t{1'773'136'810'000'000};
    };  // 2026-03-10 10:00:10
    o.api.now_micros = o.ingest.now_micros;
    o.api.version = "test";
    o.http.port = 0;
    o.syslog.addresses = {{ListenKind::Tcp, "127.0.0.1", 0}, {ListenKind::Udp, "127.0.0.1", 0}};
    o.log = std::make_shared<OperatorLog>([](std::string_view) {}, o.ingest.now_micros);
    return o;
  }
  void start(ServeOptions o) {
    server_ = std::make_unique<Server>(std::move(o));
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
    const std::string address = server_->address();
    port_ = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  }
  void start_with_samples() {
    ServeOptions o = options();
    o.files.load = {source_folder() + "/data/samples/logs"};
    start(o);
    for (int i = 0; i < 3000 && !server_->loaded(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto loaded = server_->load_result();
    ASSERT_TRUE(server_->loaded() && loaded) << loaded.error().message;
  }
  Answer ask(const std::string& method, const std::string& target, const std::string& body = "",
             const std::string& headers = "Host: localhost\r\n") const {
    const int socket = connected(port_);
    send_all(socket,
             fmt::format("{} {} HTTP/1.1\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                         method, target, headers, body.size(), body));
    const std::string all = read_to_end(socket);
    ::close(socket);
    Answer answer;
    const std::size_t end = all.find("\r\n\r\n");
    if (all.size() < 12 || end == std::string::npos) return answer;
    answer.status = std::stoi(all.substr(9, 3));
    answer.headers = all.substr(0, end);
    answer.body = all.substr(end + 4);
    if (answer.headers.find("chunked") != std::string::npos) answer.body = dechunked(answer.body);
    return answer;
  }
  Json get(const std::string& target) const {
    const Answer answer = ask("GET", "/api/v1" + target);
    EXPECT_EQ(answer.status, 200) << target << "\n" << answer.body;
    const Json json = answer.json();
    EXPECT_FALSE(json.is_discarded()) << target << "\n" << answer.body;
    return json;
  }
  std::string folder_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

// A line of a firewall whose clock shows that time.
std::string line_at(std::string_view serial, std::int64_t micros, std::uint64_t seqno) {
  std::string time;
  append_rfc3339(time, {micros, 0, 0});
  time.resize(19);
  time[4] = time[7] = '/';
  time[10] = ' ';
  return fmt::format(
      "1,{0},{1},TRAFFIC,end,2561,{0},10.1.1.1,203.0.113.9,0.0.0.0,0.0.0.0,out,,,ssl,vsys1,trust,"
      "untrust,ae1,ae2,fwd,{0},7,1,51515,443,0,0,0x19,tcp,allow,1532,812,720,11,{0},12,any,0,{2},"
      "0x0,"
      "US,DE,0,6,5,tcp-fin\n",
      time, serial, seqno);
}

Json device(const Json& devices, std::string_view serial) {
  for (const Json& d : devices)
    if (d["serial"] == serial) return d;
  return {};
}

TEST_F(ServerTest, ClocksThatAreOffAreReportedByDeviceAlsoWhenOursJumps) {
  constexpr std::int64_t kSecond = 1'000'000;
  std::atomic<std::int64_t> now{std::int64_t{1'773'136'810'000'000}};
  ServeOptions o = options();
  o.ingest.now_micros = o.api.now_micros = [&now] { return now.load(); };
  start(o);
  std::uint64_t seqno = 0;
  const auto post = [&](std::string_view serial, std::int64_t off_seconds) {
    const auto answer =
        ask("POST", "/api/v1/ingest", line_at(serial, now + off_seconds * kSecond, ++seqno));
    EXPECT_EQ(answer.json()["stored"], 1) << answer.body;
  };
  const auto off = [&](std::string_view serial) {
    return device(get("/devices"), serial)["clock_off_seconds"];
  };
  post("right", -5);
  post("slow", -600);
  post("fast", 600);
  post("far ahead", 3 * 86'400);
  EXPECT_EQ(off("right"), nullptr);
  EXPECT_EQ(off("slow"), 600);
  EXPECT_EQ(off("fast"), -600);
  EXPECT_EQ(off("far ahead"), -3 * 86'400);
  now -= 3600 * kSecond;  // ours is put back
  post("right", 0);
  EXPECT_EQ(off("right"), nullptr);
  EXPECT_EQ(get("/status")["uptime_seconds"], 0);
  EXPECT_EQ(get("/accounting")["balanced"], true);
  now += 2 * 86'400 * kSecond;  // and ahead: what came before is no measure of anything any more
  EXPECT_EQ(off("slow"), nullptr);
  post("slow", -900);
  EXPECT_EQ(off("slow"), 900);
}

TEST_F(ServerTest, GapsOfSequenceNumbersSayWhenTheyWereNoticed) {
  start(options());
  const std::int64_t now = options().ingest.now_micros();
  const std::string lines = line_at("a", now - 9'000'000, 10) + line_at("a", now - 8'000'000, 11) +
                            line_at("a", now - 2'000'000, 15) + line_at("b", now, 11);
  ask("POST", "/api/v1/ingest", lines);
  const Json gaps = device(get("/devices"), "a")["gaps"];
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0]["missing"], 3);
  EXPECT_EQ(gaps[0]["time"], "2026-03-10T10:00:08Z");
  EXPECT_EQ(device(get("/devices"), "b")["missing"], 0);
}

TEST_F(ServerTest, ACaptureIsRefusedWhereNobodyCanTrackIt) {
  start(options());
  std::ifstream file(source_folder() + "/data/samples/captures/arkime-tcp-handshakes.pcap");
  const std::string capture{std::istreambuf_iterator<char>(file), {}};
  const Answer answer = ask("POST", "/api/v1/ingest", capture);
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_NE(answer.body.find("captures are not taken here"), std::string::npos) << answer.body;
}

TEST_F(ServerTest, TheOverviewAddsUp) {
  start_with_samples();
  const Json o = get("/overview");
  std::uint64_t in_series = 0;
  for (const Json& step : o["series"])
    in_series += step["allowed"].get<std::uint64_t>() +
                 step["allowed_failed"].get<std::uint64_t>() +
                 step["blocked"].get<std::uint64_t>() + step["undetermined"].get<std::uint64_t>();
  const std::uint64_t sessions = o["totals"]["sessions"];
  EXPECT_GT(sessions, 30u);
  EXPECT_EQ(in_series, sessions);
  EXPECT_LE(o["series"].size(), 200u);
  for (const char* part : {"final_action", "outcome"}) {
    std::uint64_t sum = 0;
    for (const Json& row : o["totals"][part]) sum += row["sessions"].get<std::uint64_t>();
    EXPECT_EQ(sum, sessions) << part;
  }
  EXPECT_TRUE(o["before"].is_null());
  EXPECT_FALSE(o["findings"].empty());
  // Every filter of the answer lists as many rows as it says, or more where repeat counts are.
  for (const Json& reason : o["top"]["reason_code"]) {
    const Json groups =
        get("/groups?by=reason_code&filter=" + escaped(reason["filter"].get<std::string>()));
    ASSERT_EQ(groups["groups"].size(), 1u) << reason;
    EXPECT_EQ(groups["groups"][0]["sessions"], reason["sessions"]);
  }
}

TEST_F(ServerTest, PagesOfRowsFollowEachOtherWithoutGapOrCopy) {
  start_with_samples();
  for (const char* order : {"desc", "asc"}) {
    std::vector<std::string> ids;
    std::string cursor;
    Json total;  // told with the first page alone
    while (true) {
      const Json page =
          get(fmt::format("/records?limit=7&order={}&columns=src,_time&cursor={}", order, cursor));
      for (const Json& record : page["records"]) ids.push_back(record["_id"]);
      EXPECT_EQ(page["total"].is_null(), !cursor.empty());
      if (cursor.empty()) total = page["total"];
      EXPECT_TRUE(total["exact"]);
      if (page["next"].is_null()) {
        EXPECT_EQ(total["rows"], ids.size());
        break;
      }
      cursor = escaped(page["next"].get<std::string>());
    }
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
    EXPECT_GT(ids.size(), 80u);
  }
}

TEST_F(ServerTest, OneRowComesWithItsExplanationItsLineAndItsStory) {
  start_with_samples();
  const Json page = get("/records?limit=1&filter=" + escaped("session_end_reason eq aged-out"));
  const std::string id = page["records"][0]["_id"];
  const Json row = get("/records/" + id);
  EXPECT_EQ(row["record"]["_id"], id);
  EXPECT_EQ(row["record"]["session_end_reason"], "aged-out");
  EXPECT_NE(row["raw"].get<std::string>().find("aged-out"), std::string::npos);
  EXPECT_FALSE(row["verdict"]["headline"].get<std::string>().empty());
  EXPECT_GE(row["story"].size(), 1u);
  EXPECT_EQ(ask("GET", "/api/v1/records/999999").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/records/x").status, 404);
}

TEST_F(ServerTest, AWrongFilterSaysWhereAndWhatIsNear) {
  start_with_samples();
  const Answer answer = ask("GET", "/api/v1/records?filter=" + escaped("( ap eq ssl )"));
  EXPECT_EQ(answer.status, 400);
  const Json error = answer.json()["error"];
  EXPECT_EQ(error["code"], "bad-filter");
  EXPECT_EQ(error["column"], 3);
  EXPECT_FALSE(error["nearest"].empty()) << answer.body;
  const Json sign =
      ask("GET", "/api/v1/filter/check?filter=" + escaped("bytes > 1000")).json()["error"];
  EXPECT_EQ(sign["nearest"], Json({"gt"}));
  EXPECT_EQ(sign["remedy"], "use one of: eq, neq, in, notin, leq, geq, lt, gt, contains");
  const Json value =
      ask("GET", "/api/v1/filter/check?filter=" + escaped("action eq blocked")).json()["error"];
  EXPECT_EQ(value["remedy"],
            "The values: allow, deny, drop, drop-icmp, reset-client, reset-server, reset-both; for "
            "a word that is none of these: action contains 'blocked'");
  EXPECT_EQ(ask("GET", "/api/v1/records?limit=0").json()["error"]["code"], "bad-parameter");
  EXPECT_EQ(ask("GET", "/api/v1/overview?from=yesterday").json()["error"]["code"], "bad-parameter");
}

TEST_F(ServerTest, WhatIsReceivedByEveryWayIsAccountedFor) {
  start(options());
  const auto line = [](int seqno) {
    return fmt::format(
        "<14>Mar 10 10:00:05 fw 1,2026/03/10 10:00:05,0123,TRAFFIC,end,2561,2026/03/10 "
        "10:00:04,10.1.1.{},203.0.113.9,0.0.0.0,0.0.0.0,out,,,ssl,vsys1,trust,untrust,ae1,ae2,fwd,,"
        "77,"
        "1,51515,443,0,0,0x19,tcp,allow,1532,812,720,11,2026/03/10 "
        "09:59:49,12,any,0,{},0x0,US,DE,0,6,"
        "5,tcp-fin\n",
        seqno, seqno);
  };
  const int stream = connected(server_->listening()[0].port);
  send_all(stream, line(1) + line(2));
  ::close(stream);
  const Answer posted = ask("POST", "/api/v1/ingest", line(2) + line(3) + "nonsense\n");
  ASSERT_EQ(posted.status, 200) << posted.body;
  Json a;
  for (int i = 0; i < 200; ++i) {
    a = get("/accounting");
    EXPECT_TRUE(a["balanced"]);
    if (a["received"] == 5 && a["spooled"] == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(a["received"], 5) << a;
  EXPECT_EQ(a["stored"], 3);
  EXPECT_EQ(a["duplicates"], 1);
  EXPECT_EQ(a["rejected"], 1);
  ASSERT_EQ(a["rejects"].size(), 1u);
  EXPECT_EQ(a["rejects"][0]["text"], "nonsense");
  const Json devices = get("/devices");
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(devices[0]["serial"], "0123");
  EXPECT_EQ(devices[0]["rows"], 3);
  const Answer metrics = ask("GET", "/metrics");
  EXPECT_NE(metrics.body.find("endreason_received_total 5"), std::string::npos) << metrics.body;
  EXPECT_EQ(ask("GET", "/healthz").body, "ok\n");
}

TEST_F(ServerTest, WhatIsPostedToBeExplainedIsNotStored) {
  start(options());
  const Answer answer =
      ask("POST", "/api/v1/explain",
          "1,2026/03/10 10:00:05,0123,TRAFFIC,end,2561,2026/03/10 10:00:04,10.1.1.1,"
          "203.0.113.9,0.0.0.0,0.0.0.0,out,,,incomplete,vsys1,trust,untrust,ae1,ae2,"
          "fwd,,77,1,51515,443,0,0,0x19,tcp,allow,70,70,0,1,2026/03/10 "
          "09:59:49,5,any,0,4,0x0,US,DE,0,1,0,aged-out\nnonsense\n");
  const Json json = answer.json();
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(json["records"].size(), 1u) << answer.body;
  EXPECT_EQ(json["records"][0]["reason_code"], "syn-no-answer");
  EXPECT_FALSE(json["records"][0]["explanation"]["sentence"].get<std::string>().empty());
  EXPECT_EQ(json["rejects"].size(), 1u);
  EXPECT_EQ(get("/status")["store"]["rows"], 0);
}

TEST_F(ServerTest, DownloadsHoldEveryRow) {
  start_with_samples();
  const std::uint64_t rows = get("/records?limit=1")["total"]["rows"];
  const Answer csv = ask("GET", "/api/v1/records?format=csv&columns=src,dst,app");
  EXPECT_EQ(csv.status, 200);
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(csv.body.begin(), csv.body.end(), '\n')),
            rows + 1);
  EXPECT_TRUE(csv.body.starts_with("src,dst,app"));
  const Answer json = ask("GET", "/api/v1/records?format=ndjson");
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(json.body.begin(), json.body.end(), '\n')), rows);
}

TEST_F(ServerTest, SqlOnlyReads) {
  start_with_samples();
  const Answer rows =
      ask("POST", "/api/v1/sql", "SELECT app, count(*) AS n FROM traffic GROUP BY app");
  ASSERT_EQ(rows.status, 200) << rows.body;
  EXPECT_EQ(rows.json()["columns"][0]["name"], "app");
  EXPECT_EQ(ask("POST", "/api/v1/sql", "DROP TABLE traffic_rows").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/sql", "SELECT * FROM read_csv('/etc/passwd')").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/sql", "SELECT * FROM read_text('/etc/hostname')").status, 400);
}

TEST_F(ServerTest, WithoutATokenOnlyThisMachineIsAnswered) {
  start(options());
  EXPECT_EQ(ask("GET", "/api/v1/status", "", "Host: evil.example\r\n").status, 403);
  EXPECT_EQ(
      ask("POST", "/api/v1/sql", "SELECT 1", "Host: localhost\r\nOrigin: http://evil.example\r\n")
          .status,
      403);
  EXPECT_EQ(ask("GET", "/api/v1/status", "", "Host: 127.0.0.1:8088\r\n").status, 200);
}

TEST_F(ServerTest, TokensDecideWhoMayDoWhat) {
  ServeOptions o = options();
  o.api.token = "administrators-token";
  o.api.reader_token = "the-readers-own-token";
  start(o);
  const auto with = [](const char* token) {
    return fmt::format("Host: x\r\nAuthorization: Bearer {}\r\n", token);
  };
  EXPECT_EQ(ask("GET", "/api/v1/status").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/status", "", with("wrong")).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/status", "", with("the-readers-own-token")).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/sql", "SELECT 1", with("the-readers-own-token")).status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/sql", "SELECT 1", with("administrators-token")).status, 200);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(ServerTest, BeyondThisMachineTokenAndTlsAreRequired) {
  ServeOptions o = options();
  o.http.address = "0.0.0.0";
  Server open(o);
  const auto started = open.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("token-file"), std::string::npos);
  o.api.token = "administrators-token";
  Server clear(o);
  const auto again = clear.start();
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("certificate"), std::string::npos);
}

TEST_F(ServerTest, HostileRequestsAreAnsweredOrEnded) {
  start(options());
  EXPECT_EQ(ask("GET", "/api/v1/nothing").status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/status").status, 405);
  EXPECT_EQ(ask("GET", "/api/v1/records?filter=" + std::string(200'000, 'x')).status, 431);
  for (const std::string& request :
       {std::string("\0\0\0\0garbage\r\n\r\n", 16), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    "99999999999999\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)}) {
    const int socket = connected(port_);
    send_all(socket, request);
    ::shutdown(socket, SHUT_WR);
    static_cast<void>(read_to_end(socket));
    ::close(socket);
  }
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(ServerTest, WhoWatchesSeesRowsAsTheyAreStored) {
  start(options());
  const int socket = connected(port_);
  send_all(socket, "GET /api/v1/tail?filter=" + escaped("app eq ssl") +
                       " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string seen;
  char buffer[4096];
  timeval patience{5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  while (seen.find(": endreason") == std::string::npos) {
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    ASSERT_GT(n, 0);
    seen.append(buffer, static_cast<std::size_t>(n));
  }
  ask("POST", "/api/v1/ingest",
      "1,2026/03/10 10:00:05,0123,TRAFFIC,end,2561,2026/03/10 "
      "10:00:04,10.1.1.1,203.0.113.9,0.0.0.0,"
      "0.0.0.0,out,,,ssl,vsys1,trust,untrust,ae1,ae2,fwd,,77,1,51515,443,0,0,0x19,tcp,allow,70,70,"
      "0,1,"
      "2026/03/10 09:59:49,5,any,0,4,0x0,US,DE,0,1,0,tcp-fin\n");
  while (seen.find("event: record") == std::string::npos) {
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    ASSERT_GT(n, 0) << seen;
    seen.append(buffer, static_cast<std::size_t>(n));
  }
  EXPECT_NE(seen.find("\"app\":\"ssl\""), std::string::npos) << seen;
  ::close(socket);
}

}  // namespace
}  // namespace endreason
