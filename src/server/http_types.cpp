// SPDX-License-Identifier: Apache-2.0
#include "server/http_types.hpp"

namespace endreason {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) << 4 | hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_blank ? ' ' : text[i];
    }
  }
  return out;
}

void split_target(std::string_view target, HttpRequest& request) {
  const std::size_t mark = target.find('?');
  request.path = percent_decoded(target.substr(0, mark), false);
  request.query.clear();
  if (mark == std::string_view::npos) return;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view part = rest.substr(0, end);
    const std::size_t equal = std::min(part.find('='), part.size());
    if (!part.empty())
      request.query.emplace_back(
          percent_decoded(part.substr(0, equal), true),
          equal < part.size() ? percent_decoded(part.substr(equal + 1), true) : std::string());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace endreason
