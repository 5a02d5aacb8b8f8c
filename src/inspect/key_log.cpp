// SPDX-License-Identifier: Apache-2.0
#include "inspect/key_log.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace endreason::inspect {
namespace {

struct Label {
  std::string_view name;
  std::array<TlsSecret, 2> SessionSecrets::*where;
  std::size_t side;
};
constexpr auto kLabels = std::to_array<Label>({
    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", &SessionSecrets::handshake, 0},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET", &SessionSecrets::handshake, 1},
    {"CLIENT_TRAFFIC_SECRET_0", &SessionSecrets::application, 0},
    {"SERVER_TRAFFIC_SECRET_0", &SessionSecrets::application, 1},
});

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The bytes that hexadecimal digits stand for; 0: they do not, or are more than fit.
std::size_t bytes_of(std::string_view digits, std::span<std::uint8_t> out) {
  if (digits.empty() || digits.size() % 2 != 0 || digits.size() / 2 > out.size()) return 0;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit(digits[i]), low = digit(digits[i + 1]);
    if (high < 0 || low < 0) return 0;
    out[i / 2] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digits.size() / 2;
}

std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

// The random is random, apart from what a client puts in front.
std::size_t KeyLog::Hash::operator()(const Random& random) const {
  std::size_t hash = 0;
  std::memcpy(&hash, random.data() + 16, sizeof hash);
  return hash;
}

void KeyLog::add_line(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line.empty() || line.front() == '#') return;
  ++counts_.lines;
  const std::string_view name = next_word(line), random_text = next_word(line);
  const std::string_view secret_text = next_word(line);
  Random random{};
  TlsSecret secret;
  if (bytes_of(random_text, random) != random.size() || secret_text.empty() || !line.empty()) {
    ++counts_.unreadable;
    return;
  }
  const auto label =
      std::find_if(kLabels.begin(), kLabels.end(), [&](const Label& l) { return l.name == name; });
  if (label == kLabels.end()) {
    ++counts_.unused;
    return;
  }
  secret.size = static_cast<std::uint8_t>(bytes_of(secret_text, secret.bytes));
  if (secret.size != 32 && secret.size != 48) {
    ++counts_.unreadable;
    return;
  }
  ++counts_.secrets;
  (sessions_[random].*label->where)[label->side] = secret;
}

KeyLog KeyLog::of_text(std::string_view text) {
  KeyLog log;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    log.add_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return log;
}

Result<KeyLog> KeyLog::of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Error::Code::Io, "key log: " + path + ": cannot be read");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  KeyLog log = of_text(text);
  if (log.counts().lines > 0 && log.counts().lines == log.counts().unreadable)
    return fail(Error::Code::Io, "key log: " + path +
                                     ": no line is LABEL RANDOM SECRET; it should be the file that "
                                     "SSLKEYLOGFILE named");
  return log;
}

const SessionSecrets* KeyLog::find(std::span<const std::uint8_t> client_random) const {
  Random random{};
  if (client_random.size() != random.size()) return nullptr;
  std::copy(client_random.begin(), client_random.end(), random.begin());
  const auto at = sessions_.find(random);
  return at != sessions_.end() ? &at->second : nullptr;
}

}  // namespace endreason::inspect
