// SPDX-License-Identifier: Apache-2.0
#include "cli/capture_log.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "base/sha1.hpp"
#include "cli/captured_sessions.hpp"
#include "cli/packet_hints.hpp"
#include "dataplane/engine.hpp"
#include "dataplane/engine_observer.hpp"
#include "format/record_writer.hpp"
#include "model/engine_facts_text.hpp"
#include "sources/capture_source.hpp"
#include "sources/input_list.hpp"
#include "sources/peeked_source.hpp"

namespace endreason {
namespace {

constexpr std::size_t kPacketsAtOnce = 256;
// What a capture is known by: its first bytes, and how large it is.
constexpr std::size_t kKnownBytes = 64 << 10;
constexpr std::string_view kVersion = "12.1";  // has the columns of TCP's troubles

// Its pool takes 100 MB where so many sessions are open at once.
constexpr std::uint32_t kSessionsAtOnce = 262'144;

EngineOptions options_of_log(const EngineOptions& engine) {
  EngineOptions options = options_of_captured(engine, kSessionsAtOnce);
  options.config_version = info(version_named(kVersion))->config_version;
  return options;
}

std::string serial_of(PeekedSource& capture) {
  const std::string_view first = capture.peek(kKnownBytes);
  std::string known(first);
  known += fmt::format("\n{}", capture.size_hint().value_or(0));
  const Sha1::Digest digest =
      Sha1().of({reinterpret_cast<const std::uint8_t*>(known.data()), known.size()});
  std::string serial = "capture-";
  for (std::size_t i = 0; i < 6; ++i) serial += fmt::format("{:02x}", digest[i]);
  return serial;
}

class CaptureLog final : public ByteSource, private EngineSink {
 public:
  static Result<std::unique_ptr<ByteSource>> open(std::unique_ptr<ByteSource> bytes,
                                                  const EngineOptions& engine,
                                                  std::function<void(std::string_view)> tell) {
    auto peeked = std::make_unique<PeekedSource>(std::move(bytes));
    std::unique_ptr<CaptureLog> log(new CaptureLog(*peeked));
    log->tell_ = std::move(tell);
    auto capture = CaptureSource::open(std::move(peeked));
    if (!capture) return tl::unexpected(capture.error());
    log->capture_ = *std::move(capture);
    log->options_ = options_of_log(engine);
    auto running = Engine::create(log->options_, *log);
    if (!running) return tl::unexpected(running.error());
    log->engine_ = *std::move(running);
    return std::unique_ptr<ByteSource>(std::move(log));
  }

  Result<std::size_t> read(std::span<char> buffer) override {
    while (given_ == lines_.size() && !ended_) {
      lines_.clear();
      given_ = 0;
      track_more();
    }
    const std::size_t count = std::min(buffer.size(), lines_.size() - given_);
    if (count > 0) std::memcpy(buffer.data(), lines_.data() + given_, count);
    given_ += count;
    if (count > 0 || buffer.empty() || capture_->problems().empty()) return count;
    const CaptureProblem& problem = capture_->problems().front();
    return fail(Error::Code::Input,
                fmt::format("{}: at byte {}: {}", name(), problem.offset, problem.what));
  }
  std::string_view name() const override { return capture_->bytes().name(); }
  std::optional<std::uint64_t> size_hint() const override { return capture_->bytes().size_hint(); }
  std::uint64_t position() const override { return capture_->bytes().position(); }

 private:
  explicit CaptureLog(PeekedSource& capture)
      : serial_(serial_of(capture)),
        device_(std::filesystem::path(capture.name()).filename().string()),
        writer_(make_writer(writer_options())) {}

  static WriterOptions writer_options() {
    WriterOptions options;
    options.format = OutputFormat::Panos;
    options.panos_version = version_named(kVersion);
    return options;
  }

  void track_more() {
    std::array<RawPacket, kPacketsAtOnce> batch{};
    const std::size_t n = capture_->read(batch);
    for (const auto known = capture_->interfaces(); interfaces_ < known.size(); ++interfaces_)
      engine_->name_interface(interfaces_, known[interfaces_].name);
    if (n > 0) return engine_->process(std::span<const RawPacket>(batch).first(n));
    engine_->finish();
    ended_ = true;
    for (const std::string& hint :
         packet_hints({engine_->counters(), capture_->counters(), capture_->interfaces(),
                       options_.session.capacity, options_.identify}))
      tell_(fmt::format("{}: {}", name(), hint));
  }

  void on_record(TrafficRecord& record) override {
    append_engine_facts(lines_, *record.engine);
    lines_ += ' ';
    record.set_copy(Field::Serial, serial_);
    record.set_copy(Field::DeviceName, device_);
    record.payload = {};
    writer_->write(record, {}, lines_);
  }

  std::function<void(std::string_view)> tell_;
  EngineOptions options_;
  std::string serial_, device_;
  std::unique_ptr<RecordWriter> writer_;
  std::unique_ptr<CaptureSource> capture_;
  std::unique_ptr<Engine> engine_;
  std::size_t interfaces_ = 0;  // named to the engine
  std::string lines_;
  std::size_t given_ = 0;
  bool ended_ = false;
};

// Keeps the packets of one session until its row comes.
class OneSession final : public EngineSink, public EngineObserver {
 public:
  explicit OneSession(const CapturedSession& wanted) : wanted_(wanted) {}

  void on_packet(const PacketView& packet, const PacketResult& result) override {
    if (result.session == nullptr || result.session->id != wanted_.id || !ladder_.empty()) return;
    story_.packets.push_back(notes_.of(packet, result));
  }
  void on_end(const Session& session, std::int64_t ended_ns, const SessionNames&) override {
    if (session.id != wanted_.id) return;
    notes_.forget(session.id);
    story_.end = session;
    story_.ended_ns = ended_ns;
  }
  void on_record(TrafficRecord& record) override {
    if (record.sessionid != wanted_.id) return;
    std::uint64_t seqno = 0;
    if (parse_decimal(record.text(Field::Seqno), seqno) && seqno == wanted_.seqno)
      ladder_ = ladder_json(std::move(story_));
    story_ = {};  // the number may be given to another session
  }
  const std::string& ladder() const { return ladder_; }

 private:
  const CapturedSession& wanted_;
  PacketNotes notes_;
  SessionStory story_;
  std::string ladder_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_capture_log(std::unique_ptr<ByteSource> capture,
                                                     const EngineOptions& engine,
                                                     std::function<void(std::string_view)> tell) {
  return CaptureLog::open(std::move(capture), engine, std::move(tell));
}

Result<std::string> read_session_ladder(const std::string& path, const EngineOptions& engine,
                                        const CapturedSession& session) {
  auto bytes = open_input({path, std::nullopt});
  if (!bytes) return tl::unexpected(bytes.error());
  auto peeked = std::make_unique<PeekedSource>(*std::move(bytes));
  if (serial_of(*peeked) != session.serial)
    return fail(Error::Code::Input,
                fmt::format("{}: this is another capture than the one that was stored", path));
  auto capture = CaptureSource::open(std::move(peeked));
  if (!capture) return tl::unexpected(capture.error());
  OneSession found(session);
  EngineOptions options = options_of_log(engine);
  options.observer = &found;
  auto running = Engine::create(options, found);
  if (!running) return tl::unexpected(running.error());
  std::array<RawPacket, kPacketsAtOnce> batch{};
  std::size_t interfaces = 0;
  for (std::size_t n = 0; found.ladder().empty() && (n = (*capture)->read(batch)) > 0;) {
    for (const auto known = (*capture)->interfaces(); interfaces < known.size(); ++interfaces)
      (*running)->name_interface(interfaces, known[interfaces].name);
    (*running)->process(std::span<const RawPacket>(batch).first(n));
  }
  if (found.ladder().empty()) (*running)->finish();
  if (found.ladder().empty())
    return fail(Error::Code::Input,
                fmt::format("{}: no session in it has this row; the settings of the session engine "
                            "are others than when it was stored",
                            path));
  return found.ladder();
}

}  // namespace endreason
