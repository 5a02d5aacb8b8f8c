// SPDX-License-Identifier: Apache-2.0
// GET /alerts: what is watched, and how it stands; and the same for /metrics.
#include "server/api_support.hpp"
#include "server/metrics_text.hpp"

namespace endreason {
namespace {

// "https://hooks.example:8443": what stands behind may be a secret.
std::string_view host_of(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  return url.substr(0, url.find_first_of("/?#", begin + 3));
}

std::vector<AlertView> alerts_of(const ApiContext& context) {
  return context.options.alerts ? context.options.alerts() : std::vector<AlertView>{};
}

}  // namespace

HttpResponse answer_alerts(const ApiContext& context) {
  std::string body;
  JsonWriter json(body);
  json.array();
  for (const AlertView& alert : alerts_of(context)) {
    json.object().text("name", alert.options.name).text("filter", alert.options.filter);
    json.number("threshold", alert.options.threshold);
    json.number("window_seconds", alert.options.window_s);
    json.text("state", alert.firing ? "firing" : "quiet").number("sessions", alert.sessions);
    json.number("episodes", alert.episodes).number("peak", alert.peak);
    json.text_or_null("since", alert.since_micros == 0 ? "" : time_text(alert.since_micros));
    json.key("webhook").object().text("host", host_of(alert.options.webhook));
    json.number("called", alert.calls_made).number("waiting", alert.calls_waiting);
    json.number("failed", alert.calls_failed).number("given_up", alert.calls_given_up);
    json.text_or_null("last_error", alert.last_error).end_object().end_object();
  }
  json.end_array();
  return json_answer(std::move(body));
}

void append_alert_metrics(const ApiContext& context, MetricsText& text) {
  const auto alerts = alerts_of(context);
  const auto metric = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto value) {
    text.each(
        name, type, help, "alert", alerts,
        [](const AlertView& alert) { return std::string_view(alert.options.name); }, value);
  };
  metric("alert_firing", "gauge", "1 while an episode of the alert lasts.",
         [](const AlertView& alert) { return alert.firing ? 1u : 0u; });
  metric("alert_sessions", "gauge", "Sessions that match, within the alert's window.",
         [](const AlertView& alert) { return alert.sessions; });
  metric("alert_calls_total", "counter", "Calls of the webhook that went well.",
         [](const AlertView& alert) { return alert.calls_made; });
  metric("alert_calls_failed_total", "counter", "Calls of the webhook that did not.",
         [](const AlertView& alert) { return alert.calls_failed; });
  metric("alert_calls_given_up_total", "counter", "Calls that were not made at all.",
         [](const AlertView& alert) { return alert.calls_given_up; });
}

}  // namespace endreason
