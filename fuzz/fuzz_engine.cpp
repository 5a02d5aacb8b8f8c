// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a capture, or as packets, through the whole engine: decode, fragments,
// sessions, applications, rules, inspection, rows. After each batch the accounts must balance:
// every packet in one counter, every session in the pool or free, none lost, none twice; after the
// end nothing is left. What the engine sends itself must decode, with right checksums.
//
// A capture is taken as it is, with the options of its last byte. Otherwise the first two bytes are
// the link type, the third the options; then packets, each behind two bytes of length: the format
// of fuzz_decode. The engines live on from input to input, as the library takes long to set up;
// each input begins a day after the one before, so that nothing of that is left.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/content_inspection.hpp"
#include "dataplane/decryption_rules.hpp"
#include "dataplane/engine.hpp"
#include "dataplane/reply_sink.hpp"
#include "dataplane/threat_inspection.hpp"
#include "inspect/certificate_check.hpp"
#include "inspect/rule_file.hpp"
#include "sources/capture_source.hpp"
#include "sources/memory_source.hpp"

namespace {

using namespace endreason;

constexpr std::uint32_t kFewSessions = 5;  // so few that the pool is often full
constexpr std::uint32_t kManySessions = 4096;
constexpr std::size_t kBatchPackets = 7;
constexpr std::int64_t kDayNs = std::int64_t{86'400} * 1'000'000'000;
// Times of captures are kept within this of an input's beginning, or the next could not follow.
constexpr std::int64_t kInputNs = kDayNs / 2;

void require(bool holds) {
  if (!holds) std::abort();
}

class CheckingSink final : public EngineSink {
 public:
  void on_record(TrafficRecord& record) override {
    if (record.subtype == Subtype::Start) return;
    const bool refused = record.text(Field::Sessionid) == "0";  // it began no session
    require(refused || record.subtype != Subtype::Drop);
    if (refused) return require(record.pkts_received == 0);
    record.subtype == Subtype::End ? ++ends : ++denials;
    packets += record.pkts_sent + record.pkts_received;
    require(ids.insert(std::string(record.text(Field::Sessionid))).second);
    require(!record.text(Field::App).empty());
  }
  std::uint64_t ends = 0, denials = 0, packets = 0;
  std::set<std::string> ids;
};

class CheckingReplies final : public ReplySink {
 public:
  void on_reply(std::int64_t time_ns, std::span<const std::uint8_t> bytes) override {
    constexpr std::uint16_t kRawIp = 101;
    RawPacket packet;
    packet.time_ns = time_ns;
    packet.bytes = bytes;
    packet.wire_length = static_cast<std::uint32_t>(bytes.size());
    packet.link_type = kRawIp;
    PacketView view;
    decoder_.decode({&packet, 1}, {&view, 1});
    require(view.status == DecodeStatus::Ok && view.ip_length == bytes.size());
  }

 private:
  static DecodeOptions options() {
    DecodeOptions o;
    o.check_checksums = true;
    return o;
  }
  Decoder decoder_{options()};
};

// Finds something in every packet whose payload begins with certain bytes.
class FuzzedInspection final : public ContentInspection {
 public:
  Result<std::unique_ptr<ContentInspector>> make_inspector(const InspectorPlace&) override {
    return std::make_unique<Inspector>();
  }

 private:
  class Inspector final : public ContentInspector {
   public:
    ContentVerdict inspect(const ContentPacket& seen) override {
      if (seen.packet.payload_captured == 0 || seen.packet.payload[0] >= 0x18) return {};
      ContentVerdict verdict;
      verdict.action = static_cast<ContentAction>(seen.packet.payload[0] % 7);
      verdict.block_s = 5;
      return verdict;
    }
    void forget(const Session&, SessionIndex, Moment) override {}
  };
};

// Zones by the low bit of the addresses; each action by a range of ports, and by applications.
std::shared_ptr<const CompiledPolicy> fuzzed_policy() {
  Policy policy;
  policy.source = "fuzz";
  policy.zones.push_back({"low", {"one"}, {"0.0.0.0/1", "::/1"}, {}, 1});
  policy.zones.push_back({"high", {}, {"128.0.0.0/1", "8000::/1"}, {}, 2});
  policy.interfaces.push_back({"one", {"10.0.0.1/8", "fe80::1/64"}, "", 1});
  const auto add = [&](std::string name, Action action, std::string service, std::string app) {
    SecurityRule& rule = policy.rules.emplace_back();
    rule.name = std::move(name);
    rule.action = action;
    rule.icmp_unreachable = action == Action::Drop;
    if (!service.empty()) rule.match.service = {std::move(service)};
    if (!app.empty()) rule.application = {std::move(app)};
  };
  policy.services.push_back({"some", "udp", "1-1000", "", 0, 1});
  policy.services.push_back({"others", "tcp", "1-50,1024-40000", "", 0, 1});
  add("drop some", Action::Drop, "some", "");
  add("reset http", Action::ResetBoth, "", "web-browsing");
  add("reset tls", Action::ResetClient, "", "ssl");
  add("drop dns", Action::Drop, "", "dns");
  add("deny ftp", Action::Deny, "", "ftp-data");
  add("let others", Action::Allow, "others", "");
  add("default ports", Action::Allow, "application-default", "");
  DecryptionProfile profile;
  profile.name = "strict";
  profile.min_version = TlsVersion::Tls12;
  profile.forward_checks = profile.ssh_checks = 0x1ff;
  policy.decryption_profiles = {profile};
  DecryptionRule ssh, tls;
  ssh.name = "ssh";
  ssh.type = DecryptType::SshProxy;
  ssh.match.service = {"others"};
  tls.name = "tls";
  ssh.profile = tls.profile = "strict";
  policy.decryption_rules = {ssh, tls};
  return std::make_shared<const CompiledPolicy>(
      std::move(CompiledPolicy::create(std::move(policy)).value()));
}

// Rows that inspection gives, which must name a rule, a list or a cause.
class CheckingContent final : public ContentSink {
 public:
  void on_content(const ContentRow& row) override {
    if (row.kind == ContentKind::Rule) return require(row.rule < rules);
    require(!row.list.empty() && !row.subject.empty());
  }
  std::size_t rules = 0;
};

ThreatInspectionOptions threats(const Policy& policy) {
  ThreatInspectionOptions o;
  auto lists = std::make_shared<inspect::BlockLists>();
  inspect::BlockListCounts counts;
  lists->add_text("10.0.0.3\n*.com\n", "bad", counts);
  lists->finish();
  o.lists = lists;
  o.listed.action = inspect::ThreatAction::ResetClient;
  inspect::RuleLoad load;
  inspect::read_rule_text(
      "alert ip any any -> any any (content:\"a\"; sid:1;)\n"
      "drop http any any -> any any (http.uri; content:\"/\"; sid:2;)\n"
      "rejectboth tls any any -> any any (tls.sni; content:\"e\"; priority:1; sid:3;)\n"
      "alert udp any any -> any any (content:\"|01|\"; flowbits:set,x; priority:2; sid:4;)\n"
      "alert tcp any any -> any any (content:!\"zz\"; dsize:>3; sid:5;)\n",
      "f", inspect::RuleVariables(), load);
  auto set = inspect::ThreatSet::compile(load, lists);
  require(set.has_value() && load.skipped == 0);
  o.rules = *set;
  inspect::ThreatOverride medium;
  medium.severity = inspect::ThreatSeverity::Medium;
  medium.action = inspect::ThreatAction::BlockIp;
  medium.block_s = 2;
  o.overrides = {medium};
  auto setup = std::make_shared<inspect::DecryptionSetup>();
  setup->terms = decryption_terms(policy).value();
  setup->trust = inspect::TrustStore::system().value();
  o.decryption = setup;
  o.memory_bytes = 64 * 1024;
  return o;
}

EngineOptions options_of(std::uint8_t choice, ReplySink& replies,
                         std::unique_ptr<ThreatInspection>& real, CheckingContent& content) {
  EngineOptions o;
  o.decode.decap = (choice & 1) != 0;
  o.decode.check_checksums = (choice & 2) != 0;
  o.decode.fragments.packets = 8;
  o.decode.fragments.fragments_each = 16;
  o.session.capacity = (choice & 4) ? kFewSessions : kManySessions;
  o.session.tcp.reject_non_syn = (choice & 8) != 0;
  o.session.tcp.asymmetric_path = (choice & 8) ? AsymmetricPath::Drop : AsymmetricPath::Bypass;
  o.log_start = (choice & 1) != 0;
  if ((choice & 16) == 0) return o;
  static FuzzedInspection inspection;
  static const std::shared_ptr<const CompiledPolicy> policy = fuzzed_policy();
  o.policy = policy;
  o.rules_decide_logs = false;
  o.inspection = &inspection;
  if ((choice & 2) != 0) {
    ThreatInspectionOptions wanted = threats(policy->policy());
    content.rules = wanted.rules->size();
    real = std::make_unique<ThreatInspection>(std::move(wanted), &content);
    o.inspection = real.get();
    o.decode.check_checksums = false;
  }
  o.replies = &replies;
  o.zones = *ZoneTable::make(
      {{.name = "low", .interfaces = {}, .vlans = {}, .subnets = {*parse_ip_range("0.0.0.0/1")}},
       {.name = "high", .interfaces = {}, .vlans = {}, .subnets = {*parse_ip_range("8000::/1")}}});
  return o;
}

// An engine, what it was given, and what it gave.
class Checked {
 public:
  explicit Checked(std::uint8_t choice)
      : engine_(std::move(
            Engine::create(options_of(choice, replies_, threats_, content_), sink_).value())) {}

  void take(std::span<const RawPacket> packets) {
    engine_->process(packets);
    given_ += packets.size();
    balance();
  }
  void finish() {
    engine_->finish();
    balance();
    const SessionTable& table = engine_->sessions();
    require(table.counters()[SessionCounter::SessionsEnded] == sink_.ends + sink_.denials);
    require(table.pool().allocated() == 0);
    require(engine_->sessions().segments_held() == 0);
    require(engine_->identification()->states_used == 0);
    require(!threats_ || threats_->bytes_held() == 0);
    sink_.ids.clear();  // ids are not used again: what was seen before stays behind
  }

 private:
  void balance() const {
    const SessionTable& table = engine_->sessions();
    const std::uint64_t ended = table.counters()[SessionCounter::SessionsEnded];
    require(table.pool().allocated() + table.pool().free() == table.settings().capacity);
    require(table.flow_table().size() == table.pool().allocated());
    require(table.pool().last_id() ==
            table.pool().allocated() + ended + table.counters()[SessionCounter::PredictExpired]);
    require(table.counters().packets() == given_);
    // A denied session has its row at once.
    require(sink_.ends <= ended && ended <= sink_.ends + sink_.denials);
    require(sink_.packets <= given_);
    const FragmentCounters& f = engine_->fragments();
    require(f.fragments == f.joined + f.expired + f.malformed + f.limited + f.held);
    require(engine_->identification()->states_used <= table.pool().allocated());
  }

  CheckingSink sink_;
  CheckingReplies replies_;
  CheckingContent content_;
  std::unique_ptr<ThreatInspection> threats_;
  std::unique_ptr<Engine> engine_;  // refers to all of them
  std::uint64_t given_ = 0;
};

Checked& checked(std::uint8_t choice) {
  static std::array<std::unique_ptr<Checked>, 32> made;
  auto& one = made[choice % made.size()];
  if (!one) one = std::make_unique<Checked>(choice);
  return *one;
}

void move_into(std::span<RawPacket> packets, std::int64_t begin_ns, std::int64_t& first_ns) {
  for (RawPacket& packet : packets) {
    if (first_ns < 0) first_ns = std::max<std::int64_t>(packet.time_ns, 0);
    const std::int64_t since = std::max<std::int64_t>(packet.time_ns, 0) - first_ns;
    packet.time_ns = begin_ns + since % kInputNs;
  }
}

void play_capture(std::string_view bytes, Checked& engine, std::int64_t begin_ns) {
  auto source = CaptureSource::open(std::make_unique<MemorySource>(bytes));
  if (!source) return;
  std::array<RawPacket, kBatchPackets> batch;
  std::int64_t first_ns = -1;
  while (const std::size_t n = (*source)->read(batch)) {
    move_into(std::span(batch).first(n), begin_ns, first_ns);
    engine.take(std::span(batch).first(n));
  }
}

void play_packets(std::span<const std::uint8_t> bytes, Checked& engine, std::int64_t begin_ns) {
  RawPacket packet;
  packet.link_type = static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
  packet.time_ns = begin_ns;
  for (auto rest = bytes.subspan(3); rest.size() > 2;) {
    const std::size_t length = std::min<std::size_t>(rest[0] | rest[1] << 8, rest.size() - 2);
    packet.bytes = rest.subspan(2, length);
    packet.wire_length = static_cast<std::uint32_t>(length);
    packet.time_ns += 100'000'000;
    engine.take({&packet, 1});
    rest = rest.subspan(2 + length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  static std::int64_t begin_ns = 0;
  begin_ns += kDayNs;
  if (begin_ns > kDayNs * 20'000) begin_ns = kDayNs;  // times end in 2262; older ones are taken too
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool capture = looks_like_capture(text);
  Checked& engine = checked(capture ? data[size - 1] : data[2]);
  if (capture)
    play_capture(text, engine, begin_ns);
  else
    play_packets({data, size}, engine, begin_ns);
  engine.finish();
  return 0;
}
