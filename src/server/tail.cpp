// SPDX-License-Identifier: Apache-2.0
#include "server/tail.hpp"

#include <chrono>
#include <deque>

#include <fmt/format.h>

namespace endreason {
namespace {

constexpr std::size_t kQueueMax = 2000;  // rows
constexpr std::size_t kStreamsMax = 32;
constexpr auto kHeartbeat = std::chrono::seconds(15);

}  // namespace

class TailStream final : public HttpStream {
 public:
  TailStream(const ApiContext& context, std::optional<Filter> filter,
             std::vector<OutputColumn> columns)
      : records_(context, std::move(columns)),
        filter_(std::move(filter)),
        clock_(context.options.clock) {}

  // On the ingestor's thread.
  void offer(const TrafficRecord& record, const Verdict& verdict, std::uint64_t id) {
    if (filter_ && !filter_->matches(record, verdict, clock_)) return;
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kQueueMax) {
      ++lost_;
      return;
    }
    queue_.push_back(records_.text(record, verdict, id));
  }

  State next(std::string& out) override {
    const auto now = std::chrono::steady_clock::now();
    const std::scoped_lock lock(mutex_);
    if (spoken_ == std::chrono::steady_clock::time_point{} || now - spoken_ >= kHeartbeat) {
      out += ": endreason\n\n";
      spoken_ = now;
    }
    if (queue_.empty()) return State::Wait;
    for (const std::string& record : queue_) {
      out += "event: record\ndata: ";
      out += record;
      out += "\n\n";
    }
    queue_.clear();
    if (lost_ > 0) out += fmt::format("event: lost\ndata: {{\"rows\":{}}}\n\n", lost_);
    lost_ = 0;
    spoken_ = now;
    return State::Wait;
  }

 private:
  RecordJson records_;
  std::optional<Filter> filter_;
  RecordClock clock_;
  std::mutex mutex_;
  std::deque<std::string> queue_;
  std::uint64_t lost_ = 0;
  std::chrono::steady_clock::time_point spoken_{};
};

TailHub::~TailHub() {
  ingestor_.watch({});
}

HttpResponse TailHub::open(const HttpRequest& request, const ApiContext& context) {
  auto scope = scope_of(request, context);
  if (!scope) return scope.error();
  std::vector<OutputColumn> columns;
  if (const std::string_view list = request.parameter("columns"); !list.empty()) {
    auto chosen = parse_columns(list);
    if (!chosen) return error_answer(ApiError::BadParameter, chosen.error().message);
    columns = *std::move(chosen);
  }
  auto stream = std::make_shared<TailStream>(context, std::move(scope->filter), std::move(columns));
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(streams_, [](const auto& s) { return s.expired(); });
    if (streams_.size() >= kStreamsMax)
      return error_answer(ApiError::Busy, "too many watch already", "close another live tail");
    streams_.push_back(stream);
  }
  ingestor_.watch([this](const TrafficRecord& record, const Verdict& verdict, std::uint64_t id) {
    pass(record, verdict, id);
  });
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("X-Accel-Buffering", "no");
  response.stream = std::move(stream);
  return response;
}

void TailHub::pass(const TrafficRecord& record, const Verdict& verdict, std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  for (const auto& weak : streams_)
    if (const auto stream = weak.lock()) stream->offer(record, verdict, id);
}

}  // namespace endreason
