// SPDX-License-Identifier: Apache-2.0
#include "dataplane/log_lines.hpp"

#include <cstring>

#include "dataplane/session_record.hpp"

namespace endreason {
namespace {

// The cells on both sides of each stretch. Between cells that are not listed as sides there is no
// more than a comma. The first begins the line, the last ends it.
struct Sides {
  Field behind, before;
};
constexpr Field kLineEnd{kFieldCount};
constexpr auto kSides = std::to_array<Sides>({
    {Field::Domain, Field::ReceiveTime},
    {Field::ReceiveTime, Field::TimeGenerated},
    {Field::Dst, Field::TimeReceived},
    {Field::Sessionid, Field::Sport},
    {Field::Dport, Field::Bytes},
    {Field::Elapsed, Field::Seqno},
    {Field::Seqno, Field::PktsSent},
    {Field::PktsReceived, Field::ParentSessionId},
    {Field::ParentSessionId, Field::HighResTimestamp},
    {Field::HighResTimestamp, Field::TotalNOoseqC2s},
    {Field::TcpZeroWindowCntS2c, kLineEnd},
});
constexpr std::size_t kBehindTimes = 9;  // the stretch behind the last time, which may end the line

// What all cells that differ take at most, with the commas between them.
constexpr std::size_t kDifferingBytes = 27 * (kLongestCell + 1);

}  // namespace

// Writes one line.
class LogLines::Writer {
 public:
  Writer(const Shape& shape, char* to) : shape_(shape), to_(to) {}

  [[gnu::always_inline]] void stretch() {
    const char* from = shape_.text.data() + shape_.begins[next_];
    const std::size_t size = shape_.sizes[next_++];
    for (std::size_t done = 0; done < size; done += kBlock)
      std::memcpy(to_ + done, from + done, kBlock);
    to_ += size;
  }
  [[gnu::always_inline]] void number(std::uint64_t value) { to_ = put_number(to_, value); }
  template <class... Numbers>
  [[gnu::always_inline]] void numbers(std::uint64_t first, Numbers... rest) {
    number(first);
    ((comma(), number(rest)), ...);
  }
  [[gnu::always_inline]] void address(const IpAddress& address) { to_ = put_address(to_, address); }
  [[gnu::always_inline]] void time(TimeText& text, std::int64_t ns) { to_ = text.put(to_, ns); }
  [[gnu::always_inline]] void fine_time(TimeText& text, std::int64_t ns) {
    to_ = text.put_high_resolution(to_, ns);
  }
  [[gnu::always_inline]] void comma() { *to_++ = ','; }
  char* end_line() {
    *to_++ = '\n';
    return to_;
  }

 private:
  const Shape& shape_;
  char* to_;
  std::size_t next_ = 0;
};

LogLines::LogLines() : places_(kShapes) {
  static_assert(kSides.size() == kStretches);
}

// The release is the same for all rows of an engine.
LogLines::Key LogLines::key_of(const LineOf& row) {
  const Session& s = row.session;
  const auto bits = [](auto value, unsigned at) { return static_cast<std::uint64_t>(value) << at; };
  return {bits(row.policy.rule, 0) | bits(row.app, 32) | bits(s.key.zone & 0xffu, 48) |
              bits(s.server_zone, 56),
          bits(s.end_reasons, 0) | bits(s.stage, 16) | bits(s.has(kStageKnown), 24) |
              bits(row.policy.has(kTemporaryMatch), 25) | bits(s.client().is_v4(), 26) |
              bits(row.another_port, 27) | bits(row.subtype, 32) | bits(row.policy.action, 40) |
              bits(row.policy.source, 48) | bits(s.key.protocol, 56),
          bits(row.interfaces.ingress, 0) | bits(row.interfaces.egress, 16)};
}

std::size_t LogLines::place_of(const Key& key) {
  const std::uint64_t mixed =
      (key.who ^ (key.how << 7 | key.how >> 57) ^ key.where << 40) * 0x9e37'79b9'7f4a'7c15;
  static_assert(kShapes == std::size_t{1} << 8);
  return static_cast<std::size_t>(mixed >> 56);
}

void LogLines::make_room(std::size_t bytes) {
  if (buffer_.size() - size_ < bytes) [[unlikely]]
    buffer_.resize((size_ + bytes) * 2);
}

bool LogLines::append(const LineOf& row) {
  const Key key = key_of(row);
  const Place& place = places_[place_of(key)];
  if (!place.known || place.key != key) [[unlikely]]
    return false;
  const Shape& shape = *place.shape;
  make_room(kStretchBytes + kDifferingBytes + kCellSlack);
  const Session& s = row.session;
  const FlowState& c2s = s.flow(Flow::C2s);
  const FlowState& s2c = s.flow(Flow::S2c);
  const std::array<std::uint16_t, 2> ports = ports_in_log(s);
  Writer line(shape, buffer_.data() + size_);
  line.stretch();
  line.time(generated_, row.generated_ns);
  line.stretch();
  line.time(generated_, row.generated_ns);
  line.comma();
  line.address(s.client());
  line.comma();
  line.address(s.server());
  line.stretch();
  line.time(generated_, row.generated_ns);
  line.comma();
  line.number(s.id);
  line.stretch();
  line.numbers(ports[0], ports[1]);
  line.stretch();
  line.numbers(c2s.bytes + s2c.bytes, c2s.bytes, s2c.bytes, c2s.packets + s2c.packets);
  line.comma();
  line.time(started_, s.start_ns);
  line.comma();
  line.number(elapsed_in_log(s));
  line.stretch();
  line.number(row.seqno);
  line.stretch();
  line.numbers(c2s.packets, s2c.packets);
  line.stretch();
  line.number(parent_in_log(s));
  line.stretch();
  line.fine_time(generated_, row.generated_ns);
  line.stretch();
  if (shape.telemetry) {
    const FlowExtra& extra = s.extra(Flow::C2s);
    const FlowExtra& back = s.extra(Flow::S2c);
    line.numbers(extra.out_of_order, back.out_of_order, extra.retransmitted, back.retransmitted,
                 s.zero_windows[0], s.zero_windows[1]);
    line.stretch();
  }
  size_ = static_cast<std::size_t>(line.end_line() - buffer_.data());
  ++count_;
  return true;
}

bool LogLines::append_and_learn(const LineOf& row, const TrafficRecord& record) {
  const std::string_view line = record.payload;
  if (line.empty()) return false;
  make_room(line.size() + 1);
  std::memcpy(buffer_.data() + size_, line.data(), line.size());
  size_ += line.size();
  buffer_[size_++] = '\n';
  ++count_;
  learn(key_of(row), record);
  return true;
}

// Longer stretches than there is room for are not learnt: such lines are made one by one.
void LogLines::learn(const Key& key, const TrafficRecord& record) {
  const std::string_view line = record.payload;
  if (record.ends()[index_of(Field::HighResTimestamp)] > line.size()) return;
  Place& place = places_[place_of(key)];
  place.known = false;
  if (!place.shape) place.shape = std::make_unique<Shape>();
  Shape& shape = *place.shape;
  shape.telemetry = record.has(Field::TcpZeroWindowCntS2c) &&
                    record.ends()[index_of(Field::TcpZeroWindowCntS2c)] <= line.size();
  const std::size_t stretches = shape.telemetry ? kStretches : kBehindTimes + 1;
  std::size_t used = 0;
  for (std::size_t i = 0; i < stretches; ++i) {
    const std::size_t from = i == 0 ? 0 : record.ends()[index_of(kSides[i].behind)];
    const std::size_t to =
        i + 1 == stretches ? line.size() : record.begins()[index_of(kSides[i].before)];
    const std::size_t blocks = (to - from + kBlock - 1) / kBlock * kBlock;
    if (used + blocks > kStretchBytes) return;
    shape.begins[i] = static_cast<std::uint16_t>(used);
    shape.sizes[i] = static_cast<std::uint16_t>(to - from);
    std::memcpy(shape.text.data() + used, line.data() + from, to - from);
    used += blocks;
  }
  place.key = key;
  place.known = true;
}

}  // namespace endreason
