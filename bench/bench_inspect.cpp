// SPDX-License-Identifier: Apache-2.0
// What a thousand threat signatures cost a packet: captures through decode, sessions and
// applications, without and with inspection, in turns in one run.
//
//   bench_inspect [--rules N] [--rounds N] [--packets N] [--profile] CAPTURE...
//   bench_inspect --print [--rules N]
// --profile runs the sessions with inspection and without applications, for perf; --print writes
// the signatures, for other programs. Prints CPU time a packet, medians over the rounds, and the
// ratio of the speeds.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "appid/identifier.hpp"
#include "dataplane/session_record.hpp"
#include "decode/decoder.hpp"
#include "inspect/inspector.hpp"
#include "inspect/rule_file.hpp"
#include "made_signatures.hpp"
#include "model/protocol.hpp"
#include "session/session_table.hpp"
#include "sources/capture_merge.hpp"
#include "sources/input_list.hpp"

namespace {

using namespace endreason;

constexpr std::size_t kBatch = 64;

struct Options {
  std::uint64_t rules = 1000;
  std::size_t rounds = 5;
  std::size_t packets = 2'000'000;
  bool profile = false, print = false;
  std::vector<std::string> captures;
};

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

struct Packets {
  std::vector<std::unique_ptr<std::vector<std::uint8_t>>> blocks;
  std::vector<RawPacket> packets;

  void add(const RawPacket& p) {
    if (blocks.empty() || blocks.back()->capacity() - blocks.back()->size() < p.bytes.size()) {
      blocks.push_back(std::make_unique<std::vector<std::uint8_t>>());
      blocks.back()->reserve(std::max<std::size_t>(16 << 20, p.bytes.size()));
    }
    std::vector<std::uint8_t>& block = *blocks.back();
    const std::size_t at = block.size();
    block.insert(block.end(), p.bytes.begin(), p.bytes.end());
    packets.push_back(p);
    packets.back().bytes = {block.data() + at, p.bytes.size()};
  }
};

Result<Packets> read(const Options& options) {
  std::vector<std::unique_ptr<CaptureSource>> captures;
  for (const std::string& path : options.captures) {
    Input input;
    input.path = path;
    auto bytes = open_input(input);
    if (!bytes) return tl::unexpected(bytes.error());
    if (auto capture = CaptureSource::open(std::move(*bytes)))
      captures.push_back(std::move(*capture));
  }
  CaptureMerge merge(std::move(captures));
  Packets out;
  std::array<RawPacket, kBatch> batch;
  while (out.packets.size() < options.packets)
    if (const std::size_t n = merge.read(batch); n > 0)
      for (std::size_t i = 0; i < n; ++i) out.add(batch[i]);
    else
      break;
  return out;
}

class Sink final : public SessionSink {
 public:
  Sink(Identifier* identifier, inspect::Inspector* inspector)
      : identifier_(identifier), inspector_(inspector) {}

  bool wants_packets() const override { return identifier_ != nullptr || inspector_ != nullptr; }

  void on_packet(const PacketView& packet, const PacketResult& result) override {
    if (result.session == nullptr || !passes(result.outcome)) return;
    Session& session = *result.session;
    if (session.user == 0) {
      state_.push_back({});
      session.user = static_cast<std::uint32_t>(state_.size());
    }
    State& s = state_[session.user - 1];
    const bool client = result.flow == Flow::C2s;
    const bool content = session.key.protocol == kProtoTcp || session.key.protocol == kProtoUdp;
    if (identifier_ != nullptr && content && packet.payload_length > 0 &&
        s.identified != StateId::Settled)
      session.app = static_cast<std::uint16_t>(
          identifier_->step(s.identified, AppId{session.app}, packet, client).app);
    if (inspector_ == nullptr) return;
    const bool established = session.key.protocol == kProtoTcp
                                 ? !info(session.tcp_state).opening
                                 : session.flow(Flow::S2c).packets > 0;
    hits_ += inspector_
                 ->step(s.inspected, {&packet, client, established,
                                      session.flow(result.flow).packets <= packet.packets})
                 .hits.size();
  }

  void on_end(const Session& session, std::int64_t ended_ns) override {
    if (session.user == 0) return;
    State& s = state_[session.user - 1];
    const SessionFacts facts{session.key.protocol, true, false};
    if (identifier_ != nullptr) identifier_->finish(s.identified, AppId{session.app}, facts);
    if (inspector_ != nullptr) hits_ += inspector_->finish(s.inspected, ended_ns).hits.size();
  }

  std::uint64_t hits() const { return hits_; }

 private:
  struct State {
    StateId identified{StateId::None};
    inspect::InspectionId inspected{inspect::InspectionId::None};
  };
  Identifier* identifier_;
  inspect::Inspector* inspector_;
  std::vector<State> state_;
  std::uint64_t hits_ = 0;
};

struct Run {
  double ns_a_packet;
  std::uint64_t hits;
};

Run run(const Packets& packets, const AppCatalogue* catalogue,
        const std::shared_ptr<const inspect::ThreatSet>& set) {
  std::unique_ptr<Identifier> identifier;
  if (catalogue != nullptr) identifier = *Identifier::make(*catalogue);
  std::unique_ptr<inspect::Inspector> inspector;
  if (set) inspector = *inspect::Inspector::create(set);
  SessionSettings settings;
  settings.tcp.reject_non_syn = false;
  auto table = *SessionTable::create(settings);
  Decoder decoder{DecodeOptions{}};
  Sink sink(identifier.get(), inspector.get());
  std::array<PacketView, kBatch> views;
  const auto pass = [&] {
    std::span<const RawPacket> rest(packets.packets);
    while (!rest.empty()) {
      const std::size_t n = std::min(rest.size(), kBatch);
      decoder.decode(rest.first(n), std::span(views).first(n));
      table->process(std::span<const PacketView>(views).first(n), sink);
      rest = rest.subspan(n);
    }
    table->finish(sink);
  };
  pass();  // pools grow to their size
  const double begin = cpu_seconds();
  pass();
  const double seconds = cpu_seconds() - begin;
  return {seconds * 1e9 / static_cast<double>(packets.packets.size()), sink.hits()};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int measure(const Options& options) {
  auto packets = read(options);
  if (!packets || packets->packets.empty()) {
    std::fputs("no packets: give captures\n", stderr);
    return 2;
  }
  inspect::RuleLoad load;
  inspect::read_rule_text(bench::made_signatures(options.rules), "made", inspect::RuleVariables(),
                          load);
  auto set = inspect::ThreatSet::compile(load);
  if (!set || load.skipped > 0) {
    std::fputs(load.problems.empty() ? "the rules do not compile\n" : load.problems[0].c_str(),
               stderr);
    return 2;
  }
  const auto catalogue = AppCatalogue::make();
  if (options.profile) {
    for (std::size_t i = 0; i < options.rounds; ++i) {
      const Run r = run(*packets, nullptr, *set);
      fmt::print("sessions and inspection: {:.0f} ns, {} hits\n", r.ns_a_packet, r.hits);
    }
    return 0;
  }
  std::vector<double> bare, without, with;
  std::uint64_t hits = 0;
  for (std::size_t i = 0; i < options.rounds; ++i) {
    bare.push_back(run(*packets, nullptr, nullptr).ns_a_packet);
    without.push_back(run(*packets, &*catalogue, nullptr).ns_a_packet);
    const Run r = run(*packets, &*catalogue, *set);
    with.push_back(r.ns_a_packet);
    hits = r.hits;
  }
  fmt::print("{} packets, {} rules, {} hits, medians of {} rounds, CPU ns a packet\n",
             packets->packets.size(), (*set)->size(), hits, options.rounds);
  fmt::print("  decode and sessions           {:8.0f}\n", median(bare));
  fmt::print("  and applications              {:8.0f}\n", median(without));
  fmt::print("  and inspection                {:8.0f}\n", median(with));
  fmt::print("  speed with signatures / without: {:.2f}\n", median(without) / median(with));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (arg == "--rules")
      options.rules = number();
    else if (arg == "--rounds")
      options.rounds = std::max<std::size_t>(number(), 1);
    else if (arg == "--packets")
      options.packets = number();
    else if (arg == "--profile")
      options.profile = true;
    else if (arg == "--print")
      options.print = true;
    else
      options.captures.emplace_back(arg);
  }
  if (options.print) {
    fmt::print("{}", bench::made_signatures(options.rules));
    return 0;
  }
  return measure(options);
}
