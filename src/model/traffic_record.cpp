// SPDX-License-Identifier: Apache-2.0
#include "model/traffic_record.hpp"

#include "base/parse_number.hpp"
#include "model/ip_address.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

// A word that could be a value of a vocabulary, though we may not know it: letters first, and none
// of the marks that addresses, times and paths have.
bool is_word(std::string_view text) {
  if (text.size() > 40) return false;
  const char first = static_cast<char>(text[0] | 0x20);
  if (first < 'a' || first > 'z') return false;
  for (const char c : text) {
    const char l = static_cast<char>(c | 0x20);
    const bool fine = (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ' ' ||
                      c == '_' || c == '/';
    if (!fine) return false;
  }
  return true;
}

constexpr std::string_view kAddressExpected = "an IPv4 or IPv6 address";
constexpr std::string_view kPortExpected = "a port, 0 to 65535";
constexpr std::string_view kNumberExpected = "a decimal number";
constexpr std::string_view kFlagsExpected = "a bit mask such as 0x400053";
constexpr std::string_view kProtoExpected = "an IP protocol, by name or number";
constexpr std::string_view kActionExpected =
    "allow, deny, drop, drop-icmp, reset-client, reset-server, reset-both or another word";
constexpr std::string_view kWordExpected = "a word";

// How a decoder gets at the texts: by the record, or, for the common record whose columns all stand
// in the input, by its offsets alone.
struct AnyTexts {
  const TrafficRecord& record;
  std::string_view operator()(Field f) const { return record.text(f); }
};
struct PlainTexts {
  explicit PlainTexts(const TrafficRecord& record)
      : base(record.base()), begins(record.begins()), ends(record.ends()) {}
  const char* base;
  const std::uint32_t* begins;
  const std::uint32_t* ends;
  std::string_view operator()(Field f) const {
    const std::size_t i = index_of(f);
    return {base + begins[i], ends[i] - begins[i]};
  }
};

template <class Texts>
class Decoder {
 public:
  Decoder(TrafficRecord& record, Texts texts, Misfit& misfit)
      : record_(record), text_(texts), misfit_(misfit) {}

  bool run() { return addresses() && ports() && protocol() && words() && counters(); }

 private:
  bool no(Field field, std::string_view expected) {
    misfit_ = {field, expected};
    return false;
  }

  bool addresses() {
    const std::string_view src = text_(Field::Src);
    const std::string_view dst = text_(Field::Dst);
    if (!src.empty() && !is_ip(src)) return no(Field::Src, kAddressExpected);
    if (!dst.empty() && !is_ip(dst)) return no(Field::Dst, kAddressExpected);
    // One side may be masked away; a row with neither is no traffic row (a cut line may be).
    if (src.empty() && dst.empty() && !record_.partial) return no(Field::Src, kAddressExpected);
    return true;
  }

  [[gnu::always_inline]] bool port(Field field, Known bit, std::uint16_t& out) {
    const std::string_view text = text_(field);
    if (text.empty()) return true;
    std::uint64_t value = 0;
    if (!parse_decimal(text, value) || value > 65535) return no(field, kPortExpected);
    out = static_cast<std::uint16_t>(value);
    record_.set_known(bit);
    return true;
  }

  bool ports() {
    return port(Field::Sport, Known::Sport, record_.sport) &&
           port(Field::Dport, Known::Dport, record_.dport);
  }

  bool protocol() {
    const std::string_view text = text_(Field::Proto);
    if (text.empty()) return true;
    if (const auto number = protocol_from(text)) {
      record_.proto = *number;
      record_.set_known(Known::Proto);
      return true;
    }
    return is_word(text) || no(Field::Proto, kProtoExpected);
  }

  bool words() {
    record_.action = action_from(text_(Field::Action));
    if (record_.action == Action::Unrecognized && !is_word(text_(Field::Action)))
      return no(Field::Action, kActionExpected);
    record_.app_status = app_status_from(text_(Field::App));
    record_.end_reason = end_reason_from(text_(Field::SessionEndReason));
    if (record_.end_reason == EndReason::Unrecognized && !is_word(text_(Field::SessionEndReason)))
      return no(Field::SessionEndReason, kWordExpected);
    record_.subtype = subtype_from(text_(Field::Subtype));
    if (record_.subtype == Subtype::Unrecognized && !is_word(text_(Field::Subtype)))
      return no(Field::Subtype, kWordExpected);
    record_.action_source = action_source_from(text_(Field::ActionSource));
    return true;
  }

  [[gnu::always_inline]] bool number(Field field, Known bit, std::uint64_t& out) {
    const std::string_view text = text_(field);
    if (text.empty()) return true;
    if (!parse_decimal(text, out)) return no(field, kNumberExpected);
    record_.set_known(bit);
    return true;
  }

  bool counters() {
    std::uint64_t repeatcnt = 1;
    if (!number(Field::Repeatcnt, Known::Repeatcnt, repeatcnt)) return false;
    record_.set_repeatcnt(repeatcnt);
    const std::string_view flags = text_(Field::Flags);
    if (!flags.empty()) {
      std::uint64_t value = 0;
      if (!parse_hex_or_decimal(flags, value)) return no(Field::Flags, kFlagsExpected);
      record_.flags = static_cast<std::uint32_t>(value);
      record_.set_known(Known::Flags);
    }
    return number(Field::Sessionid, Known::Sessionid, record_.sessionid) &&
           number(Field::Bytes, Known::Bytes, record_.bytes) &&
           number(Field::BytesSent, Known::BytesSent, record_.bytes_sent) &&
           number(Field::BytesReceived, Known::BytesReceived, record_.bytes_received) &&
           number(Field::Packets, Known::Packets, record_.packets) &&
           number(Field::Elapsed, Known::Elapsed, record_.elapsed) &&
           number(Field::PktsSent, Known::PktsSent, record_.pkts_sent) &&
           number(Field::PktsReceived, Known::PktsReceived, record_.pkts_received);
  }

  TrafficRecord& record_;
  Texts text_;
  Misfit& misfit_;
};

}  // namespace

bool decode_key_columns(TrafficRecord& record, Misfit& misfit) {
  if (record.plain_up_to(Field::ActionSource)) [[likely]]
    return Decoder(record, PlainTexts(record), misfit).run();
  return Decoder(record, AnyTexts{record}, misfit).run();
}

}  // namespace endreason
