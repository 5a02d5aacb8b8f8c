// SPDX-License-Identifier: Apache-2.0
// One record -> a PAN-OS CSV line. What came as PAN-OS CSV goes back byte for byte, where its line
// is known; anything else is written as the default line of a chosen release. Sources: "Traffic
// Log Fields", "Escape Sequences"; what the FUTURE_USE columns hold was seen in real lines
// (docs/formats).
#include <charconv>

#include "format/csv_cell.hpp"
#include "format/time_text.hpp"
#include "format/writers.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::string_view kDefaultVersion = "11.1";
// From 10.0 on the two padding columns are empty; before, they hold 0.
constexpr std::uint16_t kFirstWithEmptyPadding = 2560;
// What 7.1 and older, whose numbers nobody has stated, write as their version: seen in real lines.
constexpr std::string_view kOldConfigVersion = "1";

const PanosVersionInfo* release_of(const WriterOptions& options) {
  const PanosVersionInfo* release = info(options.panos_version);
  return release != nullptr ? release : info(version_named(kDefaultVersion));
}

// RFC 3339 -> "YYYY/MM/DD HH:MM:SS", which is what the same instant looks like without its zone.
void append_device_form(std::string& out, std::string_view rfc3339) {
  const std::size_t first = out.size();
  out += rfc3339.substr(0, 19);
  out[first + 4] = out[first + 7] = '/';
  out[first + 10] = ' ';
}

void append_hex(std::string& out, std::uint32_t value) {
  char text[8];
  const auto end = std::to_chars(text, text + sizeof text, value, 16).ptr;
  out.append("0x").append(text, end);
}

// `{name,tag,...},{...}`: the one column whose commas PAN-OS leaves bare, since the braces hold it
// together.
bool is_brace_list(std::string_view text) {
  return text.size() >= 2 && text.front() == '{' && text.back() == '}' &&
         text.find('"') == std::string_view::npos;
}

class PanosWriter : public RecordWriter {
 public:
  explicit PanosWriter(const WriterOptions& options)
      : clock_(options.clock),
        version_(release_of(options)),
        engine_version_(version_from_config(std::to_string(version_->config_version))),
        takes_engine_lines_(takes_engine_lines(options, engine_version_)) {}

  void write(const TrafficRecord& record, const Verdict& /*verdict*/, std::string& out) override {
    // A record that was stored has its columns, and no line that they came from.
    if (record.format == InputFormat::PanosCsv && !record.payload.empty()) {
      out += record.payload;
    } else if (is_line_of_ours(record)) {
      out += record.payload;
    } else {
      zone_.emplace(clock_.zone_of(record));
      for (std::size_t i = 0; i < version_->columns; ++i) {
        if (i > 0) out += ',';
        append_column(out, record, kFields[i].value);
      }
    }
    out += '\n';
  }

 private:
  // The engine's own rows are lines already.
  bool is_line_of_ours(const TrafficRecord& record) const {
    return record.format == InputFormat::Engine && !record.payload.empty() && takes_engine_lines_ &&
           record.version == engine_version_;
  }

  void append_column(std::string& out, const TrafficRecord& record, Field field) {
    switch (field) {
      case Field::Domain:
        out += '1';
        return;
      case Field::Type:
        out += "TRAFFIC";
        return;
      case Field::ConfigVer:
        append_config_version(out);
        return;
      case Field::Padding:
      case Field::Cpadding:
        if (version_->config_version < kFirstWithEmptyPadding) out += '0';
        return;
      case Field::TimeReceived:
        append_time(out, record, record.has(field) ? field : Field::ReceiveTime);
        return;
      case Field::HighResTimestamp:
        append_panos_cell(out, record.text(field));
        return;
      case Field::Flags:
        append_flags(out, record);
        return;
      case Field::LinkSwitches:
        if (is_brace_list(record.text(field))) {
          out += record.text(field);
          return;
        }
        break;
      default:
        break;
    }
    if (info(field).kind == FieldKind::Time) {
      append_time(out, record, field);
    } else if (info(field).kind == FieldKind::Word) {
      append_panos_cell(out, word_of(record, field));
    } else {
      append_panos_cell(out, record.text(field));
    }
  }

  void append_config_version(std::string& out) const {
    if (version_->config_version == 0) {
      out += kOldConfigVersion;
    } else {
      out += std::to_string(version_->config_version);
    }
  }

  // PAN-OS's own spelling where the value is of its vocabulary, else the text as it came.
  static std::string_view word_of(const TrafficRecord& record, Field field) {
    std::string_view word;
    switch (field) {
      case Field::Subtype:
        word = info(record.subtype).log_name;
        break;
      case Field::Action:
        word = info(record.action).log_name;
        break;
      case Field::SessionEndReason:
        word = info(record.end_reason).log_name;
        break;
      case Field::ActionSource:
        word = info(record.action_source).log_name;
        break;
      case Field::Proto:
        if (record.knows(Known::Proto)) word = protocol_name(record.proto);
        break;
      default:
        break;
    }
    return word.empty() ? record.text(field) : word;
  }

  static void append_flags(std::string& out, const TrafficRecord& record) {
    const std::string_view text = record.text(Field::Flags);
    if (record.knows(Known::Flags) && !text.starts_with("0x")) {
      append_hex(out, record.flags);
    } else {
      append_panos_cell(out, text);
    }
  }

  // Device time in the record's zone. Without a configured zone a time keeps the digits it came
  // with, in whatever zone that was.
  void append_time(std::string& out, const TrafficRecord& record, Field field) {
    const auto time = clock_.at(record, field, *zone_);
    if (!time) {
      append_panos_cell(out, record.text(field));
      return;
    }
    ZonedTime shown = time->time;
    const bool zone_is_given =
        zone_->basis() == ZoneBasis::SerialTable || zone_->basis() == ZoneBasis::Option;
    if (zone_is_given && time->basis == ZoneBasis::InText)
      shown.offset_minutes = zone_->offset_minutes_of(shown.utc_micros);
    text_.clear();
    append_rfc3339(text_, shown);
    append_device_form(out, text_);
  }

  RecordClock clock_;
  const PanosVersionInfo* version_;
  PanosVersion engine_version_;
  bool takes_engine_lines_;
  std::optional<RecordClock::RecordZone> zone_;
  std::string text_;
};

}  // namespace

// Where they are of the release that is written, and nobody asks for another zone than theirs.
bool takes_engine_lines(const WriterOptions& options, PanosVersion version) {
  const PanosVersionInfo* release = release_of(options);
  return options.format == OutputFormat::Panos && info(version) == release &&
         release->config_version >= kFirstWithEmptyPadding && !options.clock.zone_given();
}

std::unique_ptr<RecordWriter> make_panos_writer(const WriterOptions& options) {
  return std::make_unique<PanosWriter>(options);
}

}  // namespace endreason
