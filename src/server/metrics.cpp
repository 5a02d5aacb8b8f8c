// SPDX-License-Identifier: Apache-2.0
// /metrics, for Prometheus.
#include <algorithm>

#include "server/api_support.hpp"
#include "server/file_intake.hpp"
#include "server/metrics_text.hpp"

namespace endreason {
namespace {

void append_followed(MetricsText& text, const std::vector<FollowedFile>& files) {
  const auto path = [](const FollowedFile& file) { return std::string_view(file.path); };
  text.each("followed_bytes_behind", "gauge", "Bytes of a followed file that were not read yet.",
            "file", files, path,
            [](const FollowedFile& file) { return file.size - std::min(file.size, file.offset); });
  text.each("followed_there", "gauge", "1 while the followed file is there.", "file", files, path,
            [](const FollowedFile& file) { return file.there ? 1u : 0u; });
}

void append_counts(MetricsText& text, const IngestSnapshot& s) {
  text.one("received_total", "counter", "Lines received; the sum of the next six.", s.received());
  text.one("stored_total", "counter", "Rows stored.", s.total.stored);
  text.one("duplicates_total", "counter", "Copies of rows that were stored already.",
           s.total.duplicates);
  text.one("spooled", "gauge", "Lines in the spool, not stored yet.", s.spooled);
  text.one("rejected_total", "counter", "Lines that are no log, or a broken one.",
           s.total.rejected);
  text.one("other_types_total", "counter", "Rows of other log types.", s.total.other);
  text.one("blank_total", "counter", "Blank lines.", s.total.blank);
}

void append_heard(MetricsText& text, const IngestSnapshot& s, const ListenerCounts& heard) {
  std::uint64_t dropped = 0;
  for (const auto& sender : s.senders) dropped += sender.dropped;
  text.one("dropped_total", "counter", "Messages that came while the spool was full (UDP).",
           dropped);
  text.one("kernel_dropped_total", "counter", "Messages that the kernel dropped (UDP).",
           heard.kernel_dropped);
  text.one("cut_messages_total", "counter",
           "Messages over TCP and TLS that were too long, and cut.", heard.cut);
  text.one("refused_connections_total", "counter",
           "Connections of syslog senders that were closed because there were too many.",
           heard.refused);
}

void append_senders(MetricsText& text, const IngestSnapshot& s) {
  using Sender = IngestSnapshot::Sender;
  const auto name = [](const Sender& sender) { return std::string_view(sender.name); };
  text.each("sender_lines_total", "counter", "Lines read, by sender.", "sender", s.senders, name,
            [](const Sender& sender) { return sender.counts.lines(); });
  std::vector<Sender> losing;
  for (const Sender& sender : s.senders)
    if (sender.dropped > 0) losing.push_back(sender);
  text.each("sender_dropped_total", "counter", "Messages that were dropped (UDP), by sender.",
            "sender", losing, name, [](const Sender& sender) { return sender.dropped; });
}

}  // namespace

HttpResponse answer_metrics(const ApiContext& context) {
  const IngestSnapshot s = context.ingestor.snapshot();
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  MetricsText text(response.body);
  append_counts(text, s);
  text.one("rows_behind", "gauge", "Stored rows that are not in the roll-ups yet.",
           context.store.rows_behind());
  append_heard(text, s, context.options.listener ? context.options.listener() : ListenerCounts{});
  if (const FileIntake* files = context.options.files; files != nullptr) {
    const WatchCounts watched = files->watched();
    text.one("watched_files_read_total", "counter", "Files of watched folders that were read.",
             watched.read);
    text.one("watched_files_failed_total", "counter", "Of these, not or not wholly readable.",
             watched.failed);
    append_followed(text, files->followed());
  }
  text.one("spool_bytes", "gauge", "Bytes of the spool.", s.spool_bytes);
  text.one("spool_bytes_max", "gauge", "Bytes that the spool may have.", s.spool_bytes_max);
  text.one("spool_damaged_bytes_total", "counter", "Bytes of the spool that could not be read.",
           s.damaged_bytes);
  text.one("database_bytes", "gauge", "Bytes of the database.", context.store.bytes_on_disk());
  text.one("queries_running", "gauge", "Queries that run now.", context.store.queries_running());
  text.one("taking", "gauge", "1 while lines are taken, 0 while they are not.",
           s.state == IngestState::Running ? 1u : 0u);
  append_senders(text, s);
  append_alert_metrics(context, text);
  return response;
}

}  // namespace endreason
