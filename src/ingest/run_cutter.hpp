// SPDX-License-Identifier: Apache-2.0
// RunCutter: input after input -> runs of whole records, ready to be worked on side by side.
// Most runs are lines as they stand. A line that opens a JSON or XML document turns the cutter to
// that document's splitter until it ends; a header row of an export is remembered for the lines
// that follow it. So a run can be read without knowing any other, and the answer is the same
// whatever the number of threads. One thread at a time (callers lock); memory is bounded by the
// record limit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/chunk.hpp"
#include "base/result.hpp"
#include "ingest/piece_supply.hpp"
#include "parse/csv_scan.hpp"
#include "parse/document_splitter.hpp"
#include "parse/export_csv.hpp"
#include "parse/line_reader.hpp"
#include "sources/byte_source.hpp"
#include "sources/input_list.hpp"

namespace endreason {

struct Run {
  enum class Kind : std::uint8_t {
    Lines,     // `bytes` is whole lines (the last one of an input may lack its newline)
    Elements,  // `elements` are parts of `bytes`: records of a document
    Header,    // `bytes` is one header row
    TooLong,   // `bytes` is the beginning of one record that is over the limit
  };
  struct Element {
    std::uint32_t offset, length;
    std::uint64_t line;
    SplitEnd end;
  };
  Kind kind{Kind::Lines};
  std::uint64_t sequence{};    // from 0, without gaps, over all inputs
  std::uint32_t file{};        // index of the input
  std::uint64_t first_line{};  // line number of its first byte, from 1
  Chunk bytes;
  std::size_t begin{};  // where in the chunk they begin
  PaddedView lent;      // instead of them: where the file is mapped. Under a LentBytes only
  std::vector<Element> elements;
  std::shared_ptr<const ExportLayout> layout;  // of the export the lines belong to, or null
  // Where the input goes on, to be prefetched while this run is worked on; null: it cannot be.
  std::shared_ptr<const ComingBytes> coming;
  std::uint64_t coming_from{};
  std::uint64_t lent_from() const {
    return static_cast<std::uint64_t>(lent.begin() - coming->bytes());
  }
  // The lines were not looked at: whoever reads them does that, and tells read_up_to().
  bool unsurveyed{};

  PaddedView padded() const {
    return lent.size() > 0 ? lent : bytes.padded().part(begin, bytes.size() - begin);
  }
  std::string_view text() const { return padded().text(); }
};

// What a look at the lines that begin in a piece has found.
struct PieceSurvey {
  std::size_t first_newline{}, last_newline{};  // where they are in the piece
  std::uint64_t newlines{};
  bool plain{};  // there are newlines, and no line behind them opens a document or is a header row
};

class RunCutter {
 public:
  RunCutter(std::vector<Input> inputs, const LineReaderOptions& reader, std::size_t run_bytes,
            InputOpener open = open_input);
  ~RunCutter();

  // The next run into `run`, whose memory is reused. False at the end of the last input.
  bool next(Run& run);
  // From now on runs of lines are handed out unsurveyed, which spares a pass over the bytes. Only
  // when each run is read before the next is asked for, or when nothing counts any more as soon as
  // one of them has a line that opens more; then lines are counted from 1 in each run.
  void leave_survey() { survey_left_ = true; }
  // From now on such runs are lent where they can be.
  void lend() { lending_ = true; }
  // A run of input `file` that was lent broke off at line number `line`: it has become shorter.
  void broke_off(std::uint32_t file, std::uint64_t line);
  // Whether an odd line opens a document or a header row.
  bool opens_more(std::string_view line) const { return classify(line) != OddLine::Plain; }
  // An unsurveyed run was read up to `offset`, where line number `line` begins: all of it, or as
  // far as a line that opens more. What is behind comes again.
  void read_up_to(const Run& run, std::size_t offset, std::uint64_t line);

  // A piece that another has read, instead of reading by itself: two steps, of which only the
  // second is for one thread at a time.
  PieceSurvey survey(const Piece& piece) const;
  // Makes the piece a run as it stands, with the rest of the bytes before in front; the memory of
  // the run goes to the piece. False when it is not so simple: then read() of the input has to give
  // its bytes. Only while at_rest().
  bool take_whole(Piece& piece, const PieceSurvey& survey, Run& run);
  // Nothing is kept but the beginning of a line, and no document is open.
  bool at_rest() const { return source_ && !splitter_ && !refused_ && !at_end_ && !lines_kept(); }

  // Inputs that could not be opened or read to their end; what was read before counts.
  const std::vector<Error>& errors() const { return errors_; }
  // Stored bytes taken so far, over all inputs, for progress; safe to call under the same lock.
  std::uint64_t position() const;
  std::size_t inputs_begun() const { return begun_; }

 private:
  enum class OddLine : std::uint8_t { Plain, Header, Json, Xml };
  bool open_next();
  void close_input();
  bool next_lines(Run& run);
  bool lend_lines(Run& run);
  void hand_out(Piece& piece, const PieceSurvey& survey, Run& run);
  bool next_kept_lines(Run& run);
  bool next_elements(Run& run);
  bool feed_splitter(Chunk& piece);
  void close_document();
  bool read_more(Chunk& chunk);
  bool cut_over_long_line(Run& run);
  // Walks the lines of `lines` and stops before the first that is more than a line. Returns where
  // the run ends, and counts its newlines.
  std::size_t survey(PaddedView lines, OddLine& odd, std::uint64_t& newlines);
  std::size_t survey_from(std::size_t offset, PaddedView lines, OddLine& odd,
                          std::uint64_t& newlines) const;
  OddLine classify(std::string_view line) const;
  bool begins_document(std::string_view beginning, OddLine& kind);
  bool take_header(Run& run);
  bool open_document(OddLine kind, Run& run);
  std::string_view kept() const { return kept_.text().substr(kept_from_); }
  bool lines_kept() const { return kept_from_ < kept_lines_end_; }
  void keep(std::string_view bytes);

  std::vector<Input> inputs_;
  InputOpener open_;
  ScanKernel kernel_;
  std::shared_ptr<const KeyNames> keys_;
  std::size_t run_bytes_;
  std::size_t begun_ = 0;
  std::unique_ptr<ByteSource> source_;
  std::uint64_t finished_bytes_ = 0;  // of inputs that are done
  bool at_end_ = false;               // the source has no more bytes
  std::uint64_t sequence_ = 0;
  std::uint64_t line_ = 1;
  // Bytes read but not yet handed out, from kept_from_ on; up to kept_lines_end_ they are whole
  // lines. They are handed out where they stand, so that many small documents or header rows in
  // one read do not cost a copy of all that is behind them, each.
  Chunk kept_;
  std::size_t kept_from_ = 0;
  std::size_t kept_lines_end_ = 0;
  std::shared_ptr<const ExportLayout> layout_;
  std::unique_ptr<DocumentSplitter> splitter_;
  std::size_t piece_bytes_ = 0;  // the splitter is fed so much of the kept bytes next
  bool refused_ = false;  // the last document took nothing: its first line is a line like others
  bool survey_left_ = false;
  bool lending_ = false;
  std::optional<std::uint32_t> broken_;  // the last input that broke off
  std::vector<Error> errors_;
};

}  // namespace endreason
