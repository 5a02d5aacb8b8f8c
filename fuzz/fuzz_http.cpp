// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as HTTP requests, read as the server reads them, in large pieces and in small
// ones: a request that both come to is the same. What is taken out of it is within the limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include <boost/asio/buffer.hpp>

#include "server/http_reading.hpp"

namespace {

namespace asio = boost::asio;
constexpr std::uint64_t kBodyMax = 1000;

struct Outcome {
  bool failed = false;
  std::optional<endreason::HttpRequest> request;
};

Outcome read(std::string_view bytes, std::size_t step) {
  using State = endreason::HttpReader::State;
  endreason::HttpReader reader(kBodyMax);
  boost::beast::flat_buffer waiting;
  Outcome outcome;
  for (State state = State::More; state != State::Done && !outcome.failed;) {
    if (state == State::More) {
      const std::size_t count = std::min(step, bytes.size());
      if (count == 0) return outcome;
      waiting.commit(asio::buffer_copy(waiting.prepare(count), asio::buffer(bytes)));
      bytes.remove_prefix(count);
    } else {
      static_cast<void>(reader.expects_continue());
    }
    state = reader.read(waiting);
    outcome.failed = state == State::Failed;
    if (state == State::Done) outcome.request = reader.take_request("192.0.2.1");
  }
  return outcome;
}

bool same(const endreason::HttpRequest& a, const endreason::HttpRequest& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query && a.body == b.body &&
         a.authorization == b.authorization && a.host == b.host && a.origin == b.origin;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read(bytes, size + 1);
  if (whole.request) {
    const endreason::HttpRequest& request = *whole.request;
    if (request.body.size() > kBodyMax || request.path.size() > endreason::kHttpHeaderMax)
      std::abort();
    std::size_t query_bytes = 0;
    for (const auto& [name, value] : request.query) query_bytes += name.size() + value.size();
    if (query_bytes > size) std::abort();
    static_cast<void>(request.parameter("filter"));
  }
  const Outcome pieces = read(bytes, size == 0 ? 1 : data[size - 1] % 64 + std::size_t{1});
  // Which limit is met first depends on the pieces, and so does where the library takes broken
  // trailers of a chunked body to end.
  if (whole.request && pieces.request && !same(*whole.request, *pieces.request)) std::abort();
  return 0;
}
