// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value, or an Error whose message names the setting and the remedy.
// For cold code (config, files, arguments). Hot paths use one-byte enums instead.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace endreason {

struct Error {
  enum class Code : unsigned char {
    Usage,  // the command line or a configuration file is wrong; exit code 2
    Input,  // the input cannot be used as it stands; exit code 3
    Io,     // reading or writing failed; exit code 4
  };
  Code code{Code::Usage};
  std::string message;  // one line: what is wrong, where, and what to do
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error::Code code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace endreason
