// SPDX-License-Identifier: Apache-2.0
#include "transfer/http_client.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "transfer/curl_calls.hpp"

namespace endreason {
namespace {

// "https://host:8443": what may stand in a message.
std::string server_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(curl_url_cleanup)> parts(curl_url(), curl_url_cleanup);
  if (!parts || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    std::string copy;
    if (curl_url_get(parts.get(), which, &text, 0) == CURLUE_OK && text != nullptr) copy = text;
    curl_free(text);
    return copy;
  };
  std::string server = part(CURLUPART_SCHEME) + "://" + part(CURLUPART_HOST);
  if (const std::string port = part(CURLUPART_PORT); !port.empty()) server += ":" + port;
  return server;
}

struct Remedy {
  CURLcode code;
  std::string_view what, remedy;
};
constexpr auto kRemedies = std::to_array<Remedy>({
    {CURLE_COULDNT_RESOLVE_HOST, "the name is not known", "check its spelling and the DNS server"},
    {CURLE_COULDNT_CONNECT, "no connection",
     "check that the server runs and that the port is open"},
    {CURLE_OPERATION_TIMEDOUT, "no answer in time", "check the server's load, or allow more time"},
    {CURLE_PEER_FAILED_VERIFICATION, "its certificate is not trusted",
     "give the authority's certificate, or the name that the certificate has"},
    {CURLE_SSL_CONNECT_ERROR, "no TLS connection", "check that this port speaks TLS"},
    {CURLE_SSL_CACERT_BADFILE, "the authorities' file cannot be read", "check its path"},
    {CURLE_GOT_NOTHING, "the connection was closed without an answer",
     "check that this port speaks HTTP"},
    {CURLE_UNSUPPORTED_PROTOCOL, "no HTTP address", "give http:// or https://"},
    {CURLE_WEIRD_SERVER_REPLY, "the answer is no HTTP", "check the port"},
});

tl::unexpected<Error> no_reply(CURLcode code, const std::string& server, const char* detail) {
  const auto* row = std::find_if(kRemedies.begin(), kRemedies.end(),
                                 [&](const Remedy& r) { return r.code == code; });
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
  if (row == kRemedies.end()) return fail(Error::Code::Io, fmt::format("{}: {}", server, why));
  return fail(Error::Code::Io, fmt::format("{}: {} ({}); {}", server, row->what, why, row->remedy));
}

// What one request's callbacks work on.
struct Exchange {
  const HttpCall& call;
  HttpReply reply;
  bool too_large = false;
  bool given_up = false;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* context) {
  auto& e = *static_cast<Exchange*>(context);
  if (e.call.take) {
    if (e.call.take({data, size})) return size;
    e.given_up = true;
    return 0;
  }
  if (e.reply.body.size() + size > HttpClient::kReplyBytesMax) {
    e.too_large = true;
    return 0;
  }
  e.reply.body.append(data, size);
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* context) {
  auto& e = *static_cast<Exchange*>(context);
  std::string_view line(data, size);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // of "100 Continue", or of the answer itself
    e.reply.headers.clear();
  } else if (!line.empty()) {
    e.reply.headers.emplace_back(line);
  }
  return size;
}

std::size_t give_body(char* buffer, std::size_t, std::size_t size, void* context) {
  return static_cast<Exchange*>(context)->call.next_body(buffer, size);
}

int look_for_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& e = *static_cast<Exchange*>(context);
  e.given_up = e.given_up || (e.call.stop != nullptr && *e.call.stop);
  return e.given_up ? 1 : 0;
}

std::string header_value(const HttpReply& reply, std::string_view name) {
  for (const std::string& line : reply.headers) {
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        !std::equal(name.begin(), name.end(), line.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); }))
      continue;
    const std::size_t at = line.find_first_not_of(" \t", name.size() + 1);
    return at == std::string::npos ? std::string() : line.substr(at);
  }
  return {};
}

// A line break in a value would begin another header.
bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

using HeaderList = std::unique_ptr<curl_slist, decltype(curl_slist_free_all)>;

}  // namespace

struct HttpClient::Connection {
  std::unique_ptr<CURL, decltype(curl_easy_cleanup)> handle{curl_easy_init(), curl_easy_cleanup};
  std::array<char, CURL_ERROR_SIZE> detail{};

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(handle.get(), option, value);
  }
  void set_up(const HttpClientOptions& options);
  Result<HeaderList> headers_of(const HttpCall& call, const std::string& server);
  void set_request(const HttpCall& call, Exchange& exchange);
};

// Afresh for each request, so that nothing of one is left for the next; connections stay.
void HttpClient::Connection::set_up(const HttpClientOptions& options) {
  curl_easy_reset(handle.get());
  detail[0] = '\0';
  set(CURLOPT_ERRORBUFFER, detail.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);  // a token goes nowhere else
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_time.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.whole_time.count()));
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
}

Result<HeaderList> HttpClient::Connection::headers_of(const HttpCall& call,
                                                      const std::string& server) {
  HeaderList list(nullptr, curl_slist_free_all);
  bool well = true;
  const auto add = [&](const std::string& line) {
    well = well && one_line(line);
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const std::string& line : call.headers) add(line);
  add("Expect:");  // or bodies wait a second for a server that does not know it
  if (!call.token.empty()) add("Authorization: Bearer " + call.token);
  if (call.next_body) add("Transfer-Encoding: chunked");
  if (!well)
    return fail(Error::Code::Usage,
                server + ": a header or the token has a line break; give it in one line");
  return list;
}

void HttpClient::Connection::set_request(const HttpCall& call, Exchange& exchange) {
  set(CURLOPT_URL, call.url.c_str());
  if (!call.user.empty()) {
    set(CURLOPT_USERNAME, call.user.c_str());
    set(CURLOPT_PASSWORD, call.password.c_str());
  }
  if (call.next_body) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_READFUNCTION, give_body);
    set(CURLOPT_READDATA, &exchange);
  } else if (!call.body.empty() || call.method == "POST") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_POSTFIELDS, call.body.empty() ? "" : call.body.data());
  }
  if (call.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  if (call.fresh_connection) {
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
  }
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_HEADERFUNCTION, take_header);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, look_for_stop);
  set(CURLOPT_XFERINFODATA, &exchange);
}

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) {
  if (load_curl()) connection_ = std::make_unique<Connection>();
}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpReply> HttpClient::send(const HttpCall& call) {
  if (auto loaded = load_curl(); !loaded) return tl::unexpected(loaded.error());
  const std::string server = server_of(call.url);
  if (server.empty())
    return fail(Error::Code::Usage,
                "this is no address of a server; give http:// or https://, a "
                "name, and a port if it is not the usual one");
  connection_->set_up(options_);
  auto headers = connection_->headers_of(call, server);
  if (!headers) return tl::unexpected(headers.error());
  Exchange exchange{call, {}};
  connection_->set_request(call, exchange);
  connection_->set(CURLOPT_HTTPHEADER, headers->get());
  const CURLcode code = curl_easy_perform(connection_->handle.get());
  if (exchange.given_up)
    return fail(Error::Code::Io, server + ": given up before the answer's end");
  if (exchange.too_large)
    return fail(Error::Code::Io,
                fmt::format("{}: the answer has more than {} MiB; ask for less at once", server,
                            kReplyBytesMax >> 20));
  if (code != CURLE_OK) return no_reply(code, server, connection_->detail.data());
  long status = 0;
  curl_easy_getinfo(connection_->handle.get(), CURLINFO_RESPONSE_CODE, &status);
  exchange.reply.status = static_cast<unsigned>(status);
  exchange.reply.content_type = header_value(exchange.reply, "content-type");
  exchange.reply.retry_after = header_value(exchange.reply, "retry-after");
  return std::move(exchange.reply);
}

}  // namespace endreason
