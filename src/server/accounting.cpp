// SPDX-License-Identifier: Apache-2.0
// /accounting and /status: what became of all that was received, by sender, and how the server is.
#include <algorithm>

#include "server/api_support.hpp"

namespace endreason {

constexpr std::int64_t kMicros = 1'000'000;

HttpResponse answer_accounting(const ApiContext& context) {
  const IngestSnapshot s = context.ingestor.snapshot();
  std::string body;
  JsonWriter json(body);
  json.object().number("received", s.received()).number("spooled", s.spooled);
  append_counts(json, s.total);
  json.key("by_type").object();
  for (const auto& [type, count] : s.other_types) json.number(type, count);
  json.end_object().key("by_source").array();
  for (const auto& sender : s.senders) {
    json.object().text("source", sender.name).number("received", sender.counts.lines());
    append_counts(json, sender.counts);
    json.number("bytes", sender.counts.bytes).number("dropped_udp", sender.dropped);
    json.text_or_null("last", sender.last_micros == 0 ? "" : time_text(sender.last_micros));
    json.end_object();
  }
  const ListenerCounts heard =
      context.options.listener ? context.options.listener() : ListenerCounts{};
  json.end_array().number("dropped_by_kernel", heard.kernel_dropped);
  json.number("cut_messages", heard.cut).number("refused_connections", heard.refused);
  json.number("damaged_bytes", s.damaged_bytes).key("rejects").array();
  for (const RejectedLine& r : s.rejects) {
    json.object().text("time", time_text(r.time_micros)).text("source", r.sender);
    json.number("line", r.line).text_or_null("column", r.column).text("expected", r.expected);
    json.text("found", r.found).text("text", r.text).end_object();
  }
  const IngestCounts& t = s.total;
  json.end_array().boolean("balanced", s.received() == t.stored + t.duplicates + t.rejected +
                                                           t.other + t.blank + s.spooled);
  json.end_object();
  return json_answer(std::move(body));
}

HttpResponse answer_status(const ApiContext& context) {
  const auto span = context.store.span(context.limits());
  if (!span) return store_error(span.error());
  const IngestSnapshot s = context.ingestor.snapshot();
  std::string body;
  JsonWriter json(body);
  json.object().text("version", context.options.version).key("store").object();
  json.text("kind", context.store.kind()).text("folder", context.options.folder);
  json.number("bytes", context.store.bytes_on_disk()).number("rows", span->rows);
  json.text_or_null("oldest", span->first ? time_text(*span->first) : "");
  json.text_or_null("newest", span->last ? time_text(*span->last) : "");
  json.text_or_null("missing", context.store.missing_part());
  json.end_object().text("state", log_name(s.state)).text_or_null("problem", s.problem);
  // Not below 0 when the clock was put back.
  json.number(
      "uptime_seconds",
      std::max<std::int64_t>((context.options.now_micros() - context.started_micros) / kMicros, 0));
  json.number("queries_running", context.store.queries_running());
  json.key("spool").object().number("bytes", s.spool_bytes).number("bytes_max", s.spool_bytes_max);
  json.number("lines", s.spooled).number("damaged_bytes", s.damaged_bytes).end_object();
  json.end_object();
  return json_answer(std::move(body));
}

}  // namespace endreason
