// SPDX-License-Identifier: Apache-2.0
#include "inspect/http_head.hpp"

#include <algorithm>
#include <charconv>

namespace endreason::inspect {
namespace {

bool blank(char c) {
  if (static_cast<unsigned char>(c) > ' ') return false;
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\0';
}
std::string_view trimmed(std::string_view t) {
  while (!t.empty() && (blank(t.front()) || t.front() == '\n')) t.remove_prefix(1);
  while (!t.empty() && (blank(t.back()) || t.back() == '\n')) t.remove_suffix(1);
  return t;
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
// Begins `text` with `word`, which is in lower case? NUL bytes are passed over, as servers do.
// Returns how many bytes of the text that takes, 0 for no.
std::size_t begins_with(std::string_view text, std::string_view word) {
  std::size_t at = 0;
  for (const char c : word) {
    while (at < text.size() && text[at] == '\0') ++at;
    if (at == text.size() || lower(text[at]) != c) return 0;
    ++at;
  }
  return at;
}
bool same_name(std::string_view a, std::string_view b) {
  if (a.size() == b.size())
    return std::equal(a.begin(), a.end(), b.begin(),
                      [](char x, char y) { return lower(x) == lower(y); });
  if (a.size() < b.size()) return false;
  const std::size_t taken = begins_with(a, b);
  return taken > 0 && a.find_first_not_of('\0', taken) == std::string_view::npos;
}
bool contains_word(std::string_view text, std::string_view word) {
  for (; !text.empty(); text.remove_prefix(1))
    if (begins_with(text, word) > 0) return true;
  return false;
}
// Whether a line reads "Name: ...": letters that a name may have, then a colon.
bool looks_like_header(std::string_view line) {
  std::size_t i = 0;
  while (i < line.size() && line[i] > 0x20 && line[i] < 0x7f && line[i] != ':') ++i;
  return i > 0 && i < line.size() && line[i] == ':';
}
std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Takes "." and ".." out of a path, and slashes that stand together (RFC 3986 section 5.2.4).
std::size_t without_dots(char* path, std::size_t size) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < size;) {
    if (path[at] != '/') {
      path[out++] = path[at++];
      continue;
    }
    std::size_t end = at + 1;
    while (end < size && path[end] != '/') ++end;
    const std::string_view segment(path + at + 1, end - at - 1);
    const bool last = end == size;
    if (segment.empty() && !last) {
      at = end;
    } else if (segment == ".") {
      if (last) path[out++] = '/';
      at = end;
    } else if (segment == "..") {
      while (out > 0 && path[out - 1] != '/') --out;
      if (out > 0) --out;
      if (last) path[out++] = '/';
      at = end;
    } else {
      std::copy(path + at, path + end, path + out);
      out += end - at;
      at = end;
    }
  }
  return out;
}

// Where a URI with a scheme goes on behind "://"; 0: it has none.
std::size_t scheme_end(std::string_view uri) {
  if (uri.starts_with('/')) return 0;
  const std::size_t scheme = uri.find("://");
  return scheme != std::string_view::npos && scheme < uri.find_first_of("/?") ? scheme + 3 : 0;
}

// Whether there is nothing to decode or to take out of a path.
bool is_plain_path(std::string_view path) {
  char before = 0;
  for (const char c : path) {
    if (c == '%' || c == '\\' || (before == '/' && (c == '/' || c == '.'))) return false;
    before = c;
  }
  return true;
}

}  // namespace

std::size_t http_head_end(std::span<const std::uint8_t> bytes, bool closed, std::size_t& scanned) {
  const std::string_view text = as_text(bytes);
  std::size_t line = scanned;
  // Lines that are empty before the start line belong to no message.
  if (scanned == 0)
    while (line < text.size() && (blank(text[line]) || text[line] == '\n')) ++line;
  for (bool first = scanned == 0;; first = false) {
    const std::size_t newline = text.find('\n', line);
    if (newline == std::string_view::npos) {
      if (!first) scanned = line;
      return closed ? text.size() : 0;
    }
    std::string_view content = text.substr(line, newline - line);
    const std::size_t begin = line;
    line = newline + 1;
    if (first) continue;
    if (!content.empty() && content.back() == '\r') content.remove_suffix(1);
    if (content.empty()) return line;
    if (!std::all_of(content.begin(), content.end(), blank)) continue;
    // A line of blanks folds the one before, if an empty line or a header follows; else it is the
    // empty one.
    const std::string_view rest = text.substr(line);
    if (rest.empty() || rest == "\r") {
      scanned = begin;
      return closed ? line : 0;
    }
    if (rest.starts_with("\r\n")) return line + 2;
    if (rest.starts_with("\n")) return line + 1;
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || !(blank(rest[0]) || looks_like_header(rest))) return line;
  }
}

void HttpHead::load(Bytes raw, bool request, std::uint64_t serial) {
  if (serial == serial_ && serial != 0) return;
  serial_ = serial;
  request_ = request;
  made_bits_ = 0;
  method_ = uri_ = protocol_ = status_code_ = message_ = {};
  status_ = compressions_ = bare_deflate_ = 0;
  chunked_ = false;
  content_length_.reset();
  headers_.clear();
  kinds_ = kinds_again_ = 0;
  unfolded_.clear();
  unfolded_.reserve(raw.size());
  raw_ = as_text(raw);
  has_nul_ = raw_.find('\0') != std::string_view::npos;
  while (!raw_.empty() && (blank(raw_.front()) || raw_.front() == '\n')) raw_.remove_prefix(1);
  std::size_t newline = std::min(raw_.find('\n'), raw_.size());
  const std::size_t cr = raw_.substr(0, newline).find('\r');
  if (cr != std::string_view::npos && looks_like_header(raw_.substr(cr + 1, newline - cr - 1)))
    newline = cr;
  line_ = raw_.substr(0, newline);
  while (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
  raw_headers_ = raw_.substr(std::min(newline + 1, raw_.size()));
  read_start_line(line_, request);
  read_headers(raw_headers_);
  read_framing();
}

void HttpHead::read_start_line(std::string_view line, bool request) {
  const auto word = [&line]() {
    const auto end = std::find_if(line.begin(), line.end(), blank);
    const std::string_view w = line.substr(0, static_cast<std::size_t>(end - line.begin()));
    line.remove_prefix(w.size());
    while (!line.empty() && blank(line.front())) line.remove_prefix(1);
    return w;
  };
  has_start_line_ = !line.empty();
  if (!request) {
    protocol_ = word();
    status_code_ = word();
    message_ = line;
    const char* end = status_code_.data() + status_code_.size();
    if (std::from_chars(status_code_.data(), end, status_).ec != std::errc()) status_ = 0;
    return;
  }
  method_ = word();
  // The protocol is what stands behind the last blank; blanks before it belong to the URI.
  const std::size_t last = line.find_last_of(" \t");
  if (last != std::string_view::npos && contains_word(line.substr(last), "http/")) {
    protocol_ = trimmed(line.substr(last));
    line = line.substr(0, last);
  }
  uri_ = trimmed(line);
}

void HttpHead::read_headers(std::string_view text) {
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    // A carriage return alone ends a line for some, when a header follows it.
    std::size_t cr = line.find('\r');
    while (cr != std::string_view::npos) {
      if (looks_like_header(line.substr(cr + 1))) {
        read_header(line.substr(0, cr));
        line.remove_prefix(cr + 1);
        cr = line.find('\r');
      } else {
        cr = line.find('\r', cr + 1);
      }
    }
    read_header(line);
  }
}

void HttpHead::read_header(std::string_view line) {
  const std::string_view content = trimmed(line);
  if (content.empty()) return;
  if (blank(line.front()) && !headers_.empty() && !looks_like_header(content)) {
    // Goes on with the value of the line before.
    Header& h = headers_.back();
    const std::size_t begin = unfolded_.size();
    if (begin + h.value.size() + 1 + content.size() > unfolded_.capacity()) return;
    unfolded_.insert(unfolded_.end(), h.value.begin(), h.value.end());
    if (!h.value.empty()) unfolded_.push_back(' ');
    unfolded_.insert(unfolded_.end(), content.begin(), content.end());
    h.value = {unfolded_.data() + begin, unfolded_.size() - begin};
    h.as_shown = false;
    return;
  }
  if (headers_.size() == kHeadersMax) return;
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::uint64_t kind = kind_of(name);
  kinds_again_ |= kinds_ & kind;
  kinds_ |= kind;
  const std::string_view value = trimmed(line.substr(std::min(colon + 1, line.size())));
  const char* const end = line.data() + line.size();
  const bool as_shown = name.data() == line.data() &&
                        value.data() == name.data() + name.size() + 2 && value.data()[-1] == ' ' &&
                        value.data() + value.size() + 1 == end && line.back() == '\r' &&
                        end != raw_.data() + raw_.size() && *end == '\n';
  headers_.push_back({name, value, kind, as_shown});
}

std::uint64_t HttpHead::kind_of(std::string_view name) const {
  if (has_nul_) return 1;
  const unsigned first = name.empty() ? 0 : static_cast<std::uint8_t>(lower(name[0]));
  return std::uint64_t{1} << (name.size() * 7 + first) % 64;
}

void HttpHead::read_framing() {
  const std::uint64_t transfer = kind_of("transfer-encoding"), length = kind_of("content-length"),
                      coding = kind_of("content-encoding");
  if ((kinds_ & (transfer | length | coding)) == 0) return;
  for (const Header& h : headers_) {
    if (h.kind == transfer && same_name(h.name, "transfer-encoding")) {
      chunked_ |= contains_word(h.value, "chunked");
    } else if (h.kind == length && !content_length_ && same_name(h.name, "content-length")) {
      const std::size_t digit = h.value.find_first_of("0123456789");
      std::uint64_t n = 0;
      if (digit != std::string_view::npos &&
          std::from_chars(h.value.data() + digit, h.value.data() + h.value.size(), n).ec ==
              std::errc())
        content_length_ = n;
    } else if (h.kind == coding && same_name(h.name, "content-encoding")) {
      std::string_view rest = h.value;
      while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view word = trimmed(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const bool bare = contains_word(word, "deflate");
        if (!bare && !contains_word(word, "gzip")) continue;
        // The last one is taken off first.
        bare_deflate_ = bare_deflate_ << 1 | unsigned{bare};
        ++compressions_;
      }
    }
  }
}

const HttpHead::Header* HttpHead::find(std::string_view name) const {
  const std::uint64_t kind = kind_of(name);
  if ((kinds_ & kind) == 0) return nullptr;
  for (const Header& h : headers_)
    if (h.kind == kind && same_name(h.name, name)) return &h;
  return nullptr;
}

std::optional<HttpHead::Bytes> HttpHead::value_of(std::string_view name) const {
  const Header* h = find(name);
  if (h == nullptr) return std::nullopt;
  return as_bytes(h->value);
}

std::optional<HttpHead::Bytes> HttpHead::buffer(InspectBuffer kind, unsigned index) {
  switch (kind) {
    case InspectBuffer::HttpMethod:
      return as_bytes(method_);
    case InspectBuffer::HttpUriRaw:
      return as_bytes(uri_);
    case InspectBuffer::HttpProtocol:
      return as_bytes(protocol_);
    case InspectBuffer::HttpRequestLine:
    case InspectBuffer::HttpResponseLine:
      return as_bytes(line_);
    case InspectBuffer::HttpHeaderRaw:
      if (raw_headers_.empty()) return std::nullopt;
      return as_bytes(raw_headers_);
    case InspectBuffer::HttpStart:
      return as_bytes(raw_);
    case InspectBuffer::HttpStatusCode:
      return as_bytes(status_code_);
    case InspectBuffer::HttpStatusMessage:
      return as_bytes(message_);
    case InspectBuffer::HttpHostRaw:
      return value_of("host");
    case InspectBuffer::HttpUserAgent:
      return value_of("user-agent");
    case InspectBuffer::HttpReferer:
      return value_of("referer");
    case InspectBuffer::HttpCookie:
      return value_of(request_ ? "cookie" : "set-cookie");
    case InspectBuffer::HttpAccept:
      return value_of("accept");
    case InspectBuffer::HttpAcceptEncoding:
      return value_of("accept-encoding");
    case InspectBuffer::HttpAcceptLanguage:
      return value_of("accept-language");
    case InspectBuffer::HttpConnection:
      return value_of("connection");
    case InspectBuffer::HttpContentType:
      return value_of("content-type");
    case InspectBuffer::HttpContentLength:
      return value_of("content-length");
    case InspectBuffer::HttpServer:
      return value_of("server");
    case InspectBuffer::HttpLocation:
      return value_of("location");
    case InspectBuffer::HttpRequestHeader:
    case InspectBuffer::HttpResponseHeader: {
      if (index >= headers_.size()) return std::nullopt;
      auto& out = made_by_kind_[7];
      const Header& h = headers_[index];
      out.assign(h.name.begin(), h.name.end());
      out.insert(out.end(), {':', ' '});
      out.insert(out.end(), h.value.begin(), h.value.end());
      return as_bytes({out.data(), out.size()});
    }
    default:
      return make(kind);
  }
}

std::optional<HttpHead::Bytes> HttpHead::make(InspectBuffer kind) {
  const unsigned slot = kind == InspectBuffer::HttpUri           ? 0
                        : kind == InspectBuffer::HttpHost        ? 1
                        : kind == InspectBuffer::HttpHeader      ? 2
                        : kind == InspectBuffer::HttpHeaderNames ? 3
                                                                 : 8;
  if (slot == 8) return std::nullopt;
  std::string_view& view = made_views_[slot];
  if ((made_bits_ & 1u << slot) == 0) {
    made_.clear();
    view = slot == 0   ? make_uri()
           : slot == 1 ? make_host()
           : slot == 2 ? make_headers()
                       : make_names();
    if (view.data() == made_.data()) {
      made_by_kind_[slot].swap(made_);
      view = {made_by_kind_[slot].data(), view.size()};
    }
    made_bits_ = static_cast<std::uint8_t>(made_bits_ | 1u << slot);
  }
  if (view.empty() && slot != 0) return std::nullopt;
  return as_bytes(view);
}

std::string_view HttpHead::make_names() {
  append("\r\n");
  for (const Header& h : headers_) append(h.name), append("\r\n");
  append("\r\n");
  return made();
}

// The path decoded and without dots, the query as it came; scheme and host are left out.
std::string_view HttpHead::make_uri() {
  std::string_view uri = uri_;
  if (const std::size_t scheme = scheme_end(uri); scheme != 0) {
    const std::size_t path = uri.find('/', scheme);
    uri = path == std::string_view::npos ? std::string_view("/") : uri.substr(path);
  }
  const std::size_t query = std::min(uri.find('?'), uri.size());
  if (is_plain_path(uri.substr(0, query))) return uri;
  for (std::size_t i = 0; i < query; ++i) {
    char c = uri[i];
    if (c == '%' && i + 2 < query) {
      const int high = hex_digit(uri[i + 1]), low = hex_digit(uri[i + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high << 4 | low);
        i += 2;
      }
    }
    made_.push_back(c == '\\' ? '/' : c);
  }
  made_.resize(without_dots(made_.data(), made_.size()));
  append(uri.substr(query));
  return made();
}

std::string_view HttpHead::make_host() {
  std::string_view host;
  if (const std::size_t scheme = scheme_end(uri_); scheme != 0) {
    host = uri_.substr(scheme);
    host = host.substr(0, host.find_first_of("/?"));
  } else if (const Header* h = find("host")) {
    host = h->value;
  } else if (same_name(method_, "connect") && !uri_.starts_with('/')) {
    host = uri_;
  }
  if (!host.starts_with('[')) host = host.substr(0, host.find(':'));
  made_.resize(host.size());
  std::transform(host.begin(), host.end(), made_.begin(), lower);
  return made();
}

void HttpHead::append_header(const Header& header, bool alone) {
  append(header.name);
  append(": ");
  append(header.value);
  for (const Header* h = &header + 1; !alone && h < headers_.data() + headers_.size(); ++h)
    if (same_name(h->name, header.name)) append(", "), append(h->value);
  append("\r\n");
}

// Headers of one name become one, cookies are left out: they have a buffer of their own. Those that
// stand in the message as they are shown are copied together.
std::string_view HttpHead::make_headers() {
  const std::string_view cookie = request_ ? "cookie" : "set-cookie";
  const std::uint64_t cookies = kind_of(cookie);
  std::string_view together;
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    const Header& h = headers_[i];
    if (h.kind == cookies && same_name(h.name, cookie)) continue;
    bool again = false;
    const bool alone = (h.kind & kinds_again_) == 0;
    for (std::size_t j = 0; !alone && j < i && !again; ++j)
      again = same_name(headers_[j].name, h.name);
    if (again) continue;
    if (alone && h.as_shown) {  // nearly always
      const std::string_view line(h.name.data(), h.name.size() + h.value.size() + 4);
      if (together.data() + together.size() == line.data()) {
        together = {together.data(), together.size() + line.size()};
      } else {
        append(together);
        together = line;
      }
      continue;
    }
    append(together);
    together = {};
    append_header(h, alone);
  }
  if (made_.empty()) return together;
  append(together);
  return made();
}

}  // namespace endreason::inspect
