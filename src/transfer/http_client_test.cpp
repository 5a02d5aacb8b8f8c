// SPDX-License-Identifier: Apache-2.0
// Against a real server: Python's, with and without TLS, started by the test.
#include "transfer/http_client.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/child_process_for_test.hpp"

namespace endreason {
namespace {

// Tells what it was asked, in the answer's body; /slow waits, /big sends 3 MB, /status/N answers N.
constexpr const char* kServer = R"(
import http.server, ssl, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *rest): pass
    def body(self):
        if self.headers.get('Transfer-Encoding') == 'chunked':
            whole = b''
            while True:
                n = int(self.rfile.readline(), 16)
                piece = self.rfile.read(n); self.rfile.readline()
                if n == 0: return whole
                whole += piece
        return self.rfile.read(int(self.headers.get('Content-Length') or 0))
    def answer(self):
        body = self.body()
        if self.path.startswith('/slow'): time.sleep(5)
        if self.path == '/close': self.close_connection = True; return
        text = '%s %s auth=%s x=%s length=%d head=%s peer=%d' % (self.command, self.path,
            self.headers.get('Authorization'), self.headers.get('X-Test'), len(body),
            body[:8].decode('latin-1'), self.client_address[1])
        out = b'z' * 3000000 if self.path == '/big' else text.encode()
        self.send_response(int(self.path[8:]) if self.path.startswith('/status/') else 200)
        self.send_header('Content-Type', 'text/plain')
        self.send_header('Retry-After', '7')
        self.send_header('Content-Length', str(len(out)))
        self.end_headers()
        self.wfile.write(out)
    do_GET = do_POST = do_PUT = answer
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
)";

class PythonServer {
 public:
  explicit PythonServer(const std::vector<std::string>& arguments = {})
      : process_(with_script(arguments)) {
    const std::string digits = process_.read_line();
    if (!digits.empty()) port_ = std::stoi(digits);
  }
  int port() const { return port_; }
  std::string url(const std::string& path, const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  static std::vector<std::string> with_script(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"python3", "-c", kServer};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }

  ChildProcess process_;
  int port_ = 0;
};

std::string field(const std::string& body, const std::string& name) {
  const std::size_t at = body.find(name + "=");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 1;
  return body.substr(begin, body.find(' ', begin) - begin);
}

TEST(HttpClient, SendsMethodHeadersAndBodyAndGivesTheAnswerWithItsStatus) {
  const PythonServer server;
  ASSERT_GT(server.port(), 0) << "python3 does not start";
  HttpClient client;
  HttpCall call;
  call.method = "POST";
  call.url = server.url("/status/503");
  call.headers = {"X-Test: yes"};
  call.body = "hello";
  const auto reply = client.send(call);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 503u);
  EXPECT_EQ(reply->content_type, "text/plain");
  EXPECT_EQ(reply->retry_after, "7");
  EXPECT_EQ(reply->body.substr(0, 17), "POST /status/503 ");
  EXPECT_EQ(field(reply->body, "x"), "yes");
  EXPECT_EQ(field(reply->body, "length"), "5");
}

TEST(HttpClient, NothingOfOneRequestIsLeftForTheNextButItsConnection) {
  const PythonServer server;
  HttpClient client;
  HttpCall first;
  first.method = "PUT";
  first.url = server.url("/a");
  first.token = "secret";
  first.body = "abc";
  const auto with = client.send(first);
  ASSERT_TRUE(with) << with.error().message;
  EXPECT_NE(with->body.find("auth=Bearer secret"), std::string::npos);
  HttpCall second;
  second.url = server.url("/b");
  const auto without = client.send(second);
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_EQ(without->body.substr(0, 17), "GET /b auth=None ");
  EXPECT_EQ(field(without->body, "length"), "0");
  EXPECT_EQ(field(with->body, "peer"), field(without->body, "peer"));
  second.fresh_connection = true;
  const auto fresh = client.send(second);
  ASSERT_TRUE(fresh) << fresh.error().message;
  EXPECT_NE(field(with->body, "peer"), field(fresh->body, "peer"));
}

TEST(HttpClient, ABodyIsSentPieceByPieceAndAnAnswerTakenSo) {
  const PythonServer server;
  HttpClient client;
  std::size_t left = 1'000'000;
  HttpCall call;
  call.method = "POST";
  call.url = server.url("/streamed");
  call.next_body = [&](char* buffer, std::size_t size) {
    const std::size_t n = std::min({left, size, std::size_t{10'000}});
    std::fill_n(buffer, n, 'y');
    left -= n;
    return n;
  };
  const auto sent = client.send(call);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(field(sent->body, "length"), "1000000");
  EXPECT_EQ(field(sent->body, "head"), "yyyyyyyy");

  std::size_t bytes = 0;
  HttpCall big;
  big.url = server.url("/big");
  big.take = [&](std::string_view piece) {
    bytes += piece.size();
    return true;
  };
  ASSERT_TRUE(client.send(big));
  EXPECT_EQ(bytes, 3'000'000u);
  big.take = [](std::string_view) { return false; };
  EXPECT_FALSE(client.send(big));
}

TEST(HttpClient, AServerThatDoesNotAnswerIsGivenUpInTime) {
  const PythonServer server;
  HttpClientOptions options;
  options.whole_time = std::chrono::milliseconds(200);
  HttpClient client(options);
  HttpCall call;
  call.url = server.url("/slow?key=hidden");
  const auto reply = client.send(call);
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("no answer in time"), std::string::npos)
      << reply.error().message;
  EXPECT_EQ(reply.error().message.find("hidden"), std::string::npos);

  HttpClient patient;
  std::atomic<bool> stop{false};
  call.stop = &stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop = true;
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(patient.send(call));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
  stopper.join();
}

TEST(HttpClient, MessagesNameTheServerAndTheRemedyAndNoSecret) {
  HttpClient client;
  HttpCall call;
  call.url = "http://user:hidden@127.0.0.1:1/path?key=hidden";
  call.token = "hidden";
  const auto refused = client.send(call);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.starts_with("http://127.0.0.1:1: no connection"))
      << refused.error().message;
  EXPECT_EQ(refused.error().message.find("hidden"), std::string::npos) << refused.error().message;
  call.url = "ftp://127.0.0.1/";
  EXPECT_FALSE(client.send(call));
  call.url = "";
  EXPECT_FALSE(client.send(call));
  call.url = "http://127.0.0.1:1/";
  call.token = "two\r\nlines: hidden";
  const auto broken = client.send(call);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message.find("hidden"), std::string::npos);
}

TEST(HttpClient, ACertificateIsTrustedOnlyWhenItsAuthorityIs) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("http_client_test." + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string certificate = folder / "c.pem";
  const std::string key = folder / "k.pem";
  const std::string command =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
      "-addext subjectAltName=IP:127.0.0.1 -keyout " +
      key + " -out " + certificate + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no openssl command to make a certificate";
  const PythonServer server({certificate, key});
  HttpCall call;
  call.url = server.url("/tls", "https");
  const auto refused = HttpClient().send(call);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("certificate is not trusted"), std::string::npos)
      << refused.error().message;
  HttpClientOptions options;
  options.ca_file = certificate;
  const auto reply = HttpClient(options).send(call);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200u);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace endreason
