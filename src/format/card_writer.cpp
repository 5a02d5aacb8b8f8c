// SPDX-License-Identifier: Apache-2.0
// One judged record -> a card to read on a call: what happened, why, by which columns, what usually
// causes it, what to check next. Commands stand on lines of their own, ready to copy.
#include "format/display_text.hpp"
#include "format/output_columns.hpp"
#include "format/writers.hpp"

namespace endreason {
namespace {

constexpr unsigned kWidthWithoutTerminal = 100;
constexpr unsigned kNarrowestCard = 40;

struct ContradictionSentence {
  Contradiction value;
  std::string_view text;
};
constexpr auto kContradictionSentences = std::to_array<ContradictionSentence>({
    {Contradiction::AllowWithThreat, "the action says allow, the end reason says threat"},
    {Contradiction::AllowWithPolicyDeny, "the action says allow, the end reason says policy-deny"},
    {Contradiction::AllowWithDecryptFailure,
     "the action says allow, the end reason says that decryption failed"},
    {Contradiction::AllowWithResourcesUnavailable,
     "the action says allow, the end reason says resources-unavailable"},
    {Contradiction::AllowWithNotApplicable,
     "the action says allow, the application says that no rule allowed the service"},
    {Contradiction::AllowWithDenyType,
     "the action says allow, the type of the row says drop or deny"},
    {Contradiction::AllowWithUrlDenied,
     "the action says allow, a flag says that URL filtering denied a request"},
    {Contradiction::EndWithoutReason, "the row is of type end, yet it has no end reason"},
    {Contradiction::EndWithNothingReceived,
     "the session ended as if it had worked, yet nothing came back"},
    {Contradiction::EndWithSessionIdZero, "the row is of type end, yet its session id is 0"},
});
static_assert(rows_in_enum_order(kContradictionSentences));
static_assert(kContradictionSentences.size() == kContradictions.size());

Ink headline_ink(const Verdict& verdict) {
  if (verdict.final_action == FinalAction::Blocked) return Ink::Red;
  if (verdict.final_action == FinalAction::Undetermined) return Ink::Bold;
  if (verdict.outcome == Outcome::Failed || verdict.outcome == Outcome::Partial) return Ink::Yellow;
  return verdict.outcome == Outcome::Succeeded ? Ink::Green : Ink::Bold;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

class CardWriter : public RecordWriter {
 public:
  explicit CardWriter(const WriterOptions& options) : options_(options), times_(options.clock) {
    width_ = options_.terminal_width == 0 ? kWidthWithoutTerminal : options_.terminal_width;
    width_ = std::max(width_, kNarrowestCard);
  }

  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    times_.start(record);
    Explanation told;
    if (options_.explain != nullptr) told = options_.explain(record, verdict);
    if (!first_) out += '\n';
    first_ = false;
    headline(out, verdict, told);
    session(out, record);
    judgement(out, verdict);
    why(out, verdict, told);
    evidence(out, record, verdict);
    contradictions(out, verdict);
    causes(out, told);
    checks(out, told);
    notes(out, told);
    footer(out, record, told);
  }

 private:
  void heading(std::string& out, std::string_view text) const {
    out += '\n';
    append_inked(out, text, Ink::Bold, options_.colour);
    out += '\n';
  }

  // A paragraph; `lead` stands before its first line, as many blanks before the others.
  void paragraph(std::string& out, std::string_view lead, std::string_view text,
                 Ink ink = Ink::None) const {
    const std::size_t indent = display_width(lead);
    bool first = true;
    for (const std::string& line : wrap(visible(text), width_ - indent)) {
      if (first) {
        out += lead;
      } else {
        out.append(indent, ' ');
      }
      first = false;
      append_inked(out, line, ink, options_.colour);
      out += '\n';
    }
  }

  void headline(std::string& out, const Verdict& verdict, const Explanation& told) const {
    const std::string action = upper(log_name(verdict.final_action));
    append_inked(out, action, headline_ink(verdict), options_.colour);
    const std::string text =
        told.headline.empty() ? std::string(why_text(options_, verdict)) : told.headline;
    bool first = true;
    for (const std::string& line : wrap(visible(text), width_ - action.size() - 2)) {
      out.append(first ? 2 : action.size() + 2, ' ');
      first = false;
      append_inked(out, line, Ink::Bold, options_.colour);
      out += '\n';
    }
  }

  static std::string end_point(const TrafficRecord& record, Field address, Field port, Field zone,
                               Field user) {
    const std::string_view ip = record.text(address);
    const bool v6 = ip.find(':') != std::string_view::npos;
    std::string out = ip.empty() ? "?" : v6 ? "[" + visible(ip) + "]" : visible(ip);
    if (record.has(port)) out += ":" + visible(record.text(port));
    std::string where;
    if (record.has(zone)) where = "zone " + visible(record.text(zone));
    if (record.has(user))
      where += (where.empty() ? "user " : ", user ") + visible(record.text(user));
    return where.empty() ? out : out + " (" + where + ")";
  }

  void session(std::string& out, const TrafficRecord& record) const {
    const std::string from =
        end_point(record, Field::Src, Field::Sport, Field::From, Field::Srcuser);
    const std::string to = end_point(record, Field::Dst, Field::Dport, Field::To, Field::Dstuser);
    paragraph(out, "  ", from + " \u2192 " + to);
    std::string facts;
    fact(facts, record, Field::Proto, "");
    fact(facts, record, Field::App, "application ");
    fact(facts, record, Field::Rule, "rule ");
    fact(facts, record, Field::Sessionid, "session ");
    paragraph(out, "  ", facts);
  }

  static void fact(std::string& out, const TrafficRecord& record, Field field,
                   std::string_view name) {
    if (!record.has(field)) return;
    if (!out.empty()) out += " \u00b7 ";
    out += name;
    if (field == Field::Rule) {
      out.append("\"").append(record.text(field)).append("\"");
    } else {
      out += record.text(field);
    }
  }

  void judgement(std::string& out, const Verdict& verdict) const {
    std::string line = "outcome " + std::string(log_name(verdict.outcome));
    line += " \u00b7 ended by " + std::string(log_name(verdict.ended_by));
    if (verdict.final_action == FinalAction::Blocked)
      line += " \u00b7 decided by " + std::string(log_name(verdict.decided_by));
    line += " \u00b7 confidence " + std::string(log_name(verdict.confidence));
    if (verdict.provisional) line += " \u00b7 provisional: the session goes on";
    paragraph(out, "  ", line);
  }

  void why(std::string& out, const Verdict& verdict, const Explanation& told) const {
    heading(out, "Why");
    paragraph(out, "  ", told.sentence.empty() ? why_text(options_, verdict) : told.sentence);
    paragraph(out, "  ", "reason code " + std::string(log_name(verdict.reason_code)), Ink::Dim);
  }

  void evidence(std::string& out, const TrafficRecord& record, const Verdict& verdict) const {
    if (verdict.evidence_count == 0) return;
    heading(out, "Evidence");
    std::size_t widest = 0;
    for (std::size_t i = 0; i < verdict.evidence_count; ++i)
      widest = std::max(widest, info(verdict.evidence[i]).log_name.size());
    for (std::size_t i = 0; i < verdict.evidence_count; ++i) {
      const std::string_view name = info(verdict.evidence[i]).log_name;
      std::string lead = "  " + std::string(name);
      lead.append(widest - name.size(), ' ').append(" = ");
      const std::string_view value = record.text(verdict.evidence[i]);
      paragraph(out, lead, value.empty() ? "(empty)" : value);
    }
    if (record.engine == nullptr) return;
    for (const EngineColumn column : {EngineColumn::Handshake, EngineColumn::TrackerStage}) {
      const std::string_view value = record.engine->text(column);
      if (value.empty()) continue;
      std::string lead = "  " + std::string(info(column).log_name);
      lead.append(widest - std::min(widest, info(column).log_name.size()), ' ').append(" = ");
      paragraph(out, lead, value);
    }
  }

  void contradictions(std::string& out, const Verdict& verdict) const {
    if (verdict.contradictions == 0) return;
    heading(out, "Columns that do not agree");
    for (const auto& row : kContradictionSentences)
      if (verdict.has(row.value)) paragraph(out, "  - ", std::string(row.text) + ".");
  }

  void causes(std::string& out, const Explanation& told) const {
    if (told.causes.empty()) return;
    heading(out, "Usually");
    for (std::size_t i = 0; i < told.causes.size(); ++i)
      paragraph(out, "  " + std::to_string(i + 1) + ". ", told.causes[i]);
  }

  // A command is never wrapped: half of it in the clipboard would be another command.
  void checks(std::string& out, const Explanation& told) const {
    if (told.checks.empty()) return;
    heading(out, "Check next");
    for (std::size_t i = 0; i < told.checks.size(); ++i) {
      const NextCheck& check = told.checks[i];
      const std::string lead = "  " + std::to_string(i + 1) + ". ";
      if (check.kind == NextCheck::Kind::Elsewhere) {
        paragraph(out, lead,
                  check.what.empty()   ? check.text
                  : check.text.empty() ? check.what
                                       : check.what + ": " + check.text);
        continue;
      }
      const bool cli = check.kind == NextCheck::Kind::Cli;
      // The catalogue names the log view where it matters; the rest are for any of them.
      const bool named = check.what.starts_with("Monitor >");
      const bool asks = check.what.ends_with('?');
      paragraph(out, lead,
                check.what + (cli      ? ", on the firewall's CLI:"
                              : !named ? ", in Monitor > Logs:"
                              : asks   ? ""
                                       : ":"));
      out.append("       ");
      append_visible(out, check.text);
      out += '\n';
    }
  }

  void notes(std::string& out, const Explanation& told) const {
    if (told.notes.empty()) return;
    heading(out, "Notes");
    for (const std::string& note : told.notes) paragraph(out, "  - ", note);
  }

  void footer(std::string& out, const TrafficRecord& record, const Explanation& told) {
    out += '\n';
    for (const std::string& source : told.sources) paragraph(out, "  source: ", source, Ink::Dim);
    std::string origin(file_name(options_, record));
    if (!origin.empty()) origin += ':';
    origin += std::to_string(record.line);
    origin.append(", ").append(info(record.format).title);
    origin.append(", PAN-OS ").append(name_of(record.version));
    if (record.partial) origin += ", cut short";
    if (const auto time = times_.own()) {
      origin.append(", ").append(time->text).append(" (").append(info(time->source).log_name);
      origin.append(", zone: ").append(log_name(time->basis)).append(")");
    }
    paragraph(out, "  from: ", origin, Ink::Dim);
  }

  WriterOptions options_;
  TimeText times_;
  unsigned width_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<RecordWriter> make_card_writer(const WriterOptions& options) {
  return std::make_unique<CardWriter>(options);
}

}  // namespace endreason
