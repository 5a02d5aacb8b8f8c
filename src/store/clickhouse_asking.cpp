// SPDX-License-Identifier: Apache-2.0
// ClickhouseStore: how it is asked, by way of whichever server answers.
#include <algorithm>

#include <fmt/format.h>

#include "model/stored_sql.hpp"
#include "store/clickhouse_store.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

constexpr auto kBytesAge = std::chrono::seconds(10);
// Metrics and the status wait for it, also where a server hangs.
constexpr std::chrono::milliseconds kBytesTime{2'000};

}  // namespace

// Connections of one question, given back afterwards.
class ClickhouseStore::Lease {
 public:
  explicit Lease(ClickhouseStore& store) : store_(store) {
    ++store_.running_;
    const std::scoped_lock lock(store_.idle_mutex_);
    if (!store_.idle_.empty()) {
      servers_ = std::move(store_.idle_.back());
      store_.idle_.pop_back();
    }
  }
  ~Lease() {
    --store_.running_;
    const std::scoped_lock lock(store_.idle_mutex_);
    store_.idle_.push_back(std::move(servers_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Servers& servers() {
    if (servers_.empty())
      for (const std::string& name : store_.address_.servers)
        servers_.push_back(store_.make_server(name));
    return servers_;
  }

 private:
  ClickhouseStore& store_;
  Servers servers_;
};

// The server that answered last is asked first; another when it gives no answer. A shard that does
// not answer is left out only when it has to be, and then it is said.
template <class Answer>
Result<Answer> ClickhouseStore::answered(
    const QueryLimits& limits,
    const std::function<Result<Answer>(ClickhouseServer&, const ClickhouseSettings&)>& put) {
  Lease lease(*this);
  ClickhouseSettings settings;
  settings.time = limits.time;
  settings.read_only = true;
  Result<Answer> answer = fail(Error::Code::Io, "ClickHouse: no server is named");
  const std::size_t n = lease.servers().size();
  const std::size_t first = first_;
  for (std::size_t i = 0; i < n; ++i) {
    ClickhouseServer& server = lease.servers()[(first + i) % n];
    settings.skip_shards = false;
    answer = put(server, settings);
    if (answer) {
      first_ = (first + i) % n;
      partial_ = false;
      return answer;
    }
    if (ClickhouseServer::shard_missing(answer.error()) && !options_.cluster.empty()) {
      settings.skip_shards = true;
      answer = put(server, settings);
      if (answer) {
        first_ = (first + i) % n;
        partial_ = true;
        return answer;
      }
    }
    if (ClickhouseServer::tables_missing(answer.error())) continue;
    if (answer.error().message.find("[code ") != std::string::npos ||
        answer.error().code == Error::Code::Input)
      return answer;  // it did answer: another would say the same
  }
  return answer;
}

// Other questions put it in their own way.
template Result<Table> ClickhouseStore::answered(
    const QueryLimits&,
    const std::function<Result<Table>(ClickhouseServer&, const ClickhouseSettings&)>&);

Result<Table> ClickhouseStore::ask(const std::string& sql, const QueryLimits& limits) {
  return answered<Table>(limits, [&](ClickhouseServer& server, const ClickhouseSettings& settings) {
    return server.ask(sql, limits.rows, settings);
  });
}

Result<void> ClickhouseStore::read_rows(const RowsQuestion& question, const QueryLimits& limits,
                                        const std::function<bool(StoredRow&)>& take) {
  using Order = RowsQuestion::Order;
  std::string condition = where(question.scope);
  if (question.id) condition += fmt::format(" AND id = {}", *question.id);
  const bool descending = question.order == Order::NewestFirst;
  if (question.behind && question.order == Order::AsStored) {
    condition += fmt::format(" AND id > {}", question.behind->id);
  } else if (question.behind) {
    condition +=
        fmt::format(" AND time {0}= {1} AND (time {0} {1} OR id {0} {2})", descending ? "<" : ">",
                    question.behind->time_micros, question.behind->id);
  }
  const std::string order = question.order == Order::AsStored ? "id"
                            : descending                      ? "time DESC, id DESC"
                                                              : "time, id";
  // All columns are read of the rows alone that are wanted.
  QueryLimits places = limits;
  places.rows = UINT64_MAX;
  const auto found =
      ask(fmt::format("SELECT time, id FROM {} WHERE {} ORDER BY {}{}", table(), condition, order,
                      question.most == UINT64_MAX ? "" : fmt::format(" LIMIT {}", question.most)),
          places);
  if (!found) return tl::unexpected(found.error());
  constexpr std::size_t kAtOnce = 8192;
  for (std::size_t begin = 0; begin < found->rows.size(); begin += kAtOnce) {
    const std::size_t end = std::min(begin + kAtOnce, found->rows.size());
    std::int64_t first = INT64_MAX;
    std::int64_t last = INT64_MIN;
    std::string ids;
    for (std::size_t i = begin; i < end; ++i) {
      const std::int64_t time = signed_of(found->rows[i][0]);
      first = std::min(first, time);
      last = std::max(last, time);
      ids += fmt::format("{}{}", i == begin ? "" : ",", number_of(found->rows[i][1]));
    }
    const std::string sql = fmt::format(
        "SELECT {} FROM {} WHERE time BETWEEN {} AND {} AND id IN ({}) ORDER BY {} FORMAT "
        "RowBinary",
        ClickhouseDecoder::select_list(), table(), first, last, ids, order);
    const auto bytes = answered<std::string>(
        limits, [&](ClickhouseServer& server, const ClickhouseSettings& settings) {
          return server.fetch(sql, settings);
        });
    if (!bytes) return tl::unexpected(bytes.error());
    ClickhouseDecoder decoder(*bytes);
    StoredRow row;
    while (true) {
      const auto more = decoder.next(row);
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      if (!take(row)) return {};
    }
  }
  return {};
}

std::string ClickhouseStore::missing_part() const {
  if (!partial_) return {};
  return "a shard of the database does not answer: what it holds is missing here";
}

std::uint64_t ClickhouseStore::bytes_on_disk() const {
  const std::scoped_lock lock(bytes_mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (bytes_asked_ != std::chrono::steady_clock::time_point{} && now - bytes_asked_ < kBytesAge)
    return bytes_;
  bytes_asked_ = now;
  std::uint64_t sum = 0;
  for (const std::string& name : address_.servers) {
    ClickhouseServer server = make_server(name, kBytesTime);
    const auto bytes = server.ask(
        fmt::format("SELECT sum(bytes) FROM system.parts WHERE active AND database = {} AND table "
                    "LIKE 'traffic_%'",
                    sql_text(SqlDialect::ClickHouse, address_.database)),
        1);
    if (bytes) sum += number_of(bytes->rows.at(0)[0]);
  }
  bytes_ = sum;
  return bytes_;
}

}  // namespace endreason
