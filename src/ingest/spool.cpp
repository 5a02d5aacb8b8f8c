// SPDX-License-Identifier: Apache-2.0
#include "ingest/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <xxhash.h>

namespace endreason {

struct FrameHeader {
  std::uint32_t bytes, lines;
  std::uint16_t name, place;
  std::int64_t received;
  std::uint64_t checksum;
};

namespace {

constexpr std::string_view kMagic = "ERS1";
constexpr std::size_t kHeaderBytes = 32;
constexpr std::uint32_t kFrameTextMax = 64u << 20;  // a damaged length must not ask for more
// Places that look like a frame's begin, behind a damaged one, of which so many are tried.
constexpr unsigned kTriesMax = 1000;
// Of segments with damage, so many are kept for whoever wants to know.
constexpr std::size_t kDamagedKept = 8;
constexpr std::string_view kDamagedEnding = ".damaged";
// When the system refuses to read, it is asked again after so long.
constexpr std::chrono::milliseconds kAgain{100};

template <class T>
void store_at(char* at, T value) {
  std::memcpy(at, &value, sizeof value);  // every machine this is built for is little-endian
}
template <class T>
T load_at(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint64_t checksum_of(const char* header, std::string_view name, std::string_view place,
                          std::string_view text) {
  std::uint64_t sum = XXH3_64bits(header, kHeaderBytes - sizeof(std::uint64_t));
  sum = XXH3_64bits_withSeed(name.data(), name.size(), sum);
  if (!place.empty()) sum = XXH3_64bits_withSeed(place.data(), place.size(), sum);
  return XXH3_64bits_withSeed(text.data(), text.size(), sum);
}

std::array<char, kHeaderBytes> header_bytes(const FrameHeader& h, std::string_view name,
                                            std::string_view place, std::string_view text) {
  std::array<char, kHeaderBytes> out{};
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  store_at(out.data() + 4, h.bytes);
  store_at(out.data() + 8, h.lines);
  store_at(out.data() + 12, h.name);
  store_at(out.data() + 14, h.place);
  store_at(out.data() + 16, h.received);
  store_at(out.data() + 24, checksum_of(out.data(), name, place, text));
  return out;
}

bool read_header(const char* bytes, FrameHeader& h) {
  if (std::memcmp(bytes, kMagic.data(), kMagic.size()) != 0) return false;
  h.bytes = load_at<std::uint32_t>(bytes + 4);
  h.lines = load_at<std::uint32_t>(bytes + 8);
  h.name = load_at<std::uint16_t>(bytes + 12);
  h.place = load_at<std::uint16_t>(bytes + 14);
  h.received = load_at<std::int64_t>(bytes + 16);
  h.checksum = load_at<std::uint64_t>(bytes + 24);
  return h.bytes <= kFrameTextMax && std::uint32_t{h.name} + h.place <= h.bytes;
}

// Refused: by the system or the disk, for now. That is no damage: it may be there.
enum class Reading : std::uint8_t { Whole, Damaged, Refused };

Reading read_all(int file, char* out, std::size_t count, std::uint64_t offset) {
  while (count > 0) {
    const ssize_t n = ::pread(file, out, count, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? Reading::Refused : Reading::Damaged;
    out += n;
    count -= static_cast<std::size_t>(n);
    offset += static_cast<std::uint64_t>(n);
  }
  return Reading::Whole;
}

// The header of a frame at `offset` of a file of `end` bytes, that there is room for behind it.
Reading read_header_at(int file, std::uint64_t offset, std::uint64_t end,
                       std::array<char, kHeaderBytes>& bytes, FrameHeader& header) {
  if (const Reading r = read_all(file, bytes.data(), bytes.size(), offset); r != Reading::Whole)
    return r;
  if (!read_header(bytes.data(), header)) return Reading::Damaged;
  return header.bytes > end - std::min(end, offset + kHeaderBytes) ? Reading::Damaged
                                                                   : Reading::Whole;
}

// The frame at `offset` of a file of `end` bytes, whole and undamaged.
Reading read_frame(int file, std::uint64_t offset, std::uint64_t end, FrameHeader& header,
                   std::string& text) {
  std::array<char, kHeaderBytes> bytes{};
  if (const Reading r = read_header_at(file, offset, end, bytes, header); r != Reading::Whole)
    return r;
  text.resize(header.bytes);
  const std::string_view all = text;
  if (const Reading r = read_all(file, text.data(), text.size(), offset + kHeaderBytes);
      r != Reading::Whole)
    return r;
  const bool same =
      checksum_of(bytes.data(), all.substr(0, header.name), all.substr(header.name, header.place),
                  all.substr(std::size_t{header.name} + header.place)) == header.checksum;
  return same ? Reading::Whole : Reading::Damaged;
}

// The first whole frame at `offset` or behind it, in a file of `end` bytes: one that is damaged
// does not take those behind it along. `offset` is where it begins then.
Reading find_frame(int file, std::uint64_t& offset, std::uint64_t end, FrameHeader& header,
                   std::string& text) {
  if (const Reading r = read_frame(file, offset, end, header, text); r != Reading::Damaged)
    return r;
  std::string window;
  unsigned tries = 0;
  std::uint64_t at = offset + 1;
  while (at + kHeaderBytes <= end && tries < kTriesMax) {
    window.resize(static_cast<std::size_t>(std::min<std::uint64_t>(end - at, 1 << 20)));
    if (const Reading r = read_all(file, window.data(), window.size(), at); r != Reading::Whole)
      return r;
    std::size_t from = 0;
    for (std::size_t hit = 0; (hit = window.find(kMagic, from)) != std::string::npos;
         from = hit + 1) {
      if (++tries > kTriesMax) return Reading::Damaged;
      const Reading r = read_frame(file, at + hit, end, header, text);
      if (r == Reading::Damaged) continue;
      if (r == Reading::Whole) offset = at + hit;
      return r;
    }
    if (window.size() < kMagic.size()) return Reading::Damaged;
    at += window.size() - (kMagic.size() - 1);  // a magic word may lie across two windows
  }
  return Reading::Damaged;
}

// The next frame to be counted at a start, as its header has it: what it holds is looked at when it
// is read for its rows. A frame with a place is read at once, and so is one behind a header that
// cannot be.
Reading find_counted(int file, std::uint64_t& offset, std::uint64_t end, FrameHeader& header,
                     std::string& text) {
  std::array<char, kHeaderBytes> bytes{};
  const Reading r = read_header_at(file, offset, end, bytes, header);
  if (r == Reading::Whole && header.place == 0 && header.lines <= header.bytes) return r;
  return r == Reading::Refused ? r : find_frame(file, offset, end, header, text);
}

// Whether the bytes at `offset` can be the beginning of a frame that was being written when the
// process stopped. Anything else there was received once.
bool was_being_written(int file, std::uint64_t offset, std::uint64_t end) {
  std::array<char, kHeaderBytes> bytes{};
  if (end - offset < bytes.size()) return true;
  FrameHeader header{};
  return read_all(file, bytes.data(), bytes.size(), offset) == Reading::Whole &&
         read_header(bytes.data(), header) && header.bytes > end - offset - kHeaderBytes;
}

// What tells why a file of the spool cannot be read; nothing of it is taken for damaged then.
tl::unexpected<Error> refused(const std::string& path) {
  return fail(Error::Code::Io, fmt::format("{}: it cannot be read: {}; what waits in it was kept",
                                           path, std::strerror(errno)));
}

}  // namespace

// Room comes back a segment at a time, so there have to be several.
Spool::Spool(SpoolOptions options) : options_(std::move(options)) {
  constexpr std::uint64_t kSegments = 8, kLeast = 4096;
  options_.segment_bytes =
      std::min(options_.segment_bytes, std::max(options_.bytes_max / kSegments, kLeast));
}

Spool::~Spool() {
  if (writing_ >= 0) {
    static_cast<void>(::fdatasync(writing_));
    ::close(writing_);
  }
  if (reading_ >= 0) ::close(reading_);
}

std::string Spool::path_of(std::uint64_t number) const {
  return fmt::format("{}/spool-{:016}.log", options_.folder, number);
}

Result<void> Spool::open(SpoolPosition committed, const TakePlace& take_place) {
  std::error_code failed;
  std::filesystem::create_directories(options_.folder, failed);
  if (failed)
    return fail(Error::Code::Io, fmt::format("{}: the spool's folder cannot be made: {}",
                                             options_.folder, failed.message()));
  if (auto listed = list_segments(); !listed) return listed;
  // What is committed is not needed, whether its segments could be removed in time or not.
  while (!segments_.empty() && segments_.front().number < committed.segment) {
    ::unlink(path_of(segments_.front().number).c_str());
    segments_.pop_front();
  }
  if (segments_.empty()) segments_.push_back({committed.segment, 0});
  checked_segment_ = segments_.back().number;
  if (auto counted = count_waiting(committed, take_place); !counted) return counted;
  const auto whole = mend_last(committed, take_place);
  if (!whole) return tl::unexpected(whole.error());
  bytes_ += segments_.back().bytes;
  if (!open_for_writing(segments_.back().number)) return fail(Error::Code::Io, failure_);
  // An empty folder beside a database that is further on: positions go on from there. And nothing
  // is written behind damage.
  const bool behind =
      segments_.back().number == committed.segment && segments_.back().bytes < committed.offset;
  if ((behind || !*whole) && !next_segment()) return fail(Error::Code::Io, failure_);
  return {};
}

Result<void> Spool::list_segments() {
  segments_.clear();
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, failed)) {
    const std::string name = entry.path().filename();
    std::uint64_t number = 0;
    if (std::sscanf(name.c_str(), "spool-%16lu.log", &number) == 1 &&
        path_of(number) == entry.path())
      segments_.push_back({number, entry.file_size(failed)});
  }
  if (failed) return fail(Error::Code::Io, options_.folder + ": " + failed.message());
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.number < b.number; });
  return {};
}

// Cuts off what was being written when the process stopped: it was not received yet. What is
// damaged otherwise stays, to be counted when it is read; false then. So this one is read as a
// whole, and what waits in it is counted on the way.
Result<bool> Spool::mend_last(SpoolPosition from, const TakePlace& take_place) {
  Segment& last = segments_.back();
  const std::string path = path_of(last.number);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return fail(Error::Code::Io, fmt::format("{}: {}", path, std::strerror(errno)));
  FrameHeader header{};
  SpoolFrame frame;
  std::uint64_t end = 0;
  for (std::uint64_t at = 0; at < last.bytes;) {
    const Reading r = find_frame(file, at, last.bytes, header, frame.bytes);
    if (r == Reading::Refused) {
      const auto why = refused(path);
      ::close(file);
      return why;
    }
    if (r == Reading::Damaged) break;
    if (last.number != from.segment || at >= from.offset) count(header, frame, take_place);
    at = end = at + kHeaderBytes + header.bytes;
  }
  const bool whole = end == last.bytes || was_being_written(file, end, last.bytes);
  const bool cut = end == last.bytes || !whole || ::ftruncate(file, static_cast<off_t>(end)) == 0;
  ::close(file);
  if (!cut) return fail(Error::Code::Io, fmt::format("{}: {}", path, std::strerror(errno)));
  if (whole) last.bytes = end;
  return whole;
}

void Spool::count(const FrameHeader& header, SpoolFrame& frame, const TakePlace& take_place) {
  lines_ += header.lines;
  frame.name_bytes = header.name;
  frame.place_bytes = header.place;
  if (header.place > 0 && take_place) take_place(frame.place());
}

// What waits in all segments but the last. A place that stands in a damaged frame was not reached.
Result<void> Spool::count_waiting(SpoolPosition from, const TakePlace& take_place) {
  bytes_ = lines_ = 0;
  SpoolFrame frame;
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    bytes_ += segment.bytes;
    const int file = ::open(path_of(segment.number).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return refused(path_of(segment.number));
    FrameHeader header{};
    std::uint64_t at = segment.number == from.segment ? from.offset : 0;
    Reading r = Reading::Whole;
    while (at < segment.bytes &&
           (r = find_counted(file, at, segment.bytes, header, frame.bytes)) == Reading::Whole) {
      count(header, frame, take_place);
      at += kHeaderBytes + header.bytes;
    }
    if (r == Reading::Refused) {
      const auto why = refused(path_of(segment.number));
      ::close(file);
      return why;
    }
    ::close(file);
  }
  return {};
}

// Lines that were counted as waiting in what turns out to be damaged.
std::uint64_t Spool::lines_counted(std::uint64_t segment, std::uint64_t begin,
                                   std::uint64_t end) const {
  // Of the last one at the start it was known.
  if (segment == checked_segment_) return 0;
  std::uint64_t lines = 0;
  std::array<char, kHeaderBytes> bytes{};
  FrameHeader header{};
  while (begin < end && read_header_at(reading_, begin, end, bytes, header) == Reading::Whole &&
         header.place == 0 && header.lines <= header.bytes) {
    lines += header.lines;
    begin += kHeaderBytes + header.bytes;
  }
  return lines;
}

bool Spool::open_for_writing(std::uint64_t number) {
  if (writing_ >= 0) {
    static_cast<void>(::fdatasync(writing_));
    ::close(writing_);
  }
  const std::string path = path_of(number);
  writing_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (writing_ >= 0 && ::lseek(writing_, static_cast<off_t>(segments_.back().bytes), SEEK_SET) >= 0)
    return true;
  failure_ = fmt::format("{}: {}", path, std::strerror(errno));
  return false;
}

bool Spool::next_segment() {
  segments_.push_back({segments_.back().number + 1, 0});
  if (open_for_writing(segments_.back().number)) return true;
  segments_.pop_back();
  return false;
}

// All or nothing: what could be written only in part is taken back.
bool Spool::write_frame(std::string_view header, std::string_view name, std::string_view place,
                        std::string_view text) {
  iovec parts[4] = {{const_cast<char*>(header.data()), header.size()},
                    {const_cast<char*>(name.data()), name.size()},
                    {const_cast<char*>(place.data()), place.size()},
                    {const_cast<char*>(text.data()), text.size()}};
  const std::size_t total = header.size() + name.size() + place.size() + text.size();
  std::size_t done = 0;
  while (done < total) {
    const ssize_t n = ::writev(writing_, parts, 4);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      failure_ = fmt::format("{}: {}", path_of(segments_.back().number),
                             n == 0 ? "nothing was written" : std::strerror(errno));
      take_back();
      return false;
    }
    done += static_cast<std::size_t>(n);
    std::size_t skip = static_cast<std::size_t>(n);
    for (iovec& part : parts) {
      const std::size_t here = std::min(skip, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + here;
      part.iov_len -= here;
      skip -= here;
    }
  }
  return true;
}

void Spool::take_back() {
  const auto end = static_cast<off_t>(segments_.back().bytes);
  static_cast<void>(::ftruncate(writing_, end));
  static_cast<void>(::lseek(writing_, end, SEEK_SET));
}

bool Spool::sync_now() {
  if (options_.sync == SpoolSync::Never) return true;
  const auto now = std::chrono::steady_clock::now();
  if (options_.sync == SpoolSync::EverySecond && now - synced_ < std::chrono::seconds(1))
    return true;
  synced_ = now;
  if (::fdatasync(writing_) == 0) return true;
  failure_ = fmt::format("{}: {}", path_of(segments_.back().number), std::strerror(errno));
  return false;
}

SpoolAppend Spool::append(std::string_view sender, std::int64_t received_micros,
                          std::uint32_t lines, std::string_view text, std::string_view place) {
  sender = sender.substr(0, UINT16_MAX);
  const std::unique_lock lock(mutex_);
  const std::uint64_t frame_bytes = kHeaderBytes + sender.size() + place.size() + text.size();
  if (bytes_ + frame_bytes > options_.bytes_max && lines_ > 0) return SpoolAppend::Full;
  if (segments_.back().bytes >= options_.segment_bytes && !next_segment())
    return SpoolAppend::Failed;
  const FrameHeader header{static_cast<std::uint32_t>(frame_bytes - kHeaderBytes),
                           lines,
                           static_cast<std::uint16_t>(sender.size()),
                           static_cast<std::uint16_t>(place.size()),
                           received_micros,
                           0};
  const auto bytes = header_bytes(header, sender, place, text);
  if (!write_frame({bytes.data(), bytes.size()}, sender, place, text)) return SpoolAppend::Failed;
  // Who is told that it failed comes again, so it must not be there.
  if (!sync_now()) {
    take_back();
    return SpoolAppend::Failed;
  }
  segments_.back().bytes += frame_bytes;
  bytes_ += frame_bytes;
  lines_ += lines;
  ++appended_;
  changed_.notify_one();
  return SpoolAppend::Taken;
}

bool Spool::read(SpoolPosition at, SpoolFrame& frame) {
  while (true) {
    std::uint64_t end = 0;
    bool last = false;
    {
      const std::scoped_lock lock(mutex_);
      appended_when_read_ = appended_;
      // Of a segment that somebody removed, what follows it is still to be read.
      const auto segment = std::find_if(segments_.begin(), segments_.end(),
                                        [&](const Segment& s) { return s.number >= at.segment; });
      if (segment == segments_.end()) return false;
      if (segment->number != at.segment) at = {segment->number, 0};
      end = segment->bytes;
      last = std::next(segment) == segments_.end();
    }
    if (at.offset < end) {
      const Found found = read_behind(at, end, frame);
      read_refused_ = found == Found::Refused;
      if (found == Found::Frame) return true;
      if (found == Found::Refused) {
        // Out of files or memory, or a disk that is away: nothing is passed over.
        std::this_thread::sleep_for(kAgain);
        return false;
      }
      // Where a next frame begins will be known in the next segment.
      const std::scoped_lock lock(mutex_);
      if (last && !next_segment()) return false;
    } else if (last) {
      return false;
    }
    at = {at.segment + 1, 0};
  }
}

// The frame at `at`, or the first whole one behind it in the same segment.
Spool::Found Spool::read_behind(SpoolPosition at, std::uint64_t end, SpoolFrame& frame) {
  if (reading_number_ != at.segment || reading_ < 0) {
    if (reading_ >= 0) ::close(reading_);
    reading_ = ::open(path_of(at.segment).c_str(), O_RDONLY | O_CLOEXEC);
    reading_number_ = at.segment;
  }
  FrameHeader header{};
  std::uint64_t begin = at.offset;
  Reading r = errno == ENOENT ? Reading::Damaged : Reading::Refused;
  if (reading_ >= 0) r = find_frame(reading_, begin, end, header, frame.bytes);
  if (r == Reading::Refused) {
    const std::scoped_lock lock(mutex_);
    failure_ = refused(path_of(at.segment)).value().message;
    return Found::Refused;
  }
  if (r != Reading::Whole) begin = end;
  if (begin > at.offset) {
    const std::uint64_t lines = lines_counted(at.segment, at.offset, begin);
    const std::scoped_lock lock(mutex_);
    // Read again after a failure of the database, it is the same damage.
    if (damaged_places_.insert(at).second) {
      damaged_ += begin - at.offset;
      lines_ -= std::min(lines, lines_);
      put_aside(at.segment);
    }
  }
  if (r != Reading::Whole) return Found::Nothing;
  frame.name_bytes = header.name;
  frame.place_bytes = header.place;
  frame.received_micros = header.received;
  frame.lines = header.lines;
  frame.end = {at.segment, begin + kHeaderBytes + header.bytes};
  return Found::Frame;
}

// What is asked is not where the reader stands: behind it there may be an empty segment, or damage.
bool Spool::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  const bool more =
      changed_.wait_for(lock, time, [&] { return woken_ || appended_ != appended_when_read_; });
  woken_ = false;
  return more;
}

void Spool::wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Spool::release_before(SpoolPosition position, std::uint64_t lines) {
  const std::scoped_lock lock(mutex_);
  lines_ -= std::min(lines, lines_);
  // Lines of a damaged frame will never be read.
  if (segments_.back().number == position.segment && segments_.back().bytes == position.offset)
    lines_ = 0;
  while (segments_.size() > 1 && segments_.front().number < position.segment) drop_first();
  // The only segment, all of it committed: a new one takes its place, so that a spool at rest is
  // empty.
  if (segments_.size() == 1 && segments_.front().number == position.segment &&
      segments_.front().bytes == position.offset && position.offset >= options_.segment_bytes / 4 &&
      next_segment())
    drop_first();
}

void Spool::drop_first() {
  bytes_ -= segments_.front().bytes;
  ::unlink(path_of(segments_.front().number).c_str());
  segments_.pop_front();
}

// Of a segment with damage something of what was received may be left in it. It gets its second
// name as soon as the damage is found, so that whoever removes the first, be it the next start of a
// process that was killed, need not know.
void Spool::put_aside(std::uint64_t number) {
  const std::string path = path_of(number);
  static_cast<void>(::link(path.c_str(), (path + std::string(kDamagedEnding)).c_str()));
  std::set<std::string> kept;  // by number, as their names are
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, failed))
    if (entry.path().extension() == kDamagedEnding) kept.insert(entry.path());
  for (; kept.size() > kDamagedKept; kept.erase(kept.begin())) ::unlink(kept.begin()->c_str());
}

Spool::Waiting Spool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return {bytes_, lines_};
}

bool Spool::nearly_full() const {
  const std::scoped_lock lock(mutex_);
  return bytes_ > options_.bytes_max / 2;
}

std::string Spool::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

bool Spool::disk_has_room() const {
  constexpr std::uintmax_t kRoom = std::uintmax_t{16} << 20;
  std::error_code failed;
  const auto space = std::filesystem::space(options_.folder, failed);
  return !failed && space.available >= kRoom;
}

std::uint64_t Spool::damaged_bytes() const {
  const std::scoped_lock lock(mutex_);
  return damaged_;
}

}  // namespace endreason
