// SPDX-License-Identifier: Apache-2.0
// EngineFacts as a word that may stand before a line of a log, and back: what the session engine
// knows of a session survives the way through a spool. Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/engine_facts.hpp"

namespace endreason {

// What it is called among texts by name.
inline constexpr std::string_view kEngineFactsName = "engine_facts";
// Without blanks and commas.
void append_engine_facts(std::string& out, const EngineFacts& facts);

// The facts of such a word, and the texts of their columns.
class ReadEngineFacts {
 public:
  // False: these bytes are none. The facts live until the next call.
  bool read(std::string_view word);
  const EngineFacts& facts() const { return facts_; }

 private:
  EngineFacts facts_;
  std::string handshake_, free_texts_, reason_;
};

}  // namespace endreason
