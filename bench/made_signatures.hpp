// SPDX-License-Identifier: Apache-2.0
// The threat signatures that inspection is measured with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "random_stream.hpp"

namespace endreason::bench {

// A word of a rule: letters that real traffic has too, long enough to be of one family.
inline std::string signature_word(RandomStream& random, std::size_t length) {
  static constexpr std::string_view kLetters = "etaoinsrhldcumfpgwybvkxjqz0123456789_-/.";
  std::string out;
  for (std::size_t i = 0; i < length; ++i)
    out += kLetters[random.below(static_cast<std::uint32_t>(kLetters.size()))];
  return out;
}

// Threat rules, mixed as published sets are: HTTP most, then payloads, names of TLS and DNS. The
// same for the same count.
inline std::string made_signatures(std::uint64_t count) {
  RandomStream random(20'240'601);
  std::string text;
  for (std::uint64_t sid = 1; sid <= count; ++sid) {
    const std::uint64_t kind = random.below(100);
    const std::string a = signature_word(random, 5 + random.below(12)),
                      b = signature_word(random, 4 + random.below(8));
    std::string head = "alert http $HOME_NET any -> any any (flow:established,to_server; ";
    std::string body;
    if (kind < 25) {
      body = fmt::format("http.uri; content:\"/{}\"; content:\"{}\"; distance:0;", a, b);
    } else if (kind < 35) {
      body =
          fmt::format("http.host; content:\"{}.com\"; endswith; http.method; content:\"POST\";", a);
    } else if (kind < 42) {
      body = fmt::format("http.user_agent; content:\"{}\"; nocase; pcre:\"/{}[0-9]+/\";", a, b);
    } else if (kind < 50) {
      body = fmt::format("http.header; content:\"{}|3a 20|{}\";", b, a);
    } else if (kind < 58) {
      head = "alert http any any -> $HOME_NET any (flow:established,to_client; ";
      body = fmt::format("file.data; content:\"{}\"; content:\"{}\"; within:200;", a, b);
    } else if (kind < 70) {
      head = "alert tls any any -> any any (flow:established,to_server; ";
      body = fmt::format("tls.sni; content:\"{}.net\"; endswith;", a);
    } else if (kind < 80) {
      head = "alert dns any any -> any any (";
      body = fmt::format("dns.query; content:\"{}.org\"; nocase; endswith;", a);
    } else if (kind < 95) {
      head = fmt::format("alert tcp any any -> any {} (flow:established; ",
                         kind < 88 ? "any" : "[21,25,110,143,445,1024:65535]");
      body = fmt::format("content:\"{}\"; content:\"|00 {:02x}|{}\"; distance:0; within:64;", a,
                         random.below(256), b);
    } else {
      head = "alert udp any any -> any any (";
      body = fmt::format("content:\"{}\"; depth:64; byte_test:2,>,{},0;", a, random.below(4096));
    }
    text += fmt::format("{}{} msg:\"made {}\"; sid:{}; rev:1;)\n", head, body, sid, sid);
  }
  return text;
}

}  // namespace endreason::bench
