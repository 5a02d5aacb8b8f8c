// SPDX-License-Identifier: Apache-2.0
// Judged records -> a table for a terminal, columns in the order of Monitor > Logs > Traffic with
// the verdict at the right. The first records are held back until the widths are settled by them.
#include "format/display_text.hpp"
#include "format/output_columns.hpp"
#include "format/table_layout.hpp"
#include "format/writers.hpp"

namespace endreason {
namespace {

constexpr std::size_t kRowsThatSettle = 200;  // a few screens; held in memory, so bounded

constexpr OutputColumn of(Field field) {
  return {true, field, VerdictColumn::FinalAction};
}
constexpr OutputColumn of(VerdictColumn column) {
  return {false, Field::Src, column};
}

constexpr bool same(const OutputColumn& a, const OutputColumn& b) {
  return a.is_field == b.is_field && (a.is_field ? a.field == b.field : a.verdict == b.verdict);
}

struct ColumnTitle {
  OutputColumn column;
  std::string_view title;  // of the traffic log page, where it differs from the detailed view
  std::string_view brief;  // where room is short
};
constexpr auto kTitles = std::to_array<ColumnTitle>({
    {of(Field::ReceiveTime), "Receive Time", "Time"},
    {of(Field::Subtype), "Type", "Type"},
    {of(Field::From), "From Zone", "From"},
    {of(Field::To), "To Zone", "To"},
    {of(Field::Src), "Source", "Source"},
    {of(Field::Srcuser), "Source User", "User"},
    {of(Field::Dst), "Destination", "Dest"},
    {of(Field::Dport), "To Port", "Port"},
    {of(Field::App), "Application", "App"},
    {of(Field::Rule), "Rule", "Rule"},
    {of(Field::SessionEndReason), "Session End Reason", "End Reason"},
    {of(VerdictColumn::FinalAction), "Final Action", "Final"},
});

struct Concession {
  OutputColumn column;
  std::size_t width;  // 0: dropped
};
// What gives way on a narrow terminal, in this order, after titles were shortened. Judgement: on a
// call both ends, the application, the actions and the end reason are needed most; the user, the
// bytes and the zones can be looked up. Columns of the verdict are never dropped.
constexpr auto kConcessions = std::to_array<Concession>({
    {of(Field::Srcuser), 12},
    {of(Field::Rule), 16},
    {of(VerdictColumn::Why), 40},
    {of(Field::Srcuser), 0},
    {of(Field::Bytes), 0},
    {of(Field::From), 8},
    {of(Field::To), 8},
    {of(Field::App), 14},
    {of(VerdictColumn::Why), 32},
    {of(Field::From), 0},
    {of(Field::To), 0},
    {of(Field::Rule), 12},
    {of(Field::Subtype), 0},
    {of(VerdictColumn::Why), 24},
    {of(Field::App), 10},
    {of(Field::SessionEndReason), 12},
    {of(Field::ReceiveTime), 0},
    {of(Field::Rule), 0},
    {of(VerdictColumn::Why), 20},
    {of(Field::Src), 15},
    {of(Field::Dst), 15},
    {of(Field::Action), 0},
    {of(Field::SessionEndReason), 0},
    {of(Field::App), 0},
    {of(VerdictColumn::Why), 12},
    {of(Field::Dport), 0},
});
// Columns that were asked for by name are cut, not dropped: all to the one width, then to the
// other.
constexpr std::size_t kWidthsOfChosen[] = {24, 16, 8};

const ColumnTitle* title_row(const OutputColumn& column) {
  for (const auto& row : kTitles)
    if (same(row.column, column)) return &row;
  return nullptr;
}

bool is_numeric(const OutputColumn& column) {
  if (!column.is_field)
    return column.verdict == VerdictColumn::Line || column.verdict == VerdictColumn::FlowEndReason;
  const FieldKind kind = info(column.field).kind;
  return kind == FieldKind::Number || kind == FieldKind::Port;
}

Ink ink_of(const Verdict& verdict) {
  if (verdict.final_action == FinalAction::Blocked) return Ink::Red;
  if (verdict.outcome == Outcome::InProgress || verdict.provisional) return Ink::Dim;
  if (verdict.final_action != FinalAction::Allowed) return Ink::None;
  if (verdict.outcome == Outcome::Failed) return Ink::Yellow;
  return verdict.outcome == Outcome::Succeeded ? Ink::Green : Ink::None;
}

class TableWriter : public RecordWriter {
 public:
  explicit TableWriter(const WriterOptions& options)
      : options_(options), chosen_(!options.columns.empty()), times_(options.clock) {
    if (!chosen_) options_.columns = default_columns();
  }

  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    times_.start(record);
    Row row{{}, ink_of(verdict)};
    for (const OutputColumn& column : options_.columns)
      row.cells.push_back(cell(column, record, verdict));
    if (settled_) {
      append_row(out, row);
      return;
    }
    held_.push_back(std::move(row));
    if (held_.size() == kRowsThatSettle) settle(out);
  }

  void end(std::string& out) override {
    if (!settled_ && !held_.empty()) settle(out);
  }

 private:
  struct Row {
    std::vector<std::string> cells;  // visible texts
    Ink ink;
  };

  std::string cell(const OutputColumn& column, const TrafficRecord& record,
                   const Verdict& verdict) {
    if (column.is_field) return visible(record.text(column.field));
    text_.clear();
    append_verdict_text(text_, column.verdict, record, verdict, options_, times_);
    return visible(text_);
  }

  static std::string_view title(const OutputColumn& column) {
    if (const ColumnTitle* row = title_row(column)) return row->title;
    return column.is_field ? info(column.field).title : info(column.verdict).title;
  }

  static std::string_view brief_title(const OutputColumn& column) {
    const ColumnTitle* row = title_row(column);
    return row != nullptr ? row->brief : title(column);
  }

  // The width of the widest text in the rows that are held.
  std::size_t text_width(std::size_t column) const {
    std::size_t width = 0;
    for (const Row& row : held_) width = std::max(width, display_width(row.cells[column]));
    return width;
  }

  std::vector<LayoutStep> steps(const std::vector<std::size_t>& texts) const {
    const auto& columns = options_.columns;
    std::vector<LayoutStep> steps;
    for (std::size_t i = columns.size(); i-- > 0;)
      if (texts[i] > 0 || chosen_)
        steps.push_back({i, std::max(texts[i], display_width(brief_title(columns[i])))});
    if (chosen_) {
      for (const std::size_t width : kWidthsOfChosen)
        for (std::size_t i = columns.size(); i-- > 0;) steps.push_back({i, width});
      return steps;
    }
    for (const Concession& concession : kConcessions)
      for (std::size_t i = 0; i < columns.size(); ++i)
        if (same(columns[i], concession.column)) steps.push_back({i, concession.width});
    return steps;
  }

  void settle(std::string& out) {
    std::vector<std::size_t> texts;
    std::vector<std::size_t> natural;
    for (std::size_t i = 0; i < options_.columns.size(); ++i) {
      texts.push_back(text_width(i));
      // A column that nobody asked for and that says nothing is left out.
      const bool shown = chosen_ || texts[i] > 0;
      natural.push_back(shown ? std::max(texts[i], display_width(title(options_.columns[i]))) : 0);
    }
    widths_ = fit_columns(natural, steps(texts), options_.terminal_width);
    settled_ = true;
    Row header{{}, Ink::Bold};
    for (std::size_t i = 0; i < options_.columns.size(); ++i) {
      const std::string_view full = title(options_.columns[i]);
      header.cells.emplace_back(
          display_width(full) <= widths_[i] ? full : brief_title(options_.columns[i]));
    }
    append_row(out, header);
    for (const Row& row : held_) append_row(out, row);
    held_.clear();
    held_.shrink_to_fit();
  }

  // One line. Blanks pad to the left of numbers and to the right of texts, but not at the line's
  // end.
  void append_row(std::string& out, const Row& row) {
    std::size_t owed = 0;  // blanks to write when something follows
    bool first = true;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      const std::size_t width = widths_[i];
      if (width == 0) continue;
      if (!first) owed += kColumnGap;
      first = false;
      const bool uncut = options_.terminal_width == 0;
      const std::string text = uncut ? row.cells[i] : cut_to_width(row.cells[i], width);
      const std::size_t used = display_width(text);
      const std::size_t padding = width > used ? width - used : 0;
      if (is_numeric(options_.columns[i])) owed += padding;
      if (text.empty()) {
        owed += is_numeric(options_.columns[i]) ? 0 : padding;
        continue;
      }
      out.append(owed, ' ');
      append_inked(out, text, ink_at(i, row), options_.colour);
      owed = is_numeric(options_.columns[i]) ? 0 : padding;
    }
    out += '\n';
  }

  // The verdict is coloured, the log's own columns are not; a header is bold all over.
  Ink ink_at(std::size_t column, const Row& row) const {
    return row.ink == Ink::Bold || !options_.columns[column].is_field ? row.ink : Ink::None;
  }

  WriterOptions options_;
  bool chosen_;  // --fields: every column was asked for
  TimeText times_;
  std::vector<Row> held_;
  std::vector<std::size_t> widths_;
  bool settled_ = false;
  std::string text_;
};

}  // namespace

std::unique_ptr<RecordWriter> make_table_writer(const WriterOptions& options) {
  return std::make_unique<TableWriter>(options);
}

}  // namespace endreason
