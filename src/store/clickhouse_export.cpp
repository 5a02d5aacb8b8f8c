// SPDX-License-Identifier: Apache-2.0
// Rows of ClickHouse as a Parquet file, which not every server can write: they go into an embedded
// database of their own, which can, so the file is as that of the other store.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "store/clickhouse_store.hpp"
#include "store/duckdb_store.hpp"

namespace endreason {
namespace {

// Of which also the places are in memory.
constexpr std::uint64_t kRowsOfACommit = 245'760;
constexpr std::uint64_t kMemoryBytes = std::uint64_t{512} << 20;

// Goes with what is in it.
class PassingFolder {
 public:
  explicit PassingFolder(std::string path) : path_(std::move(path)) { remove(); }
  ~PassingFolder() { remove(); }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path_;
};

// Reads the times of a row in the zone in which they were read when it was stored.
class ZonesOfRows {
 public:
  const RecordClock& of(const StoredRow& row) {
    const auto in_utc = utc_.of(row.record);
    if (!row.time_known || !in_utc) return utc_;
    const std::int64_t offset = (in_utc->time.utc_micros - row.time_micros) / 60'000'000;
    if (offset == 0) return utc_;
    const auto [known, fresh] = clocks_.try_emplace(offset);
    if (fresh) {
      const std::int64_t minutes = std::abs(offset);
      if (auto zone = TimeZone::named(
              fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', minutes / 60, minutes % 60)))
        known->second.set_default_zone(*std::move(zone));
    }
    return known->second;
  }

 private:
  RecordClock utc_;
  std::map<std::int64_t, RecordClock> clocks_;
};

}  // namespace

Result<void> ClickhouseStore::export_parquet(const RowScope& scope, const std::string& path,
                                             const QueryLimits& limits) {
  const PassingFolder folder(path + ".rows");
  StoreOptions options;
  options.folder = folder.path();
  options.keep_raw = true;
  options.threads = options_.threads;
  options.memory_bytes = kMemoryBytes;
  options.export_folder = std::filesystem::path(path).parent_path();
  auto opened = open_duckdb_store(options);
  if (!opened) return tl::unexpected(opened.error());
  auto& rows = static_cast<DuckdbStore&>(**opened);

  // By name; rows of all nodes are among them.
  std::map<std::string, std::uint16_t> numbers;
  const auto number_of_sender = [&](const std::string& name) -> Result<std::uint16_t> {
    if (const auto known = numbers.find(name); known != numbers.end()) return known->second;
    if (numbers.size() == UINT16_MAX) return std::uint16_t{UINT16_MAX};  // that has no name
    const auto number = static_cast<std::uint16_t>(numbers.size());
    if (auto named = rows.add_sender(number, name); !named) return tl::unexpected(named.error());
    numbers.emplace(name, number);
    return number;
  };
  ZonesOfRows zones;
  RowsQuestion question;
  question.scope = scope;
  question.most = kRowsOfACommit;
  while (true) {
    Result<void> well;
    std::uint64_t read = 0;
    const auto done = read_rows(question, limits, [&](StoredRow& row) {
      ++read;
      question.behind = RowsQuestion::Place{row.time_micros, row.id};
      rows.take_id(row.id);
      row.record.raw = row.raw;
      const auto sender = number_of_sender(row.sender);
      if (!sender) {
        well = tl::unexpected(sender.error());
        return false;
      }
      const RowOrigin origin{row.received_micros, *sender, {}};
      if (auto one = rows.add(row.record, row.verdict, origin, zones.of(row)); !one)
        well = tl::unexpected(one.error());
      return well.has_value();
    });
    if (!done) return done;
    if (well) well = rows.commit({});
    if (!well) return well;
    if (read < question.most) return rows.export_parquet({}, path, limits);
  }
}

}  // namespace endreason
