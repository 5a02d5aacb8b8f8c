// SPDX-License-Identifier: Apache-2.0
#include "cli/matrix_case.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "cli/options.hpp"
#include "cli/record_sinks.hpp"
#include "cli/threat_options.hpp"
#include "cli/track_options.hpp"
#include "cli/track_run.hpp"
#include "dataplane/reply_sink.hpp"
#include "decode/decoder.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kLinkRaw = 101;  // LINKTYPE_RAW: an IP packet without link layer

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

Result<std::string> need_file(const fs::path& path) {
  auto text = read_file(path);
  if (!text) return fail(Error::Code::Io, path.string() + ": cannot be read");
  return std::move(*text);
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) return fail(Error::Code::Io, path.string() + ": cannot be written");
  return {};
}

std::string title_of(const std::string& readme) {
  std::string line = readme.substr(0, readme.find('\n'));
  return line.starts_with("# ") ? line.substr(2) : line;
}

// What the firewall sends itself, a line a packet. Sequence numbers are those of the capture.
class ReplyLines final : public ReplySink {
 public:
  void on_reply(std::int64_t time_ns, std::span<const std::uint8_t> packet) override {
    RawPacket raw;
    raw.time_ns = time_ns;
    raw.bytes = packet;
    raw.wire_length = static_cast<std::uint32_t>(packet.size());
    raw.link_type = kLinkRaw;
    PacketView view;
    decoder_.decode(std::span(&raw, 1), std::span(&view, 1));
    text += fmt::format("{} > {} ", end_of(view.src, view, view.sport),
                        end_of(view.dst, view, view.dport));
    if (view.protocol == kProtoTcp)
      text += fmt::format("TCP flags {:#04x} seq {} ack {}\n", view.tcp_flags, view.seq, view.ack);
    else
      text += fmt::format("ICMP type {} code {}\n", view.icmp_type, view.icmp_code);
  }
  std::string text;

 private:
  static std::string end_of(const IpAddress& address, const PacketView& view, std::uint16_t port) {
    return view.protocol == kProtoTcp ? fmt::format("{}:{}", to_string(address), port)
                                      : to_string(address);
  }
  Decoder decoder_{DecodeOptions{}};
};

// A case names files beside itself.
class WorkingFolder {
 public:
  explicit WorkingFolder(const fs::path& to) : before_(fs::current_path()) { fs::current_path(to); }
  ~WorkingFolder() {
    std::error_code none;
    fs::current_path(before_, none);
  }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

 private:
  fs::path before_;
};

struct CaseOptions {
  RunOptions run;
  TrackOptions track;
  InspectionOptions inspection;
};

// The words of the file `track`; lines that begin with # are none.
Result<void> read_words(const std::string& text, CaseOptions& options) {
  std::vector<std::string> words;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream in(line);
    for (std::string word; in >> word;) words.push_back(word);
  }
  const auto parsed = parse_words(std::move(words), [&](CLI::App& app) {
    declare_capture_options(app, options.track);
    declare_run_options(app, options.run);
    declare_row_options(app, options.track);
    declare_inspection_options(app, options.inspection);
    declare_engine_options(app, options.track);
  });
  if (!parsed) return fail(parsed.error().code, "track: " + parsed.error().message);
  return {};
}

Result<void> run_track_words(const std::string& text, MatrixCase& one) {
  CaseOptions options;
  if (auto parsed = read_words(text, options); !parsed) return parsed;
  options.run.output = "csv";
  options.run.fields = kMatrixFields;
  options.run.quiet = true;
  options.run.threads = 1;
  const auto settings = load_settings(options.run.config);
  if (!settings) return tl::unexpected(settings.error());
  auto plan = plan_run(options.run, *settings);
  if (!plan) return tl::unexpected(plan.error());
  auto track = plan_track(options.track, options.inspection, *settings, options.run.quiet);
  if (!track) return tl::unexpected(track.error());
  if (auto done = plan_clear_session(options.track, plan->zone, *track); !done) return done;
  if (auto planned = plan_captures(options.track, *plan); !planned) return planned;
  ReplyLines replies;
  track->engine.replies = &replies;
  std::string tail;
  make_writer(plan->writer)->begin(one.rows);
  plan->explain.make_sink = [&](unsigned) {
    return std::make_unique<FormatSink>(plan->writer, tail);
  };
  plan->explain.write_output = [&](std::string_view rows) {
    one.rows += rows;
    return true;
  };
  plan->explain.message = [](std::string_view) {};
  auto outcome = run_track(plan->explain, *track);
  if (!outcome) return tl::unexpected(outcome.error());
  if (!outcome->result.errors.empty()) return tl::unexpected(outcome->result.errors.front());
  one.rows += tail;
  one.replies = replies.text;
  return {};
}

}  // namespace

Result<std::vector<std::string>> list_matrix_cases(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (fs::exists(entry.path() / "track", error))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  if (names.empty())
    return fail(Error::Code::Io,
                fmt::format("--cases: {} has no cases; they are in tests/matrix of the source, or "
                            "where they were installed",
                            folder));
  return names;
}

Result<MatrixCase> run_matrix_case(const std::string& folder, const std::string& name) {
  const fs::path place = fs::path(folder) / name;
  MatrixCase one;
  one.name = name;
  const auto readme = need_file(place / "README.md"), words = need_file(place / "track");
  if (!readme) return tl::unexpected(readme.error());
  if (!words) return tl::unexpected(words.error());
  one.title = title_of(*readme);
  one.expected_rows = read_file(place / "expected.csv").value_or("");
  one.expected_replies = read_file(place / "expected.replies").value_or("");
  const WorkingFolder here(place);
  if (auto done = run_track_words(*words, one); !done)
    return fail(done.error().code, name + ": " + done.error().message);
  return one;
}

Result<void> accept_matrix_case(const std::string& folder, const MatrixCase& one) {
  const fs::path place = fs::path(folder) / one.name;
  if (auto done = write_file(place / "expected.csv", one.rows); !done) return done;
  if (one.replies.empty()) {
    std::error_code none;
    fs::remove(place / "expected.replies", none);
    return {};
  }
  return write_file(place / "expected.replies", one.replies);
}

}  // namespace endreason
