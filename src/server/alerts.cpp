// SPDX-License-Identifier: Apache-2.0
// GET /alerts: what is watched, and how it stands; and the same for /metrics.
#include <fmt/format.h>

#include "server/api_support.hpp"

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

void append_alert_metrics(const ApiContext& context, std::string& out) {
  const auto alerts = alerts_of(context);
  if (alerts.empty()) return;
  const auto metric = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto value) {
    out += fmt::format("# HELP endreason_alert_{0} {1}\n# TYPE endreason_alert_{0} {2}\n", name,
                       help, type);
    for (const AlertView& alert : alerts)
      out += fmt::format("endreason_alert_{}{{alert=\"{}\"}} {}\n", name,
                         label_value(alert.options.name), value(alert));
  };
  metric("firing", "gauge", "1 while an episode of the alert lasts.",
         [](const AlertView& alert) { return alert.firing ? 1 : 0; });
  metric("sessions", "gauge", "Sessions that match, within the alert's window.",
         [](const AlertView& alert) { return alert.sessions; });
  metric("calls_total", "counter", "Calls of the webhook that went well.",
         [](const AlertView& alert) { return alert.calls_made; });
  metric("calls_failed_total", "counter", "Calls of the webhook that did not.",
         [](const AlertView& alert) { return alert.calls_failed; });
  metric("calls_given_up_total", "counter", "Calls that were not made at all.",
         [](const AlertView& alert) { return alert.calls_given_up; });
}

}  // namespace endreason
