// SPDX-License-Identifier: Apache-2.0
// What is asked of a store, and its answers: plain values, the same whichever database answers.
// Texts are the columns' texts; a column that a row does not have is an empty text.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/field.hpp"
#include "store/overview_question.hpp"

namespace endreason {

struct QueryLimits {
  std::uint64_t rows = 10'000;
  std::chrono::milliseconds time{30'000};
  bool one_select = false;  // refuse everything but one statement that only reads
};

struct StoredSpan {
  std::uint64_t rows{};
  std::optional<std::int64_t> first, last;
};

// A column to group by: of the log, or a word of the verdict by the name of its column.
struct GroupColumn {
  std::optional<Field> field;
  std::string_view verdict;
};
struct GroupedRows {
  std::vector<std::optional<std::string>> key;
  RowSums sums;
  std::uint64_t blocked{}, failed{};  // sessions
};

// Rows of one firewall that came in one format.
struct DeviceRows {
  std::string serial, device_name, format;
  std::uint8_t version{};
  std::uint64_t rows{}, sessions{};
  std::int64_t first{}, last{}, received{};
};
// Of one firewall, lately: how far what was received is behind its own time, the middle of it.
struct DeviceLag {
  std::string serial;
  std::uint64_t rows{};
  std::int64_t lag_micros{};
};

// Rows in an order, from a place on.
struct RowsQuestion {
  enum class Order : std::uint8_t { NewestFirst, OldestFirst, AsStored };
  struct Place {
    std::int64_t time_micros{};  // of no matter AsStored
    std::uint64_t id{};
  };
  RowScope scope;
  std::optional<std::uint64_t> id;  // only this one
  // A part of the scope's condition that few rows fulfil and that looks at one column: a store may
  // look for those first.
  std::string rare;
  Order order = Order::AsStored;
  std::optional<Place> behind;  // only what comes after this row
  std::uint64_t most = UINT64_MAX;
};

}  // namespace endreason
