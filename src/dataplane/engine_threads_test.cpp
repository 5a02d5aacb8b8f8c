// SPDX-License-Identifier: Apache-2.0
// The same packets give the same rows with any number of threads, however they are cut into calls,
// also where limits that all threads share are met.
#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/content_inspection.hpp"
#include "dataplane/engine.hpp"
#include "dataplane/reply_sink.hpp"
#include "policy/policy_for_test.hpp"

namespace endreason {
namespace {

// splitmix64: the same numbers everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t count) {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<std::uint32_t>(((z ^ (z >> 31)) >> 32) * count >> 32);
  }

 private:
  std::uint64_t state_;
};

void put16(std::vector<std::uint8_t>& bytes, std::size_t at, unsigned value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

struct Frame {
  std::int64_t time_ns;
  std::vector<std::uint8_t> bytes;
};

// A packet between two of 40 hosts: TCP with any flags, UDP, a fragment of UDP, an echo, an ICMP
// error about UDP, or something that is no IP packet.
Frame random_frame(Numbers& numbers, std::int64_t time_ns) {
  const std::uint32_t kind = numbers.below(20);
  const bool tcp = kind < 12;
  std::vector<std::uint8_t> b(14 + 20 + 20 + numbers.below(3) * 40, 'x');
  put16(b, 12, kind == 19 ? 0x0806 : 0x0800);
  b[14] = 0x45;
  put16(b, 16, static_cast<unsigned>(b.size() - 14));
  put16(b, 18, numbers.below(4));
  put16(b, 20, kind == 15 ? 0x2000 * numbers.below(2) + numbers.below(2) * 5 : 0);
  b[22] = 64;
  b[23] = tcp ? 6 : kind < 16 ? 17 : 1;
  const auto put_ends = [&](std::size_t at) {
    const std::uint32_t client = numbers.below(20), server = 20 + numbers.below(20);
    const bool sent = numbers.below(2) == 0;
    for (const std::size_t i : {at, at + 4}) b[i] = 10, b[i + 1] = b[i + 2] = 0;
    b[at + 3] = static_cast<std::uint8_t>(sent ? client : server);
    b[at + 7] = static_cast<std::uint8_t>(sent ? server : client);
    const unsigned port = 1000 + numbers.below(3);
    put16(b, at + 8, sent ? port : 80);
    put16(b, at + 10, sent ? 80 : port);
  };
  put_ends(26);
  if (tcp) {
    constexpr std::uint8_t kFlags[] = {0x02, 0x12, 0x10, 0x18, 0x18, 0x11, 0x04, 0x14};
    put16(b, 38, 0);
    put16(b, 40, numbers.below(200));
    put16(b, 42, 0);
    put16(b, 44, numbers.below(200));
    b[46] = 0x50;
    b[47] = kFlags[numbers.below(8)];
  } else if (b[23] == 17) {
    put16(b, 38, static_cast<unsigned>(b.size() - 34));
  } else if (kind == 18) {
    b.resize(14 + 20 + 8 + 28, 0);
    put16(b, 16, static_cast<unsigned>(b.size() - 14));
    put16(b, 34, 0x0300);
    b[42] = 0x45;
    put16(b, 48, 0);
    b[51] = 17;
    put_ends(54);
  } else {
    put16(b, 34, 0x0800);
  }
  return {time_ns, std::move(b)};
}

class Lines final : public EngineSink {
 public:
  explicit Lines(std::string& log) : log_(log) {}
  void on_record(TrafficRecord& record) override {
    for (const FieldInfo& field : kFields) {
      part_ += record.text(field.value);
      part_ += ',';
    }
    part_ += record.engine->text(EngineColumn::Handshake);
    part_ += ',';
    part_ += record.engine->text(EngineColumn::History);
    part_ += '\n';
  }
  void on_lines(std::string_view lines, std::size_t rows, bool next) override {
    EXPECT_EQ(static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')), rows);
    part_ += lines;
    if (next) on_part();
  }
  void on_part() override { log_ += std::exchange(part_, {}); }

 private:
  std::string& log_;
  std::string part_;
};

class SentTexts final : public ReplySink {
 public:
  void on_reply(std::int64_t time_ns, std::span<const std::uint8_t> packet) override {
    text += std::to_string(time_ns) + ' ';
    text.append(reinterpret_cast<const char*>(packet.data()), packet.size());
  }
  std::string text;
};

// All packets as a capture gives them, some at a time. Each packet lies in memory of its own only
// as long as is asked for. In turns, where there are some: of three calls, and each given only on
// behalf of who has fetched it.
class MadeInput final : public EngineInput {
 public:
  MadeInput(Engine& engine, const EngineReading& reading, std::span<const RawPacket> packets,
            std::size_t most, bool in_turns)
      : engine_(engine),
        packets_(packets),
        most_(std::min(most, reading.packets)),
        kept_(reading.kept),
        in_turns_(in_turns && reading.readers > 1),
        fetched_(reading.readers, kNoTurn) {}

  bool has_turns() const override { return in_turns_; }
  void fetch(unsigned reader, std::uint64_t turn) override {
    EXPECT_EQ(std::exchange(fetched_.at(reader), turn), kNoTurn) << "the one before is not over";
  }
  bool turn_is_over() const override { return turn_is_over_; }

  std::span<const RawPacket> next(unsigned reader) override {
    if (in_turns_) {
      EXPECT_EQ(fetched_.at(reader), turn_);
      turn_is_over_ = !packets_.empty() && calls_of_turn_ == 3;
      if (turn_is_over_) {
        fetched_[reader] = kNoTurn;
        calls_of_turn_ = 0;
        ++turn_;
        return {};
      }
      ++calls_of_turn_;
    }
    Kept& kept = kept_[calls_++ % kept_.size()];
    kept = {};
    for (; kept.packets.size() < most_ && !packets_.empty(); packets_ = packets_.subspan(1)) {
      const RawPacket& packet = packets_.front();
      kept.bytes.emplace_back(packet.bytes.begin(), packet.bytes.end());
      kept.packets.push_back(packet);
      kept.packets.back().bytes = kept.bytes.back();
      seen_ = std::max<std::size_t>(seen_, packet.interface + std::size_t{1});
    }
    return kept.packets;
  }
  bool brings_interfaces() const override { return named_ < seen_; }
  void name_interfaces() override {
    constexpr std::string_view kNames[] = {"eth0", "eth1", ""};
    for (; named_ < seen_; ++named_) engine_.name_interface(named_, kNames[named_]);
  }

 private:
  struct Kept {
    std::deque<std::vector<std::uint8_t>> bytes;
    std::vector<RawPacket> packets;
  };
  static constexpr std::uint64_t kNoTurn = UINT64_MAX;
  Engine& engine_;
  std::span<const RawPacket> packets_;
  std::size_t most_;
  std::vector<Kept> kept_;
  bool in_turns_;
  std::vector<std::uint64_t> fetched_;  // by reader
  std::uint64_t turn_ = 0;
  unsigned calls_of_turn_ = 0;
  bool turn_is_over_ = false;
  std::size_t calls_ = 0, seen_ = 0, named_ = 0;
};

enum class Given { InCalls, AsAnInput, InTurns };

std::string track(const std::vector<Frame>& frames, EngineOptions options, unsigned threads,
                  std::size_t call, Given given = Given::InCalls) {
  std::string log;
  SentTexts sent;
  options.replies = &sent;
  std::vector<std::unique_ptr<Lines>> lines;
  std::vector<EngineSink*> sinks;
  for (unsigned i = 0; i < threads; ++i) {
    lines.push_back(std::make_unique<Lines>(log));
    sinks.push_back(lines.back().get());
  }
  options.threads = threads;
  auto engine = std::move(Engine::create(options, sinks).value());
  if (given == Given::InCalls) {
    engine->name_interface(0, "eth0");
    engine->name_interface(1, "eth1");
  }
  std::vector<RawPacket> packets;
  for (const Frame& frame : frames)
    packets.push_back({.time_ns = frame.time_ns,
                       .bytes = frame.bytes,
                       .wire_length = static_cast<std::uint32_t>(frame.bytes.size()),
                       .link_type = 1,
                       .interface = static_cast<std::uint16_t>(frame.bytes[33] % 3)});
  // Every second call leaves the packets to be worked on while the next ones come.
  unsigned calls = 0, meanwhile = 0;
  if (given != Given::InCalls) {
    MadeInput input(*engine, Engine::reading(options, options.inspection != nullptr), packets, call,
                    given == Given::InTurns);
    engine->follow(input);
    packets.clear();
  }
  for (std::size_t i = 0; i < packets.size(); i += call) {
    const auto some = std::span(packets).subspan(i, std::min(call, packets.size() - i));
    if (++calls % 2 == 0) {
      engine->process(some);
    } else {
      engine->stream(some, [&meanwhile] { ++meanwhile; });
    }
  }
  engine->finish();
  EXPECT_EQ(meanwhile, (calls + 1) / 2);
  const SessionCounters counters = engine->counters();
  EXPECT_EQ(counters.packets(), frames.size());
  if (!options.policy)  // else a packet that begins a session may be refused and counted so
    EXPECT_EQ(counters[SessionCounter::Created] + counters[SessionCounter::Divided],
              counters[SessionCounter::SessionsEnded]);
  for (const SessionCounterInfo& row : kSessionCounters)
    log += std::to_string(counters[row.value]) + ' ';
  return log + sent.text;
}

constexpr std::int64_t kBegin_ns = 1'773'136'800'000'000'000;

std::vector<Frame> random_frames() {
  Numbers numbers(7);
  std::vector<Frame> frames;
  std::int64_t time_ns = kBegin_ns;
  for (int i = 0; i < 12'000; ++i) {
    // Mostly forward, sometimes back, sometimes a silence in which sessions age.
    time_ns += std::int64_t{numbers.below(40'000'000)} - 4'000'000;
    if (numbers.below(3'000) == 0) time_ns += 40'000'000'000;
    frames.push_back(random_frame(numbers, time_ns));
  }
  return frames;
}

struct Limits {
  std::string_view says;
  std::uint32_t sessions;
  std::uint32_t segments;
  std::optional<std::int64_t> clear_ns{};
};
constexpr Limits kLimits[] = {
    {"no limit is near", 1'000'000, 65'536},
    {"the pool is full, and aging accelerated", 60, 65'536},
    {"segments held meet the limit of all", 1'000'000, 20},
    {"an operator clears the sessions", 60, 65'536, kBegin_ns + 100'000'000'000},
    {"an operator clears them at the end", 1'000'000, 65'536, kClearAtEnd},
};

TEST(EngineThreads, TheRowsAreTheSameWithAnyNumberOfThreadsAndHoweverPacketsAreCut) {
  for (const Limits& limits : kLimits) {
    const std::vector<Frame> frames = random_frames();
    EngineOptions options;
    options.identify = false;
    options.log_start = true;
    options.session.capacity = limits.sessions;
    options.session.tcp.segments_in_all = limits.segments;
    options.session.tcp.reject_non_syn = false;
    options.clear_session_ns = limits.clear_ns;
    const std::string alone = track(frames, options, 1, 97);
    ASSERT_GT(std::count(alone.begin(), alone.end(), '\n'), 300) << limits.says;
    for (const unsigned threads : {1u, 2u, 3u, 8u})
      for (const std::size_t call : {std::size_t{5000}, std::size_t{700}, std::size_t{90}})
        for (const Given given : {Given::InCalls, Given::AsAnInput, Given::InTurns})
          ASSERT_EQ(track(frames, options, threads, call, given), alone)
              << limits.says << ", " << threads << " threads, " << call << " packets a call, "
              << (given == Given::AsAnInput ? "as an input" : "in calls");
  }
}

// Some rows have no line, as the name of a zone must be quoted, and come in their places.
TEST(EngineThreads, LinesAndRowsWithoutOneComeInTheSameOrderWithAnyNumberOfThreads) {
  const std::vector<Frame> frames = random_frames();
  EngineOptions options;
  options.identify = false;
  options.session.tcp.reject_non_syn = false;
  options.lines = true;
  options.zones = ZoneTable::make({{.name = "inside", .interfaces = {"eth0"}},
                                   {.name = "lab \"7\", upstairs", .interfaces = {"eth1"}}})
                      .value();
  const std::string alone = track(frames, options, 1, 97);
  const auto rows = std::count(alone.begin(), alone.end(), '\n');
  std::size_t quoted = 0;
  for (std::size_t at = 0; (at = alone.find("lab \"", at)) != std::string::npos; ++at) ++quoted;
  ASSERT_GT(quoted, 100u);
  ASSERT_GT(rows, static_cast<std::ptrdiff_t>(quoted) + 100);
  for (const unsigned threads : {2u, 3u, 8u})
    for (const std::size_t call : {std::size_t{5000}, std::size_t{700}})
      for (const Given given : {Given::InCalls, Given::AsAnInput, Given::InTurns})
        ASSERT_EQ(track(frames, options, threads, call, given), alone)
            << threads << " threads, " << call << " packets a call";
}

// Identification looks into packets when they are tracked, so they have to stay; and an ICMP error
// is looked up by what it quotes, whether they stay or not.
TEST(EngineThreads, PacketsAreThereAsLongAsTheyAreLookedInto) {
  const std::vector<Frame> frames = random_frames();
  EngineOptions options;
  for (const bool identify : {true, false}) {
    options.identify = identify;
    const std::string alone = track(frames, options, 1, 97);
    for (const std::size_t call : {std::size_t{5000}, std::size_t{300}, std::size_t{40}})
      ASSERT_EQ(track(frames, options, 2, call, Given::AsAnInput), alone)
          << (identify ? "with" : "without") << " identification, " << call << " packets a read";
  }
}

// A connection that is established, from each of so many hosts, and many questions between two
// hosts: one lane has sessions for long when others have nothing but timers that are far away.
// Times go back and forth, so that some sessions end when they were last seen, behind the end of
// their timer.
std::vector<Frame> uneven_frames() {
  constexpr unsigned kHosts = 8, kQuestions = 6'000;
  Numbers numbers(11);
  std::vector<Frame> frames;
  const auto add = [&](std::uint8_t protocol, std::uint8_t src, std::uint8_t dst, unsigned sport,
                       unsigned dport) -> std::vector<std::uint8_t>& {
    std::vector<std::uint8_t> b(14 + 20 + 20, 0);
    put16(b, 12, 0x0800);
    b[14] = 0x45;
    put16(b, 16, 40);
    b[22] = 64;
    b[23] = protocol;
    b[26] = b[30] = 10;
    b[29] = src;
    b[33] = dst;
    put16(b, 34, sport);
    put16(b, 36, dport);
    put16(b, 38, 20);  // the length, where it is UDP
    frames.push_back({kBegin_ns + std::int64_t{numbers.below(900)} * 50'000'000, std::move(b)});
    return frames.back().bytes;
  };
  const auto segment = [](std::vector<std::uint8_t>& b, unsigned seq, unsigned ack,
                          unsigned flags) {
    put16(b, 38, 0);
    put16(b, 40, seq);
    put16(b, 44, ack);
    b[46] = 0x50;
    b[47] = static_cast<std::uint8_t>(flags);
    put16(b, 48, 1'000);
  };
  for (unsigned host = 1; host <= kHosts; ++host) {
    const auto client = static_cast<std::uint8_t>(host);
    segment(add(6, client, 99, 1'000, 80), 1, 0, 0x02);
    segment(add(6, 99, client, 80, 1'000), 7, 2, 0x12);
    segment(add(6, client, 99, 1'000, 80), 2, 8, 0x10);
  }
  for (unsigned i = 0; i < kQuestions; ++i) {
    add(17, 50, 51, 1'000 + i, 53);
    if (i % 3 == 0) add(17, 51, 50, 53, 1'000 + i);
  }
  return frames;
}

TEST(EngineThreads, ALaneThatHasNoSessionsLeftWaitsForTheOthers) {
  const std::vector<Frame> frames = uneven_frames();
  EngineOptions options;
  options.identify = false;
  const std::string alone = track(frames, options, 1, 97);
  for (const unsigned threads : {2u, 3u})
    for (const Given given : {Given::InCalls, Given::AsAnInput, Given::InTurns})
      ASSERT_EQ(track(frames, options, threads, 5000, given), alone) << threads << " threads";
}

UserSignature payload_of_x() {
  UserSignature signature;
  signature.app = "web-browsing";
  signature.pattern = "xxxx";
  return signature;
}

// Drops by port and by application, with ICMP unreachables beyond their limit.
std::shared_ptr<const CompiledPolicy> rules() {
  Policy policy = zones_for_test();
  policy.limits.push_back({"icmp-unreachable-rate", 3});
  policy.services.push_back({"some", "udp", "1-1001", "", 0, 1});
  policy.services.push_back({"others", "tcp", "1001", "", 0, 1});
  SecurityRule drop = rule_of("drop", Action::Drop), wait = rule_of("wait", Action::Allow),
               deny = rule_of("deny", Action::ResetBoth);
  drop.icmp_unreachable = true;
  drop.match.service = {"some"};
  deny.match.service = {"others"};
  deny.application = {"web-browsing"};
  policy.rules = {drop, deny, wait};
  return std::make_shared<const CompiledPolicy>(
      std::move(CompiledPolicy::create(std::move(policy)).value()));
}

// Blocks by what the payload's place in the capture's bytes is, which no thread changes.
class SomeBlocked final : public ContentInspection {
 public:
  explicit SomeBlocked(bool addresses) : addresses_(addresses) {}
  Result<std::unique_ptr<ContentInspector>> make_inspector(const InspectorPlace&) override {
    return std::make_unique<Inspector>(addresses_);
  }
  bool may_block_addresses() const override { return addresses_; }

 private:
  class Inspector final : public ContentInspector {
   public:
    explicit Inspector(bool addresses) : addresses_(addresses) {}
    ContentVerdict inspect(const ContentPacket& seen) override {
      if (seen.moment.packet % 97 != 0) return {};
      const bool block = addresses_ && seen.moment.packet % 2 == 0;
      return {.action = block ? ContentAction::BlockIp : ContentAction::ResetBoth, .block_s = 3};
    }
    void forget(const Session&, SessionIndex, Moment) override {}

   private:
    bool addresses_;
  };
  bool addresses_;
};

TEST(EngineThreads, RulesAndInspectionDecideTheSameAndTheSamePacketsAreSent) {
  const std::vector<Frame> frames = random_frames();
  for (const bool addresses : {false, true}) {
    SomeBlocked inspection(addresses);
    EngineOptions options;
    options.session.tcp.reject_non_syn = false;
    options.policy = rules();
    options.rules_decide_logs = false;
    options.inspection = &inspection;
    options.user_applications.push_back(payload_of_x());
    const std::string alone = track(frames, options, 1, 97);
    for (const std::string_view word : {",drop,", ",deny,", "threat", "policy-deny", "reset-both"})
      EXPECT_NE(alone.find(word), std::string::npos) << word;
    for (const unsigned threads : {2u, 3u, 8u})
      for (const std::size_t call : {std::size_t{5000}, std::size_t{700}})
        for (const Given given : {Given::InCalls, Given::AsAnInput, Given::InTurns})
          ASSERT_EQ(track(frames, options, threads, call, given), alone)
              << threads << " threads, " << call << " packets a call";
  }
}

}  // namespace
}  // namespace endreason
