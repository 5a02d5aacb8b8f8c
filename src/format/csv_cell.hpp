// SPDX-License-Identifier: Apache-2.0
// One cell of a CSV line, quoted where it must be. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace endreason {

inline void append_quoted_cell(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// RFC 4180: quoted when it holds a comma, a quote or a line end; a quote inside is doubled.
inline void append_csv_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
  } else {
    append_quoted_cell(out, text);
  }
}

// As PAN-OS quotes: a cell with a comma or a quote, nothing else. One record is one line there, so
// a line end inside a text (other formats can carry one) becomes a blank.
inline void append_panos_cell(std::string& out, std::string_view text) {
  const std::size_t first = out.size();
  if (text.find_first_of(",\"") == std::string_view::npos) {
    out += text;
  } else {
    append_quoted_cell(out, text);
  }
  for (std::size_t i = first; i < out.size(); ++i)
    if (out[i] == '\n' || out[i] == '\r') out[i] = ' ';
}

}  // namespace endreason
