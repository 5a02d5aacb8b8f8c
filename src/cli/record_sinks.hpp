// SPDX-License-Identifier: Apache-2.0
// What becomes of the records that matched: counted, or written, or shown as a card or a table.
// Each belongs to one worker; texts that come after all records are left in `tail`.
#pragma once

#include <memory>
#include <string>

#include "findings/summary.hpp"
#include "format/record_writer.hpp"
#include "ingest/explain_run.hpp"

namespace endreason {

// Counts into a Summary of its own; they are merged when all workers are done.
class SummarySink final : public RecordSink {
 public:
  explicit SummarySink(Summary& summary) : summary_(summary) {}
  void add(const TrafficRecord& record, const Verdict& verdict, std::string&) override {
    summary_.add(record, verdict);
  }
  bool wants_evidence() const override { return false; }

 private:
  Summary& summary_;
};

// On a terminal: a card when there turns out to be one record, a table when there are more.
class CardOrTableSink final : public RecordSink {
 public:
  CardOrTableSink(const WriterOptions& options, std::string& tail) : tail_(tail) {
    WriterOptions card = options;
    card.format = OutputFormat::Card;
    card_ = make_writer(card);
    WriterOptions table = options;
    table.format = OutputFormat::Table;
    table_ = make_writer(table);
    table_->begin(table_text_);
  }
  ~CardOrTableSink() override {
    if (count_ == 1) {
      tail_ += card_text_;
    } else if (count_ > 1) {
      table_->end(tail_);
    }
  }
  void add(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    ++count_;
    if (count_ == 1) {
      card_->begin(card_text_);
      card_->write(record, verdict, card_text_);
      card_->end(card_text_);
      table_->write(record, verdict, table_text_);
      return;
    }
    out += table_text_;
    table_text_.clear();
    table_->write(record, verdict, out);
  }

 private:
  std::unique_ptr<RecordWriter> card_, table_;
  std::string card_text_, table_text_;
  std::string& tail_;
  std::uint64_t count_ = 0;
};

// A WriterSink whose end (the buffered rows of a table) is kept when the worker is done.
class FormatSink final : public RecordSink {
 public:
  FormatSink(const WriterOptions& options, std::string& tail)
      : writer_(make_writer(options)), tail_(tail), sequential_(!info(options.format).parallel) {
    std::string ignored;
    if (sequential_) writer_->begin(ignored);
  }
  ~FormatSink() override {
    if (sequential_) writer_->end(tail_);
  }
  void add(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    writer_->write(record, verdict, out);
  }

 private:
  std::unique_ptr<RecordWriter> writer_;
  std::string& tail_;
  bool sequential_;
};

}  // namespace endreason
