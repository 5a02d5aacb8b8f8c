// SPDX-License-Identifier: Apache-2.0
#include "server/api.hpp"

#include <array>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include "server/api_support.hpp"
#include "server/openapi_text.hpp"
#include "server/request_rate.hpp"
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
  // While the database is away lines are taken all the same: they wait in the spool.
  const bool taking = s.state == IngestState::Running || s.state == IngestState::StoreAway;
  response.status = taking ? 200 : 503;
  response.body = s.state == IngestState::Running ? "ok\n" : std::string(log_name(s.state)) + "\n";
  return response;
}

}  // namespace

class Api::Impl {
 public:
  Impl(Store& store, Ingestor& ingestor, ApiOptions options)
      : store_(store), ingestor_(ingestor), started_micros_(options.now_micros()), tail_(ingestor) {
    change(std::move(options));
  }

  void change(ApiOptions options) {
    rate_.set(options.requests_per_minute);
    auto next = std::make_shared<const ApiContext>(
        ApiContext{store_, ingestor_, std::move(options), started_micros_});
    const std::scoped_lock lock(context_mutex_);
    context_ = std::move(next);
  }

  HttpResponse handle(const HttpRequest& request) {
    const std::shared_ptr<const ApiContext> context = this->context();
    const std::int64_t began = context->options.now_micros();
    HttpResponse response = answer_or_fail(request, *context);
    // What goes on asks in the context that it began in.
    if (response.stream)
      response.stream = {response.stream.get(), [context, own = response.stream](HttpStream*) {}};
    if (context->options.log) tell(request, response, context->options, began);
    if (const std::string missing = context->store.missing_part(); !missing.empty())
      response.headers.emplace_back("X-Endreason-Partial", missing);
    return response;
  }

 private:
  std::shared_ptr<const ApiContext> context() const {
    const std::scoped_lock lock(context_mutex_);
    return context_;
  }

  HttpResponse answer(const HttpRequest& request, const ApiContext& context) {
    if (request.path == "/healthz") return answer_health(context);
    if (auto refused = refuse(request, context)) return *std::move(refused);
    if (request.path == "/metrics") return answer_metrics(context);
    if (request.path.starts_with(kBase))
      return route(request, std::string_view(request.path).substr(kBase.size()), context);
    if (request.method == "GET" || request.method == "HEAD") return answer_page(request);
    return wrong_method("GET");
  }

  static void tell_failure(const HttpRequest& request, const ApiOptions& options,
                           std::string_view what) {
    if (options.log)
      options.log->error("request-failed",
                         fmt::format("{} {} failed: {}", request.method, request.path, what));
  }

  HttpResponse answer_or_fail(const HttpRequest& request, const ApiContext& context) {
    try {
      return answer(request, context);
    } catch (const std::exception& e) {
      tell_failure(request, context.options, e.what());
      return error_answer(ApiError::Internal, "the server failed at this; its log says how");
    }
  }

  // Without what was asked for: a filter may name people, and the path says enough.
  static void tell(const HttpRequest& request, const HttpResponse& response,
                   const ApiOptions& options, std::int64_t began) {
    if (!options.log->wants(LogLevel::Debug)) return;
    const std::string millis =
        fmt::format("{:.1f}", static_cast<double>(options.now_micros() - began) / 1000);
    options.log->write(LogLevel::Debug, "request",
                       fmt::format("{} {} {}: {} in {} ms", request.remote, request.method,
                                   request.path, response.status, millis),
                       {{"client", request.remote},
                        {"method", request.method},
                        {"path", request.path},
                        {"status", fmt::format("{}", response.status)},
                        {"milliseconds", millis}});
  }

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
      {"/alerts", "GET", Role::Reader,
       [](const HttpRequest&, const ApiContext& context) { return answer_alerts(context); }},
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

  static Role role_of(const HttpRequest& request, const ApiOptions& o) {
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
  static std::optional<HttpResponse> refuse(const HttpRequest& request, const ApiContext& context) {
    const bool page = !request.path.starts_with(kBase) && request.path != "/metrics";
    const ApiOptions& o = context.options;
    if (o.token.empty() && o.reader_token.empty()) {
      if (!names_this_machine(request.host) ||
          (!request.origin.empty() && !names_this_machine(request.origin)))
        return error_answer(ApiError::Forbidden,
                            "without a token only requests that name this machine are answered",
                            "ask localhost, or set a token");
      return std::nullopt;
    }
    if (page || role_of(request, o) != Role::Anyone) return std::nullopt;
    return error_answer(ApiError::Unauthorized, "a token is required",
                        "send `Authorization: Bearer TOKEN` with a token of the configuration");
  }

  HttpResponse route(const HttpRequest& request, std::string_view path, const ApiContext& context) {
    if (path != "/ingest")
      if (const auto wait = rate_.wait_seconds(request.remote, context.options.now_micros()))
        return too_many(context.options.requests_per_minute, *wait);
    if (path == "/tail")
      return request.method == "GET" ? tail_.open(request, context) : wrong_method("GET");
    constexpr std::string_view kRecord = "/records/";
    if (path.starts_with(kRecord))
      return request.method == "GET" ? answer_record(path.substr(kRecord.size()), context)
                                     : wrong_method("GET");
    for (const Route& route : kRoutes) {
      if (route.path != path) continue;
      if (request.method != route.method) return wrong_method(route.method);
      if (route.role > role_of(request, context.options))
        return error_answer(ApiError::Forbidden, "this token may only read",
                            "use the token of an administrator");
      return route.answer(request, context);
    }
    return error_answer(ApiError::NotFound, fmt::format("nothing is at {}", request.path),
                        "/api/v1/openapi.json says what there is");
  }

  static HttpResponse too_many(std::uint64_t per_minute, std::int64_t wait) {
    HttpResponse response = error_answer(
        ApiError::TooMany,
        fmt::format("more than {} questions in a minute came from this client", per_minute),
        fmt::format("ask again in {} s, or raise requests-per-minute", wait));
    response.headers.emplace_back("Retry-After", fmt::format("{}", wait));
    return response;
  }

  Store& store_;
  Ingestor& ingestor_;
  std::int64_t started_micros_;
  mutable std::mutex context_mutex_;
  std::shared_ptr<const ApiContext> context_;
  RequestRate rate_;
  TailHub tail_;
};

Api::Api(Store& store, Ingestor& ingestor, ApiOptions options)
    : impl_(std::make_unique<Impl>(store, ingestor, std::move(options))) {}
Api::~Api() = default;
HttpResponse Api::handle(const HttpRequest& request) {
  return impl_->handle(request);
}
void Api::change(ApiOptions next) {
  impl_->change(std::move(next));
}

}  // namespace endreason
