// SPDX-License-Identifier: Apache-2.0
#include "server/api.hpp"

#include <array>

#include <fmt/format.h>

#include "server/api_support.hpp"
#include "server/openapi_text.hpp"
#include "server/tail.hpp"
#include "server/web_files.hpp"

namespace endreason {
namespace {

constexpr std::string_view kBase = "/api/v1";

// Comparing takes as long whatever is wrong.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned different = a.size() != b.size();
  for (std::size_t i = 0; i < a.size(); ++i)
    different |= static_cast<unsigned char>(a[i]) ^
                 static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  return different == 0;
}

// "localhost:8088", "http://127.0.0.1:8088", "[::1]": this machine by a name that no other has.
bool names_this_machine(std::string_view text) {
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos)
    text.remove_prefix(scheme + 3);
  if (text.starts_with('[')) return text.starts_with("[::1]");
  text = text.substr(0, text.find(':'));
  return text == "localhost" || text == "127.0.0.1" || text.starts_with("127.");
}

HttpResponse answer_page(const HttpRequest& request) {
  const auto file = find_web_file(request.path);
  if (!file) return error_answer(ApiError::NotFound, fmt::format("nothing is at {}", request.path));
  HttpResponse response;
  response.content_type = file->content_type;
  response.headers = {{"ETag", std::string(file->etag)},
                      {"Cache-Control", std::string(file->cache_control)},
                      {"Content-Security-Policy", std::string(file->content_security_policy)},
                      {"Vary", "Accept-Encoding"}};
  if (request.if_none_match == file->etag) {
    response.status = 304;
    return response;
  }
  if (!file->gzip.empty() && request.accept_encoding.find("gzip") != std::string::npos) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file->gzip;
  } else {
    response.body = file->bytes;
  }
  return response;
}

HttpResponse answer_health(const ApiContext& context) {
  const IngestSnapshot s = context.ingestor.snapshot();
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.status = s.state == IngestState::Running ? 200 : 503;
  response.body = s.state == IngestState::Running ? "ok\n" : std::string(log_name(s.state)) + "\n";
  return response;
}

}  // namespace

class Api::Impl {
 public:
  Impl(Store& store, Ingestor& ingestor, ApiOptions options)
      : context_{store, ingestor, std::move(options), 0}, tail_(context_) {
    context_.started_micros = context_.options.now_micros();
  }

  HttpResponse handle(const HttpRequest& request) {
    if (request.path == "/healthz") return answer_health(context_);
    if (auto refused = refuse(request)) return *std::move(refused);
    if (request.path == "/metrics") return answer_metrics(context_);
    if (!request.path.starts_with(kBase)) {
      if (request.method == "GET" || request.method == "HEAD") return answer_page(request);
      return wrong_method("GET");
    }
    return route(request, std::string_view(request.path).substr(kBase.size()));
  }

 private:
  enum class Role : std::uint8_t { Anyone, Reader, Admin };
  struct Route {
    std::string_view path;
    std::string_view method;
    Role role;
    HttpResponse (*answer)(const HttpRequest&, const ApiContext&);
  };
  static constexpr auto kRoutes = std::to_array<Route>({
      {"/overview", "GET", Role::Reader, answer_overview},
      {"/records", "GET", Role::Reader, answer_records},
      {"/groups", "GET", Role::Reader, answer_groups},
      {"/complete", "GET", Role::Reader, answer_complete},
      {"/filter/check", "GET", Role::Reader, answer_filter_check},
      {"/columns", "GET", Role::Reader,
       [](const HttpRequest&, const ApiContext&) { return answer_columns(); }},
      {"/terms", "GET", Role::Reader,
       [](const HttpRequest& request, const ApiContext&) { return answer_terms(request); }},
      {"/devices", "GET", Role::Reader,
       [](const HttpRequest&, const ApiContext& context) { return answer_devices(context); }},
      {"/accounting", "GET", Role::Reader,
       [](const HttpRequest&, const ApiContext& context) { return answer_accounting(context); }},
      {"/status", "GET", Role::Reader,
       [](const HttpRequest&, const ApiContext& context) { return answer_status(context); }},
      {"/openapi.json", "GET", Role::Reader,
       [](const HttpRequest&, const ApiContext&) {
         return json_answer(std::string(kOpenapiText));
       }},
      {"/explain", "POST", Role::Reader, answer_explain},
      {"/ingest", "POST", Role::Admin, answer_ingest},
      {"/sql", "POST", Role::Admin, answer_sql},
  });

  static HttpResponse wrong_method(std::string_view allowed) {
    HttpResponse response =
        error_answer(ApiError::BadParameter, fmt::format("this address takes {} only", allowed));
    response.status = 405;
    response.headers.emplace_back("Allow", allowed);
    return response;
  }

  Role role_of(const HttpRequest& request) const {
    const ApiOptions& o = context_.options;
    if (o.token.empty() && o.reader_token.empty()) return Role::Admin;
    constexpr std::string_view kBearer = "Bearer ";
    if (!request.authorization.starts_with(kBearer)) return Role::Anyone;
    const std::string_view given = std::string_view(request.authorization).substr(kBearer.size());
    if (!o.token.empty() && same_secret(given, o.token)) return Role::Admin;
    if (!o.reader_token.empty() && same_secret(given, o.reader_token)) return Role::Reader;
    return Role::Anyone;
  }

  // Without a token only this machine is served, and no page of another site may make a browser
  // here ask for it.
  std::optional<HttpResponse> refuse(const HttpRequest& request) const {
    const bool page = !request.path.starts_with(kBase) && request.path != "/metrics";
    if (context_.options.token.empty() && context_.options.reader_token.empty()) {
      if (!names_this_machine(request.host) ||
          (!request.origin.empty() && !names_this_machine(request.origin)))
        return error_answer(ApiError::Forbidden,
                            "without a token only requests that name this machine are answered",
                            "ask localhost, or set a token");
      return std::nullopt;
    }
    if (page || role_of(request) != Role::Anyone) return std::nullopt;
    return error_answer(ApiError::Unauthorized, "a token is required",
                        "send `Authorization: Bearer TOKEN` with a token of the configuration");
  }

  HttpResponse route(const HttpRequest& request, std::string_view path) {
    if (path == "/tail") return request.method == "GET" ? tail_.open(request) : wrong_method("GET");
    constexpr std::string_view kRecord = "/records/";
    if (path.starts_with(kRecord))
      return request.method == "GET" ? answer_record(path.substr(kRecord.size()), context_)
                                     : wrong_method("GET");
    for (const Route& route : kRoutes) {
      if (route.path != path) continue;
      if (request.method != route.method) return wrong_method(route.method);
      if (route.role > role_of(request))
        return error_answer(ApiError::Forbidden, "this token may only read",
                            "use the token of an administrator");
      return route.answer(request, context_);
    }
    return error_answer(ApiError::NotFound, fmt::format("nothing is at {}", request.path),
                        "/api/v1/openapi.json says what there is");
  }

  ApiContext context_;
  TailHub tail_;
};

Api::Api(Store& store, Ingestor& ingestor, ApiOptions options)
    : impl_(std::make_unique<Impl>(store, ingestor, std::move(options))) {}
Api::~Api() = default;
HttpResponse Api::handle(const HttpRequest& request) {
  return impl_->handle(request);
}

}  // namespace endreason
