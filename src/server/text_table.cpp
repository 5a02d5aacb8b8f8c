// SPDX-License-Identifier: Apache-2.0
#include "server/text_table.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "format/display_text.hpp"
#include "server/json_writer.hpp"

namespace endreason {
namespace {

std::string plain(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(std::uint64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return fmt::format("{}", v); }
    std::string operator()(const std::string& v) const { return v; }
  };
  return std::visit(Visitor{}, cell);
}

bool is_number(const Cell& cell) {
  return std::holds_alternative<std::int64_t>(cell) ||
         std::holds_alternative<std::uint64_t>(cell) || std::holds_alternative<double>(cell);
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string aligned(const std::vector<std::string>& names,
                    const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> numbers(names.size(), !rows.empty());
  std::vector<std::vector<std::string>> texts;
  for (const std::string& name : names) widths.push_back(name.size());
  for (const auto& row : rows) {
    auto& line = texts.emplace_back();
    for (std::size_t c = 0; c < names.size(); ++c) {
      line.push_back(visible(plain(row[c])));
      widths[c] = std::max(widths[c], line.back().size());
      numbers[c] = numbers[c] && is_number(row[c]);
    }
  }
  std::string out;
  const auto append = [&](const std::vector<std::string>& line) {
    std::string text;
    for (std::size_t c = 0; c < line.size(); ++c) {
      if (c > 0) text += "  ";
      text += numbers[c] ? fmt::format("{:>{}}", line[c], widths[c])
                         : fmt::format("{:<{}}", line[c], widths[c]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  append(names);
  for (const auto& line : texts) append(line);
  return out;
}

}  // namespace

std::optional<TableFormat> table_format(std::string_view name) {
  if (name.empty() || name == "json") return TableFormat::Json;
  if (name == "table") return TableFormat::Table;
  if (name == "csv") return TableFormat::Csv;
  if (name == "ndjson") return TableFormat::Ndjson;
  return std::nullopt;
}

std::string table_text(const std::vector<std::string>& names,
                       const std::vector<std::vector<Cell>>& rows, TableFormat format) {
  if (format == TableFormat::Table) return aligned(names, rows);
  std::string out;
  if (format == TableFormat::Csv) {
    for (std::size_t c = 0; c < names.size(); ++c) out += (c > 0 ? "," : "") + csv_cell(names[c]);
    out += '\n';
  }
  for (const auto& row : rows) {
    if (format == TableFormat::Csv) {
      for (std::size_t c = 0; c < names.size(); ++c)
        out += (c > 0 ? "," : "") + csv_cell(plain(row[c]));
    } else {
      JsonWriter json(out);
      json.object();
      for (std::size_t c = 0; c < names.size(); ++c) json.key(names[c]).cell(row[c]);
      json.end_object();
    }
    out += '\n';
  }
  return out;
}

}  // namespace endreason
