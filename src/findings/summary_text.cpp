// SPDX-License-Identifier: Apache-2.0
// SummaryReport -> a report to read, 100 columns wide; only filters may be longer, since a filter
// that is cut cannot be pasted.
#include <algorithm>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "findings/log_filter.hpp"
#include "findings/printable.hpp"
#include "findings/summary_report.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::size_t kReportColumns = 100;
constexpr std::size_t kLabelColumns = 46;
constexpr std::size_t kNameColumns = 40;
// A source that fails towards fewer targets is told by its destinations.
constexpr std::uint64_t kSpreadTargetsMin = 10;

std::string grouped(std::uint64_t value) {
  std::string digits = fmt::format("{}", value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0 || part == 0) return "-";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.05) return "<0.1 %";
  if (part != whole && percent > 99.95) return ">99.9 %";
  return fmt::format("{:.1f} %", percent);
}

std::string counted(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", grouped(count), one, count == 1 ? "" : "s");
}

class TextReport {
 public:
  TextReport(const SummaryReport& report, const SummaryTextOptions& options, std::string& out)
      : report_(report), totals_(report.totals), options_(options), out_(out) {}

  void all();
  void contradictions();

 private:
  std::string_view why(ReasonCode reason) const {
    return options_.why != nullptr ? options_.why(reason) : log_name(reason);
  }
  void styled(std::string_view code, std::string_view text) {
    if (options_.colour) out_ += fmt::format("\x1b[{}m", code);
    out_ += text;
    if (options_.colour) out_ += "\x1b[0m";
  }
  void heading(std::string_view title, bool columns) {
    out_ += '\n';
    styled("1", title);
    if (columns) {
      const std::size_t pad =
          title.size() < kLabelColumns + 2 ? kLabelColumns + 2 - title.size() : 1;
      out_.append(pad, ' ');
      styled("2", fmt::format("{:>15} {:>8} {:>11} {:>15}", "sessions", "share", "bytes", "rows"));
    }
    out_ += '\n';
  }
  void label(std::string_view text) {
    out_ += "  ";
    const std::size_t used = append_printable(text, kLabelColumns, out_);
    out_.append(kLabelColumns - used, ' ');
  }
  void line(std::string_view text, const Count& count, std::uint64_t whole) {
    label(text);
    out_ +=
        fmt::format("{:>15} {:>8} {:>11} {:>15}\n", grouped(count.sessions),
                    share(count.sessions, whole), human_bytes(count.bytes), grouped(count.rows));
  }
  void filter(std::string_view text, std::size_t indent) {
    if (text.empty()) return;
    out_.append(indent, ' ');
    styled("2", text);
    out_ += '\n';
  }
  template <class Label>
  void lines_by_size(std::span<const Count> counts, std::uint64_t whole, Label&& label_of);

  void what_was_read();
  void final_action();
  void blocked_though_allowed();
  void outcome();
  void ended_by();
  void reasons();
  void causes(GroupKind kind, std::string_view title);
  void cause(std::size_t number, const RankedGroup& group);
  void sources();
  void top(GroupKind kind, std::string_view title, std::uint64_t whole);

  const SummaryReport& report_;
  const SummaryTotals& totals_;
  const SummaryTextOptions& options_;
  std::string& out_;
};

void TextReport::what_was_read() {
  const Count all = totals_.all();
  styled("1", fmt::format("{}, {}, {}", counted(all.rows, "traffic row"),
                          counted(all.sessions, "session"), human_bytes(all.bytes)));
  out_ += "\n";
  out_ +=
      "  Sessions and bytes count the rows that are not of subtype start; a row stands for as "
      "many\n  sessions as its repeat count says.";
  if (totals_.start_rows > 0)
    out_ += fmt::format(" Rows of subtype start: {}.", grouped(totals_.start_rows));
  out_ += '\n';
  if (totals_.provisional_rows > 0)
    out_ += fmt::format("  Provisional, the session went on: {}.\n",
                        counted(totals_.provisional_rows, "row"));
}

void TextReport::final_action() {
  const std::uint64_t whole = totals_.all().sessions;
  heading("Final action", true);
  line("Allowed", totals_.of(FinalAction::Allowed), whole);
  line("Blocked", totals_.of(FinalAction::Blocked), whole);
  const auto& blocked = totals_.by_decision[static_cast<std::size_t>(FinalAction::Blocked)];
  for (const auto& decided_by : kDecidedBy) {
    const Count& count = blocked[static_cast<std::size_t>(decided_by.value)];
    if (count.rows > 0) line(fmt::format("  decided by {}", decided_by.log_name), count, whole);
  }
  const Count undetermined = totals_.of(FinalAction::Undetermined);
  if (undetermined.rows > 0) line("Undetermined", undetermined, whole);
}

// The counters that are not empty, most sessions first.
template <class Label>
void TextReport::lines_by_size(std::span<const Count> counts, std::uint64_t whole,
                               Label&& label_of) {
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return counts[a].sessions > counts[b].sessions;
  });
  for (const std::size_t i : order)
    if (counts[i].rows > 0) line(label_of(i), counts[i], whole);
}

void TextReport::blocked_though_allowed() {
  Count sum;
  for (const Count& count : totals_.blocked_though_allowed) sum.add(count);
  if (sum.rows == 0) return;
  const std::uint64_t whole = totals_.all().sessions;
  heading("Counted as allowed by action alone, blocked in fact", false);
  line("All", sum, whole);
  lines_by_size(totals_.blocked_though_allowed, whole, [&](std::size_t i) {
    return fmt::format("  {}", why(static_cast<ReasonCode>(i)));
  });
}

void TextReport::outcome() {
  const std::uint64_t whole = totals_.of(FinalAction::Allowed).sessions;
  const auto& allowed = totals_.by_outcome[static_cast<std::size_t>(FinalAction::Allowed)];
  if (totals_.of(FinalAction::Allowed).rows == 0) return;
  heading("Of the allowed: did they work?", true);
  for (std::size_t i = 0; i < allowed.size(); ++i)
    if (allowed[i].rows > 0) line(kOutcomes[i].log_name, allowed[i], whole);
}

void TextReport::ended_by() {
  heading("Ended by", true);
  lines_by_size(totals_.by_ended_by, totals_.all().sessions,
                [](std::size_t i) { return std::string(kEndedBy[i].log_name); });
}

void TextReport::reasons() {
  heading("Why", true);
  lines_by_size(totals_.by_reason, totals_.all().sessions,
                [&](std::size_t i) { return std::string(why(static_cast<ReasonCode>(i))); });
}

std::string service_text(const Service& service) {
  std::string text;
  if (service.port) text += fmt::format(" port {}", *service.port);
  if (service.proto) {
    const std::string_view name = protocol_name(*service.proto);
    text += service.port ? "/" : " ";
    text += name.empty() ? fmt::format("protocol {}", *service.proto) : std::string(name);
  }
  return text;
}

// "dst 10.1.1.1 port 443/tcp: 1,203 sessions from 40 sources, SYN never answered"
void TextReport::cause(std::size_t number, const RankedGroup& group) {
  const bool is_source = group.name.kind == GroupKind::CauseSource;
  const bool is_rule = group.name.kind == GroupKind::CauseBlockedRule;
  std::string what = fmt::format("  {:>2}. {} ", number,
                                 is_source ? "src"
                                 : is_rule ? "rule"
                                           : "dst");
  append_printable(group.name.subject.empty() ? "(none)" : group.name.subject, kNameColumns, what);
  what +=
      fmt::format("{}: {}", service_text(group.name.service), counted(group.sessions, "session"));
  if (!is_source) {
    what += fmt::format(" from {},", counted(group.members, "source"));
  } else {
    what += fmt::format(" to {}", counted(group.destinations, "destination"));
    if (group.members != group.destinations)
      what += fmt::format(" ({})", counted(group.members, "target"));
    what += ',';
  }
  std::string end(why(group.name.reason));
  if (is_source && looks_like_scan(group)) end += "; looks like a scan";
  // Bytes are never fewer than cells, so a line that is taken to fit does.
  const bool one_line = what.size() + 1 + end.size() <= kReportColumns;
  out_ += fmt::format("{}{}{}\n", what, one_line ? " " : "\n      ", end);
  filter(group.filter, 6);
}

void TextReport::causes(GroupKind kind, std::string_view title) {
  const Ranking& ranking = report_.ranking(kind);
  if (ranking.leading.empty()) return;
  heading(fmt::format("{} ({} of {})", title, ranking.leading.size(), grouped(ranking.groups)),
          false);
  for (std::size_t i = 0; i < ranking.leading.size(); ++i) cause(i + 1, ranking.leading[i]);
}

void TextReport::sources() {
  const auto& leading = report_.ranking(GroupKind::CauseSource).leading;
  const auto end = std::find_if(leading.begin(), leading.end(), [](const RankedGroup& group) {
    return group.members < kSpreadTargetsMin;
  });
  if (end == leading.begin()) return;
  heading("Sources that meet the same end at many targets", false);
  for (auto source = leading.begin(); source != end; ++source)
    cause(static_cast<std::size_t>(source - leading.begin()) + 1, *source);
}

void TextReport::top(GroupKind kind, std::string_view title, std::uint64_t whole) {
  const Ranking& ranking = report_.ranking(kind);
  if (ranking.leading.empty()) return;
  const std::string text =
      fmt::format("{} ({} of {})", title, ranking.leading.size(), grouped(ranking.groups));
  out_ += '\n';
  styled("1", text);
  out_.append(text.size() < kLabelColumns + 2 ? kLabelColumns + 2 - text.size() : 1, ' ');
  styled("2", fmt::format("{:>15} {:>8} {:>11}", "sessions", "share", "bytes"));
  out_ += '\n';
  for (const RankedGroup& group : ranking.leading) {
    label(group.name.subject.empty() ? "(none)" : std::string_view(group.name.subject));
    out_ += fmt::format("{:>15} {:>8} {:>11}\n", grouped(group.sessions),
                        share(group.sessions, whole), human_bytes(group.bytes));
  }
}

void TextReport::contradictions() {
  if (totals_.contradicting.rows == 0) {
    heading("Contradictions", false);
    out_ += "  None: no row has columns that disagree.\n";
    return;
  }
  heading("Contradictions", true);
  line("Rows whose columns disagree", totals_.contradicting, totals_.all().sessions);
  for (std::size_t i = 0; i < kContradictions.size(); ++i) {
    const Count& count = totals_.by_contradiction[i];
    if (count.rows == 0) continue;
    const ContradictionInfo& about = describe(kContradictions[i].value);
    line(fmt::format("  {}", kContradictions[i].log_name), count, totals_.all().sessions);
    if (!about.meaning.empty()) out_ += fmt::format("      {}\n", about.meaning);
    filter(about.filter, 6);
  }
}

void TextReport::all() {
  if (totals_.all().rows == 0) {
    out_ += "No traffic rows were read.\n";
    return;
  }
  what_was_read();
  final_action();
  blocked_though_allowed();
  outcome();
  ended_by();
  reasons();
  causes(GroupKind::CauseFailedDestination, "Leading causes of failure: allowed, but it failed");
  causes(GroupKind::CauseBlockedRule, "Leading causes of blocking, by rule");
  causes(GroupKind::CauseBlockedDestination, "Leading causes of blocking, by destination");
  sources();
  const std::uint64_t blocked = totals_.of(FinalAction::Blocked).sessions;
  top(GroupKind::BlockedRule, "Blocked: rules", blocked);
  top(GroupKind::BlockedApp, "Blocked: applications", blocked);
  top(GroupKind::BlockedSource, "Blocked: sources", blocked);
  top(GroupKind::BlockedDestination, "Blocked: destinations", blocked);
  const std::uint64_t failed = totals_
                                   .by_outcome[static_cast<std::size_t>(FinalAction::Allowed)]
                                              [static_cast<std::size_t>(Outcome::Failed)]
                                   .sessions;
  top(GroupKind::FailedRule, "Allowed, but failed: rules", failed);
  top(GroupKind::FailedApp, "Allowed, but failed: applications", failed);
  top(GroupKind::FailedSource, "Allowed, but failed: sources", failed);
  top(GroupKind::FailedDestination, "Allowed, but failed: destinations", failed);
  contradictions();
}

}  // namespace

void append_text(const SummaryReport& report, const SummaryTextOptions& options, std::string& out) {
  TextReport(report, options, out).all();
}

void append_contradictions(const SummaryReport& report, const SummaryTextOptions& options,
                           std::string& out) {
  TextReport(report, options, out).contradictions();
}

}  // namespace endreason
