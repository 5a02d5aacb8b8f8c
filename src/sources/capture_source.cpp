// SPDX-License-Identifier: Apache-2.0
#include "sources/capture_source.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sources/capture_format.hpp"
#include "sources/compression.hpp"

namespace endreason {
namespace {

using namespace std::string_view_literals;

// The message of a file names it, as whoever tells of problems does.
std::string without_name(std::string message, std::string_view name) {
  if (message.starts_with(name)) message.erase(0, name.size() + ": "sv.size());
  return message;
}

// Captures of other formats, so that the message can help. Their own descriptions: RFC 1761 for
// snoop; the others as their readers document them.
struct OtherCapture {
  std::string_view magic;
  std::string_view name;
};
constexpr auto kOtherCaptures = std::to_array<OtherCapture>({
    {"snoop\0\0\0"sv, "a snoop capture"},
    {"GMBU"sv, "a Network Monitor capture"},
    {"RTSS"sv, "a Network Monitor capture"},
    {"TRSNIFF data"sv, "a Sniffer capture"},
    {"XCP\0"sv, "a NetXray capture"},
    {"\0\x09\0\0"sv, "an old AIX capture"},
});

std::string what_it_is(std::string_view first_bytes) {
  if (first_bytes.empty()) return "the file is empty";
  for (const OtherCapture& other : kOtherCaptures)
    if (first_bytes.starts_with(other.magic))
      return fmt::format(
          "this is {}, which is not read here: convert it first, as in `editcap -F "
          "pcapng FILE new.pcapng`",
          other.name);
  return "this is no capture: pcap and pcapng are read, also compressed with gzip or zstd";
}

constexpr std::size_t kRecogniseBytes = 24;  // the header of a pcap file

}  // namespace

struct CaptureSource::Parts {
  Parts(std::unique_ptr<ByteSource> source, CaptureOptions options, std::string_view already_read)
      : window(std::move(source), std::max(options.buffer_bytes, kRecogniseBytes), already_read,
               options.buffers, options.readers) {}
  CaptureWindow window;
  std::unique_ptr<CaptureFormat> format;
};

bool looks_like_capture(std::string_view first_bytes) {
  return looks_like_pcap(first_bytes) || looks_like_pcapng(first_bytes);
}

CaptureSource::CaptureSource(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CaptureSource::~CaptureSource() = default;

const ByteSource& CaptureSource::bytes() const {
  return parts_->window.source();
}
std::span<const CaptureInterface> CaptureSource::interfaces() const {
  return parts_->format->interfaces;
}
CaptureCounters CaptureSource::counters() const {
  CaptureCounters counters = counters_;
  counters.skipped_blocks = parts_->format->skipped_blocks;
  return counters;
}

Result<std::unique_ptr<CaptureSource>> CaptureSource::open(std::unique_ptr<ByteSource> bytes,
                                                           CaptureOptions options,
                                                           std::string_view already_read) {
  auto parts = std::make_unique<Parts>(std::move(bytes), options, already_read);
  CaptureWindow& window = parts->window;
  while (window.bytes().size() < kRecogniseBytes && window.refill(kRecogniseBytes)) {
  }
  const auto first = window.bytes();
  const std::string_view text(reinterpret_cast<const char*>(first.data()), first.size());
  const bool pcap = looks_like_pcap(text);
  if (!pcap && !looks_like_pcapng(text)) {
    if (window.failure()) return tl::unexpected(*window.failure());
    return fail(Error::Code::Input,
                fmt::format("{}: {}", shown_name(window.source().name()), what_it_is(text)));
  }
  auto format = pcap ? make_pcap_format(window) : make_pcapng_format(window);
  if (!format) return tl::unexpected(format.error());
  parts->format = std::move(*format);
  window.begin_turns();
  return std::unique_ptr<CaptureSource>(new CaptureSource(std::move(parts)));
}

void CaptureSource::note(CaptureProblem problem) {
  ++counters_.problems;
  counters_.lost_bytes += problem.bytes;
  if (problems_.size() < kCaptureProblemsKept) problems_.push_back(std::move(problem));
}

// Moves the window to the next place where a record can begin. False when there is none.
// A place is judged only when all that its judgement may look at is in the window, so that the same
// place is found however the bytes come in.
bool CaptureSource::find_next_record() {
  CaptureWindow& window = parts_->window;
  constexpr std::size_t kSeen = kRecordBytesMax + kRecordHeaderBytesMax;
  std::size_t judged = 1;  // the record at the front is the damaged one
  for (;;) {
    const auto here = window.bytes();
    const std::size_t judgeable =
        window.ended() ? here.size() : here.size() - std::min(kSeen, here.size());
    if (judgeable > judged) {
      const std::size_t at =
          judged + parts_->format->find_record(here.subspan(judged), window.ended());
      if (at < judgeable) {
        window.advance(at);
        return true;
      }
      window.advance(judgeable);
      judged = 0;
    } else if (window.ended()) {
      window.advance(here.size());
    }
    if (window.ended()) return false;
    static_cast<void>(window.refill(2 * kSeen));
  }
}

void CaptureSource::pass_over_damage(const Taken& taken) {
  CaptureWindow& window = parts_->window;
  CaptureProblem problem{window.offset(), taken.damaged_bytes, {}};
  if (taken.damaged_bytes > 0) {
    window.advance(taken.damaged_bytes);
    problem.what = fmt::format("{}: the {} bytes from offset {} on were passed over", taken.damage,
                               problem.bytes, problem.offset);
  } else {
    const bool found = find_next_record();
    problem.bytes = window.offset() - problem.offset;
    problem.what = fmt::format(
        "{}: {} bytes from offset {} on could not be read{}", taken.damage, problem.bytes,
        problem.offset, found ? "; reading went on behind them" : ", the rest of the capture");
  }
  note(std::move(problem));
}

void CaptureSource::end_of_capture(std::size_t wanted) {
  CaptureWindow& window = parts_->window;
  ended_ = true;
  const std::uint64_t rest = window.bytes().size();
  if (window.failure()) {
    source_failed_ = true;
    note({window.offset(), rest,
          without_name(window.failure()->message, shown_name(window.source().name()))});
  } else if (window.to_skip() > 0) {
    note({window.offset() - window.to_skip(), 0,
          fmt::format("the capture ends at offset {}, inside a part that holds no packet: it was "
                      "cut short, or is still being written",
                      window.offset() - window.to_skip())});
  } else if (rest > 0) {
    note({window.offset(), rest,
          fmt::format("the capture ends inside the record that begins at offset {} ({} of {} bytes "
                      "are there): it was cut short, or is still being written",
                      window.offset(), rest, wanted)});
  }
  window.advance(rest);
}

void CaptureSource::count(std::span<const RawPacket> batch) {
  counters_.packets += batch.size();
  for (const RawPacket& packet : batch) {
    counters_.captured_bytes += packet.bytes.size();
    counters_.snapped += packet.bytes.size() < packet.wire_length;
  }
}

void CaptureSource::read_as(std::size_t reader) {
  parts_->window.choose(reader);
}

bool CaptureSource::has_turns() const {
  return parts_->window.has_turns();
}

void CaptureSource::fetch(std::size_t reader, std::uint64_t turn) {
  parts_->window.fetch(reader, turn);
}

std::size_t CaptureSource::read(std::span<RawPacket> batch) {
  turn_is_over_ = false;
  while (!ended_ && !batch.empty()) {
    const Taken taken = parts_->format->take(parts_->window, batch);
    if (taken.count > 0) {
      count(batch.first(taken.count));
      parts_->window.lend();
      return taken.count;
    }
    if (taken.damaged) {
      pass_over_damage(taken);
    } else if (parts_->window.turn_is_over()) {
      turn_is_over_ = true;
      parts_->window.leave_turn();
      break;
    } else if (!parts_->window.refill(std::max<std::size_t>(taken.wanted, 1))) {
      end_of_capture(taken.wanted);
    }
  }
  return 0;
}

}  // namespace endreason
