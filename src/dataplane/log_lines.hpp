// SPDX-License-Identifier: Apache-2.0
// LogLines: sessions -> lines of PAN-OS's log, where nothing but lines is wanted. Most of a line is
// the same for all sessions of a shape (application, rule, zones, protocol, how it ended), so it is
// learnt from the first one, which SessionRecord makes; the next ones get its constant stretches,
// and their own numbers, addresses and times in between. log_lines_test.cpp holds them to what
// SessionRecord makes.
//
// Reuses its buffers; allocates nothing per line. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/cell_text.hpp"
#include "dataplane/interface_notes.hpp"
#include "dataplane/session_policy.hpp"
#include "model/traffic_record.hpp"
#include "session/session.hpp"

namespace endreason {

// What a line is made of. Texts of a row (names of rule, zones, interfaces, application) must
// follow from these numbers alone.
struct LineOf {
  const Session& session;
  const SessionPolicy& policy;
  SessionInterfaces interfaces{};
  std::uint16_t app{};
  Subtype subtype{};
  bool another_port{};  // than the application's own
  std::int64_t generated_ns{};
  std::uint64_t seqno{};
};

class LogLines {
 public:
  LogLines();

  // Appends the line, with its line end. False when its shape is not known: nothing is done.
  bool append(const LineOf& row);
  // Appends the line that `record` has for this row, and learns its shape. False when it has none,
  // as one that must be quoted.
  bool append_and_learn(const LineOf& row, const TrafficRecord& record);

  // The lines so far.
  std::string_view text() const { return {buffer_.data(), size_}; }
  std::size_t count() const { return count_; }
  void clear() { size_ = count_ = 0; }

 private:
  // All that decides what the constant stretches are.
  struct Key {
    std::uint64_t who{}, how{}, where{};
    friend bool operator==(const Key&, const Key&) = default;
  };
  // The stretches between cells that differ, in their order.
  static constexpr std::size_t kStretches = 11;
  static constexpr std::size_t kBlock = 16;           // bytes copied at a time
  static constexpr std::size_t kStretchBytes = 1024;  // of a shape, each stretch in whole blocks
  struct Shape {
    bool telemetry = false;  // the line has the cells that 12.1 has of a TCP session
    std::array<std::uint16_t, kStretches> begins{}, sizes{};
    std::array<char, kStretchBytes> text{};
  };
  struct Place {
    Key key;
    bool known = false;
    std::unique_ptr<Shape> shape;  // most have none: few shapes are met
  };
  class Writer;

  static Key key_of(const LineOf& row);
  static std::size_t place_of(const Key& key);
  void learn(const Key& key, const TrafficRecord& record);
  void make_room(std::size_t bytes);

  static constexpr std::size_t kShapes = 256;
  std::vector<Place> places_;  // of the shapes, each in the one that its key has
  std::vector<char> buffer_;
  std::size_t size_ = 0, count_ = 0;
  TimeText generated_, started_;
};

}  // namespace endreason
