// SPDX-License-Identifier: Apache-2.0
#include "ingest/explain_run.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "format/record_writer.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

// A folder of its own, gone when the test is.
class Folder {
 public:
  Folder() {
    std::string path = (fs::temp_directory_path() / "endreason-XXXXXX").string();
    path_ = mkdtemp(path.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name, const std::string& text) const {
    const fs::path path = path_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

 private:
  fs::path path_;
};

std::string csv_line(int i, std::string_view reason = "tcp-fin") {
  return "1,2026/03/10 10:00:00,007200001056,TRAFFIC,end,1,2026/03/10 10:00:00,10.0." +
         std::to_string(i / 250) + "." + std::to_string(i % 250) +
         ",192.0.2.1,0.0.0.0,0.0.0.0,rule-" + std::to_string(i) +
         ",,,ssl,vsys1,trust,untrust,ethernet1/1,ethernet1/2,fwd,2026/03/10 "
         "10:00:00,4711,1,51000,443,"
         "0,0,0x1c,tcp,allow,5000,1000,4000,20,2026/03/10 09:59:40,20,any,0,1,0x0,US,US,0,9,11," +
         std::string(reason) + "\n";
}

std::string xml_entry(int i) {
  return "<entry logid=\"" + std::to_string(i) +
         "\"><type>TRAFFIC</type><subtype>end</subtype><src>10.1.0." + std::to_string(i % 250) +
         "</src>\n<dst>10.2.0.1</dst><action>allow</action><app>ssl</app>"
         "<session_end_reason>tcp-fin</session_end_reason></entry>\n";
}

std::string json_object(int i, bool pretty) {
  const std::string nl = pretty ? "\n  " : "";
  return "{" + nl + "\"LogType\": \"TRAFFIC\"," + nl + "\"SourceAddress\": \"10.3.0." +
         std::to_string(i % 250) + "\"," + nl +
         "\"DestinationAddress\": \"10.4.0.1\", \"Action\": \"allow\", \"SessionEndReason\": "
         "\"threat\"" +
         (pretty ? "\n}" : "}");
}

struct Outcome {
  std::string output, rejects;
  std::vector<std::string> messages;
  ExplainResult result;
};

class CollectSink final : public RecordSink {
 public:
  explicit CollectSink(const WriterOptions& options) : writer_(make_writer(options)) {}
  void add(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    writer_->write(record, verdict, out);
  }

 private:
  std::unique_ptr<RecordWriter> writer_;
};

Outcome run(const std::vector<std::string>& files, unsigned threads, std::size_t run_bytes,
            const std::string& filter = "", const InputOpener& open = open_input) {
  Outcome outcome;
  ExplainPlan plan;
  plan.open = open;
  auto list = list_inputs(files);
  EXPECT_TRUE(list);
  plan.inputs = list->inputs;
  plan.threads = threads;
  plan.run_bytes = run_bytes;
  plan.keep_rejects = true;
  if (!filter.empty()) plan.filter = *Filter::parse(filter);
  WriterOptions writer;
  writer.inputs = files;
  plan.make_sink = [&](unsigned) { return std::make_unique<CollectSink>(writer); };
  plan.write_output = [&](std::string_view text) {
    outcome.output += text;
    return true;
  };
  plan.write_rejects = [&](std::string_view text) {
    outcome.rejects += text;
    return true;
  };
  plan.message = [&](std::string_view text) { outcome.messages.emplace_back(text); };
  outcome.result = run_explain(plan);
  return outcome;
}

std::string mixed_text() {
  std::string text;
  for (int i = 0; i < 300; ++i) text += csv_line(i);
  text += "nonsense in between\n\n";
  text += "[\n" + json_object(1, true) + ",\n" + json_object(2, true) + "\n]\n";
  for (int i = 300; i < 500; ++i) text += csv_line(i);
  text += "<response status=\"success\"><result><log><logs count=\"3\">\n";
  for (int i = 0; i < 3; ++i) text += xml_entry(i);
  text += "</logs></log></result></response>\n";
  for (int i = 0; i < 100; ++i) text += json_object(i, false) + "\n" + csv_line(i, "aged-out");
  text += "Domain,Receive Time,Serial #,Type,Source address,Destination address,Action,Rule\n";
  text += "1,2026/03/10 10:00:00,007,TRAFFIC,10.5.0.1,10.6.0.1,deny,\"a, b\"\n";
  text += "1,2026/03/10 10:00:00,007,TRAFFIC,10.5.0.2,10.6.0.1,allow,c\n";
  text += csv_line(1, "threat");
  return text;
}

TEST(ExplainRun, EveryLineIsAccountedForInAMixOfFormats) {
  const Folder folder;
  const Outcome outcome = run({folder.file("mix.log", mixed_text())}, 1, 256 * 1024);
  const Accounting& a = outcome.result.accounting;
  EXPECT_TRUE(a.balanced());
  EXPECT_EQ(a.traffic, 300u + 2 + 200 + 3 + 200 + 2 + 1);
  EXPECT_EQ(a.rejected, 1u);
  EXPECT_EQ(a.blank, 1u);
  EXPECT_EQ(a.other, 1u) << "the header row";
  EXPECT_EQ(a.by_format[static_cast<std::size_t>(InputFormat::Json)], 102u);
  EXPECT_EQ(a.by_format[static_cast<std::size_t>(InputFormat::Xml)], 3u);
  EXPECT_EQ(a.by_format[static_cast<std::size_t>(InputFormat::CsvExport)], 2u);
  ASSERT_EQ(outcome.messages.size(), 1u);
  EXPECT_NE(outcome.messages[0].find("mix.log:301: rejected"), std::string::npos)
      << outcome.messages[0];
  EXPECT_NE(outcome.rejects.find("\"_raw\":\"nonsense in between\""), std::string::npos);
}

TEST(ExplainRun, TheSameBytesComeOutAtAnyThreadCountAndRunSize) {
  const Folder folder;
  const std::vector<std::string> files = {folder.file("a.log", mixed_text()),
                                          folder.file("b.log", mixed_text() + csv_line(7))};
  const Outcome expected = run(files, 1, 1 << 20);
  for (const unsigned threads : {1u, 2u, 4u}) {
    for (const std::size_t bytes :
         {std::size_t{300}, std::size_t{1000}, std::size_t{4096}, std::size_t{70000}}) {
      const Outcome actual = run(files, threads, bytes);
      EXPECT_EQ(actual.output, expected.output) << threads << " threads, runs of " << bytes;
      EXPECT_EQ(actual.rejects, expected.rejects) << threads << " threads, runs of " << bytes;
      EXPECT_EQ(actual.messages, expected.messages);
      EXPECT_EQ(actual.result.accounting.to_json(), expected.result.accounting.to_json());
    }
  }
}

// What several workers count, whatever the order.
struct Counted {
  std::size_t records = 0, texts = 0;
  friend bool operator==(const Counted&, const Counted&) = default;
};
class CountingSink final : public RecordSink {
 public:
  explicit CountingSink(Counted& counted) : counted_(counted) {}
  void add(const TrafficRecord& record, const Verdict&, std::string&) override {
    ++counted_.records;
    counted_.texts += std::hash<std::string_view>{}(record.raw);
  }

 private:
  Counted& counted_;
};

struct CountOutcome {
  Counted counted;
  std::vector<std::string> messages;
  ExplainResult result;
  unsigned attempts = 0;
};
CountOutcome count(const std::vector<std::string>& files, unsigned threads, std::size_t run_bytes,
                   bool only_counts, const InputOpener& open = open_input) {
  CountOutcome outcome;
  ExplainPlan plan;
  plan.open = open;
  plan.inputs = list_inputs(files)->inputs;
  plan.threads = threads;
  plan.run_bytes = run_bytes;
  plan.only_counts = only_counts;
  std::vector<Counted> parts(threads);
  plan.make_sink = [&](unsigned worker) {
    outcome.attempts += worker == 0;
    parts[worker] = {};
    return std::make_unique<CountingSink>(parts[worker]);
  };
  plan.write_output = plan.write_rejects = [](std::string_view) { return true; };
  plan.message = [&](std::string_view text) { outcome.messages.emplace_back(text); };
  outcome.result = run_explain(plan);
  for (const Counted& part : parts) {
    outcome.counted.records += part.records;
    outcome.counted.texts += part.texts;
  }
  return outcome;
}

std::string plain_text() {
  std::string text;
  for (int i = 0; i < 600; ++i) {
    text += csv_line(i);
    if (i % 150 == 149) text += "1,nonsense\nneither a log nor a document\n\n";
  }
  text.pop_back();
  return text + csv_line(0);
}

TEST(ExplainRun, WhatIsOnlyCountedIsTheSameAtAnyThreadCountAndRunSize) {
  const Folder folder;
  const std::string plain = folder.file("plain.log", plain_text()),
                    mixed = folder.file("mixed.log", mixed_text()),
                    empty = folder.file("empty.log", ""),
                    end = folder.file("end.log", plain_text() + "[\n" + json_object(1, true) + "]");
  for (const auto& files :
       {std::vector<std::string>{plain, empty, plain}, std::vector<std::string>{plain, mixed},
        std::vector<std::string>{end, plain}}) {
    const CountOutcome expected = count(files, 1, 1 << 20, false);
    EXPECT_GT(expected.counted.records, 600u);
    for (const unsigned threads : {1u, 2u, 5u}) {
      for (const std::size_t bytes : {std::size_t{300}, std::size_t{4096}, std::size_t{70'000}}) {
        const CountOutcome actual = count(files, threads, bytes, true);
        EXPECT_EQ(actual.counted, expected.counted) << threads << " threads, runs of " << bytes;
        EXPECT_EQ(actual.messages, expected.messages) << threads << " threads, runs of " << bytes;
        EXPECT_EQ(actual.result.accounting.to_json(), expected.result.accounting.to_json());
        EXPECT_EQ(actual.attempts, threads > 1 && files[1] != empty ? 2u : 1u);
      }
    }
  }
}

TEST(ExplainRun, AnInputThatCannotBeReadTwiceIsNotGuessedAbout) {
  const Folder folder;
  const std::vector<std::string> files = {folder.file("mixed.log", mixed_text())};
  unsigned opened = 0;
  const InputOpener open = [&](const Input& input) -> Result<std::unique_ptr<ByteSource>> {
    ++opened;
    return open_input(input);
  };
  ExplainPlan plan;
  plan.inputs = list_inputs(files)->inputs;
  plan.inputs[0].bytes.reset();  // as a pipe has none
  plan.open = open;
  plan.threads = 2;
  plan.only_counts = true;
  Counted counted[2];
  plan.make_sink = [&](unsigned worker) { return std::make_unique<CountingSink>(counted[worker]); };
  plan.write_output = plan.write_rejects = [](std::string_view) { return true; };
  plan.message = [](std::string_view) {};
  EXPECT_EQ(run_explain(plan).accounting.traffic, 708u);
  EXPECT_EQ(opened, 1u);
}

// Makes the file shorter as soon as it has a record of it.
class ShorteningSink final : public RecordSink {
 public:
  explicit ShorteningSink(std::string path) : path_(std::move(path)) {}
  void add(const TrafficRecord&, const Verdict&, std::string&) override {
    if (!std::exchange(done_, true)) fs::resize_file(path_, 100'000);
  }

 private:
  std::string path_;
  bool done_ = false;
};

TEST(ExplainRun, AFileThatBecomesShorterWhileItIsLentIsReadAsFarAsItGoes) {
  for (const unsigned threads : {1u, 2u}) {
    const Folder folder;
    std::string text;
    for (int i = 0; i < 12'000; ++i) text += csv_line(i);
    const std::string file = folder.file("a.log", text);
    ExplainPlan plan;
    plan.inputs = list_inputs(std::vector<std::string>{file})->inputs;
    plan.threads = threads;
    plan.only_counts = true;
    plan.make_sink = [&](unsigned) { return std::make_unique<ShorteningSink>(file); };
    plan.write_output = plan.write_rejects = [](std::string_view) { return true; };
    plan.message = [](std::string_view) {};
    const ExplainResult result = run_explain(plan);
    EXPECT_TRUE(result.accounting.balanced());
    EXPECT_GT(result.accounting.traffic, 0u);
    EXPECT_LT(result.accounting.traffic, 12'000u);
    ASSERT_EQ(result.errors.size(), 1u) << threads << " threads";
    EXPECT_NE(result.errors[0].message.find("a.log: became shorter"), std::string::npos)
        << result.errors[0].message;
  }
}

TEST(ExplainRun, LongLogsOfPlainLinesComeOutTheSameWithSeveralThreads) {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 4000; ++i) {
    text += csv_line(i);
    if (i % 97 == 0) text += "neither a log nor a document\n";
    if (i == 2000) text += "[\n" + json_object(1, true) + "\n]\n";
    if (i == 3000) text += std::string(40'000, 'x') + "\n";
  }
  text.pop_back();
  const std::vector<std::string> files = {folder.file("a.log", text), folder.file("b.log", text)};
  const Outcome expected = run(files, 1, 1 << 16);
  EXPECT_EQ(expected.result.accounting.traffic, 8002u);
  for (const unsigned threads : {2u, 3u, 8u}) {
    for (const std::size_t bytes : {std::size_t{3000}, std::size_t{32'768}, std::size_t{1 << 22}}) {
      const Outcome actual = run(files, threads, bytes);
      EXPECT_EQ(actual.output, expected.output) << threads << " threads, runs of " << bytes;
      EXPECT_EQ(actual.rejects, expected.rejects) << threads << " threads, runs of " << bytes;
      EXPECT_EQ(actual.messages, expected.messages);
      EXPECT_EQ(actual.result.accounting.to_json(), expected.result.accounting.to_json());
    }
  }
}

// What can only be read from its beginning to its end is read ahead by one of the threads.
TEST(ExplainRun, AStreamComesOutTheSameWithSeveralThreads) {
  class Stream final : public ByteSource {
   public:
    Stream(std::string text, std::size_t step) : text_(std::move(text)), step_(step) {}
    Result<std::size_t> read(std::span<char> buffer) override {
      const std::size_t count = std::min({buffer.size(), step_, text_.size() - at_});
      std::copy_n(text_.data() + at_, count, buffer.data());
      at_ += count;
      return count;
    }
    std::string_view name() const override { return "-"; }
    std::optional<std::uint64_t> size_hint() const override { return std::nullopt; }
    std::uint64_t position() const override { return at_; }

   private:
    std::string text_;
    std::size_t step_, at_ = 0;
  };
  const Folder folder;
  const std::vector<std::string> files = {folder.file("a", mixed_text()),
                                          folder.file("b", csv_line(1) + mixed_text())};
  const Outcome expected = run(files, 1, 1 << 16);
  for (const std::size_t step : {std::size_t{100}, std::size_t{5000}, std::size_t{1 << 20}}) {
    const InputOpener open = [&](const Input& input) -> Result<std::unique_ptr<ByteSource>> {
      const bool second = input.path == files[1];
      return std::make_unique<Stream>((second ? csv_line(1) : "") + mixed_text(), step);
    };
    for (const unsigned threads : {1u, 2u, 4u}) {
      const Outcome actual = run(files, threads, 4096, "", open);
      EXPECT_EQ(actual.output, expected.output) << threads << " threads, steps of " << step;
      EXPECT_EQ(actual.rejects, expected.rejects) << threads << " threads, steps of " << step;
    }
  }
}

TEST(ExplainRun, AnInputThatFailsBetweenOthersIsToldInOrderByAnyNumberOfThreads) {
  const Folder folder;
  const std::string broken = folder.file("broken.gz", std::string("\x1f\x8b\x08\x00nonsense", 12));
  const std::string good = folder.file("good.log", mixed_text());
  const std::string gone = folder.file("gone.log", "");
  const InputOpener open = [&](const Input& input) -> Result<std::unique_ptr<ByteSource>> {
    if (input.path == gone) return fail(Error::Code::Io, "gone.log: cannot be opened");
    return open_input(input);
  };
  for (const unsigned threads : {1u, 2u, 4u}) {
    const Outcome outcome = run({good, broken, good, gone, good}, threads, 4096, "", open);
    ASSERT_EQ(outcome.result.errors.size(), 2u) << threads;
    EXPECT_NE(outcome.result.errors[0].message.find("broken.gz"), std::string::npos);
    EXPECT_NE(outcome.result.errors[1].message.find("gone.log"), std::string::npos);
    EXPECT_EQ(outcome.result.accounting.traffic, 3 * 708u) << threads;
  }
}

TEST(ExplainRun, AnOutputThatTakesNoMoreStopsAllThreads) {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 4000; ++i) text += csv_line(i);
  const std::string file = folder.file("a.log", text);
  ExplainPlan plan;
  plan.inputs = list_inputs(std::vector{file})->inputs;
  plan.threads = 4;
  plan.run_bytes = 2000;
  WriterOptions writer;
  writer.inputs = {file};
  plan.make_sink = [&](unsigned) { return std::make_unique<CollectSink>(writer); };
  int taken = 0;
  plan.write_output = [&](std::string_view) { return ++taken < 3; };
  plan.write_rejects = [](std::string_view) { return true; };
  plan.message = [](std::string_view) {};
  EXPECT_TRUE(run_explain(plan).stopped);
}

TEST(ExplainRun, ALineOverTheLimitIsRejectedAndTheNextOneIsRead) {
  const Folder folder;
  const std::string text = csv_line(1) + std::string(3'000'000, 'x') + "\n" + csv_line(2);
  const Outcome outcome = run({folder.file("long.log", text)}, 2, 4096);
  EXPECT_EQ(outcome.result.accounting.traffic, 2u);
  EXPECT_EQ(outcome.result.accounting.rejected, 1u);
  EXPECT_EQ(
      outcome.result.accounting.by_reject_reason[static_cast<std::size_t>(RejectReason::TooLong)],
      1u);
  EXPECT_NE(outcome.output.find("\"_line\":3"), std::string::npos);
}

TEST(ExplainRun, ADocumentOnOneLineMayBeLongerThanALine) {
  constexpr int kRecords = 12'000;
  std::string list, entries;
  for (int i = 0; i < kRecords; ++i) {
    list += (i == 0 ? "" : ",") + json_object(i, false);
    std::string entry = xml_entry(i);
    std::erase(entry, '\n');
    entries += entry;
  }
  const std::string documents[] = {
      "[" + list + "]",
      "\xEF\xBB\xBF{\"response\":{\"result\":{\"log\":{\"logs\":{\"entry\":[" + list + "]}}}}}",
      "<response status=\"success\"><result><log><logs>" + entries +
          "</logs></log></result></response>",
  };
  Folder folder;
  for (const std::string& document : documents) {
    ASSERT_GT(document.size(), kRecordBytesMax);
    ASSERT_EQ(document.find('\n'), std::string::npos);
    const std::string input = folder.file("in", csv_line(1) + document + "\n" + csv_line(2));
    const Outcome one = run({input}, 1, 1 << 18);
    EXPECT_EQ(one.result.accounting.traffic, kRecords + 2u) << document.substr(0, 20);
    EXPECT_EQ(one.result.accounting.rejected, 0u);
    EXPECT_EQ(run({input}, 2, 5'000).output, one.output);
  }
  // What only begins like one is a line over the limit like any other.
  for (const char* beginning : {"{", "[ {", "<response "}) {
    const std::string input =
        folder.file("in", beginning + std::string(3 << 20, 'x') + "\n" + csv_line(2));
    const Outcome outcome = run({input}, 1, 1 << 18);
    EXPECT_EQ(outcome.result.accounting.traffic, 1u) << beginning;
    EXPECT_EQ(outcome.result.accounting.rejected, 1u) << beginning;
  }
}

TEST(ExplainRun, ARejectedLineThatIsNotUtf8KeepsItsBytes) {
  const Folder folder;
  const Outcome outcome = run({folder.file("latin1.log", "caf\xe9\n")}, 1, 4096);
  EXPECT_NE(outcome.rejects.find("\"_raw_base64\":\"Y2Fm6Q==\""), std::string::npos)
      << outcome.rejects;
}

TEST(ExplainRun, AFileWithoutAFinalNewlineLosesNothing) {
  const Folder folder;
  std::string text = csv_line(1) + csv_line(2);
  text.pop_back();
  EXPECT_EQ(run({folder.file("cut.log", text)}, 1, 100).result.accounting.traffic, 2u);
  EXPECT_EQ(run({folder.file("empty.log", "")}, 1, 100).result.accounting.lines, 0u);
}

TEST(ExplainRun, BinaryBytesAreRejectedNotCrashedOn) {
  const Folder folder;
  std::mt19937_64 random(3);
  std::string text(300'000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  const Outcome outcome = run({folder.file("binary", text + "\n" + csv_line(1))}, 2, 8192);
  EXPECT_TRUE(outcome.result.accounting.balanced());
  EXPECT_EQ(outcome.result.accounting.traffic, 1u);
}

TEST(ExplainRun, AnInputThatBreaksOffIsReportedAndTheOthersAreRead) {
  const Folder folder;
  const std::string broken = folder.file("broken.gz", std::string("\x1f\x8b\x08\x00nonsense", 12));
  const std::string good = folder.file("good.log", csv_line(1));
  const Outcome outcome = run({broken, good}, 1, 4096);
  ASSERT_EQ(outcome.result.errors.size(), 1u);
  EXPECT_EQ(outcome.result.errors[0].code, Error::Code::Io);
  EXPECT_NE(outcome.result.errors[0].message.find("broken.gz"), std::string::npos);
  EXPECT_EQ(outcome.result.accounting.traffic, 1u);
}

TEST(ExplainRun, TheFilterSeesRecordAndVerdict) {
  const Folder folder;
  const std::string file = folder.file("mix.log", mixed_text());
  const Outcome outcome =
      run({file}, 2, 4096, "( action eq allow ) and ( final_action eq blocked )");
  EXPECT_EQ(outcome.result.accounting.matched, 103u)
      << "102 JSON objects and the last line: threat";
  EXPECT_EQ(outcome.result.accounting.traffic, 708u);
}

}  // namespace
}  // namespace endreason
