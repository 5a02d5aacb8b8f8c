// SPDX-License-Identifier: Apache-2.0
#include "sources/syslog_listener.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

constexpr std::size_t kLengthDigitsMax = 7;  // more is no length of a message

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto wrong = [&] {
    return fail(Error::Code::Usage,
                fmt::format("expected an address such as udp:127.0.0.1:5514, tcp:[::1]:5514 or "
                            "tls:0.0.0.0:6514, found '{}'",
                            text));
  };
  ListenAddress address;
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || last == first) return wrong();
  const auto* kind =
      std::find_if(std::begin(kListenKinds), std::end(kListenKinds),
                   [&](const auto& k) { return k.log_name == text.substr(0, first); });
  std::uint64_t port = 0;
  if (kind == std::end(kListenKinds) || !parse_decimal(text.substr(last + 1), port) || port > 65535)
    return wrong();
  std::string_view host = text.substr(first + 1, last - first - 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.kind = kind->value;
  address.address = host;
  address.port = static_cast<std::uint16_t>(port);
  return address;
}

std::string to_string(const ListenAddress& address) {
  const bool v6 = address.address.find(':') != std::string::npos;
  return fmt::format("{}:{}{}{}:{}", kListenKinds[static_cast<std::size_t>(address.kind)].log_name,
                     v6 ? "[" : "", address.address, v6 ? "]" : "", address.port);
}

void MessageCutter::end_message(std::string& lines) {
  while (!message_.empty() &&
         (message_.back() == '\n' || message_.back() == '\r' || message_.back() == '\0'))
    message_.pop_back();
  if (!message_.empty()) {
    lines += message_;
    lines += '\n';
  }
  cut_ += too_long_;
  message_.clear();
  too_long_ = false;
  at_ = At::Begin;
}

// Line ends and padding between messages are none of them.
void MessageCutter::begin_with(char c, std::string& lines) {
  static_cast<void>(lines);
  if (c == '\n' || c == '\r' || c == '\0') return;
  message_ += c;
  at_ = c >= '1' && c <= '9' ? At::Length : At::Line;
}

void MessageCutter::take_line(std::string_view& bytes, std::string& lines) {
  const std::size_t end = bytes.find('\n');
  const std::string_view part = bytes.substr(0, end);
  const std::size_t room = line_max_ - std::min(message_.size(), line_max_);
  message_ += part.substr(0, room);
  too_long_ = too_long_ || part.size() > room;
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (end != std::string_view::npos) end_message(lines);
}

void MessageCutter::add(std::string_view bytes, std::string& lines) {
  while (!bytes.empty()) {
    switch (at_) {
      case At::Begin:
        begin_with(bytes.front(), lines);
        bytes.remove_prefix(1);
        break;
      case At::Length: {
        const char c = bytes.front();
        if (c >= '0' && c <= '9' && message_.size() < kLengthDigitsMax) {
          message_ += c;
          bytes.remove_prefix(1);
        } else if (c == ' ') {
          // Only a message follows its length with "<": a line may begin with a number too.
          if (bytes.size() == 1 && message_.back() != ' ') {
            message_ += ' ';
            bytes.remove_prefix(1);
            at_ = At::Skip;
          } else if (bytes.size() > 1 && bytes[1] == '<') {
            static_cast<void>(parse_decimal(message_, length_));
            message_.clear();
            bytes.remove_prefix(1);
            at_ = At::Counted;
          } else {
            at_ = At::Line;
          }
        } else {
          at_ = At::Line;
        }
        break;
      }
      case At::Skip:  // a length and its blank stand at the end of what came before
        if (bytes.front() == '<') {
          message_.pop_back();
          static_cast<void>(parse_decimal(message_, length_));
          message_.clear();
          at_ = At::Counted;
        } else {
          at_ = At::Line;
        }
        break;
      case At::Counted: {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(length_, bytes.size()));
        const std::size_t room = line_max_ - std::min(message_.size(), line_max_);
        message_ += bytes.substr(0, std::min(count, room));
        too_long_ = too_long_ || count > room;
        length_ -= count;
        bytes.remove_prefix(count);
        if (length_ == 0) end_message(lines);
        break;
      }
      case At::Line:
        take_line(bytes, lines);
        break;
    }
  }
}

void MessageCutter::finish(std::string& lines) {
  end_message(lines);
}

}  // namespace endreason
