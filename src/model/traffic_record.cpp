// SPDX-License-Identifier: Apache-2.0
#include "model/traffic_record.hpp"

#include "base/parse_number.hpp"
#include "base/short_load.hpp"
#include "model/ip_address.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

#if defined(__SSE2__)
// Exactly a dotted quad, by masks: which of the bytes are digits, which are dots, how far apart.
bool is_dotted_quad(std::string_view text) {
  const std::size_t n = text.size();
  if (n < 7 || n > 15) return false;
  const __m128i bytes = load_up_to_16(text.data(), n);
  const unsigned within = (1u << n) - 1;
  const __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const auto digits = static_cast<unsigned>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)));
  const auto dots =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')))) & within;
  if (((digits | dots) & within) != within) return false;
  unsigned rest = dots | 1u << n;  // where the octets end; four of them
  unsigned begin = 0;
  for (int octet = 0; octet < 4; ++octet) {
    if (rest == 0) return false;
    const auto end = static_cast<unsigned>(__builtin_ctz(rest));
    rest &= rest - 1;
    const unsigned length = end - begin;
    if (length - 1 > 2) return false;
    if (length == 3) {
      const char* p = text.data() + begin;
      const unsigned value = static_cast<unsigned>(p[0] - '0') * 100 +
                             static_cast<unsigned>(p[1] - '0') * 10 +
                             static_cast<unsigned>(p[2] - '0');
      if (value > 255) return false;
    }
    begin = end + 1;
  }
  return rest == 0;
}
#else
bool is_dotted_quad(std::string_view) {
  return false;
}  // the long way decides
#endif

// RFC 4291 text without an embedded dotted quad: up to eight groups of up to four hexadecimal
// digits, one run of groups left out.
bool is_plain_ipv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 39) return false;
  unsigned groups = 0, digits = 0;
  bool gap = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char l = static_cast<char>(c | 0x20);
    if ((c >= '0' && c <= '9') || (l >= 'a' && l <= 'f')) {
      if (++digits > 4) return false;
      continue;
    }
    if (c != ':') return false;
    const bool twice = i + 1 < text.size() && text[i + 1] == ':';
    if (digits == 0 && !(i == 0 && twice)) return false;
    groups += digits != 0;
    digits = 0;
    if (!twice) {
      if (i + 1 == text.size()) return false;  // a lone colon ends nothing
      continue;
    }
    if (gap) return false;
    gap = true;
    ++i;
  }
  groups += digits != 0;
  return gap ? groups <= 7 : groups == 8;
}

// Dotted quads are all but a few of the addresses; anything else goes the long way.
bool is_address(std::string_view text) {
  return is_dotted_quad(text) || is_plain_ipv6(text) || parse_ip(text).has_value();
}

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
    if (!src.empty() && !is_address(src)) return no(Field::Src, kAddressExpected);
    if (!dst.empty() && !is_address(dst)) return no(Field::Dst, kAddressExpected);
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
    // 0 is seen where the sender does not count; the row still stands for one session.
    record_.repeatcnt = repeatcnt == 0           ? 1
                        : repeatcnt > UINT32_MAX ? UINT32_MAX
                                                 : static_cast<std::uint32_t>(repeatcnt);
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
