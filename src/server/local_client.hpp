// SPDX-License-Identifier: Apache-2.0
// Asks a running server on this machine: one request, its answer handed over as it comes. Plain
// HTTP only; what is served over TLS is asked with a client that knows whom to trust.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace endreason {

struct ClientRequest {
  std::string address;  // "http://127.0.0.1:8088/"
  std::string method, target, body, token;
};
// Gives the status; the body goes to `take`, piece by piece.
Result<unsigned> ask_server(const ClientRequest& request,
                            const std::function<void(std::string_view)>& take);

}  // namespace endreason
