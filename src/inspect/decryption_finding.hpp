// SPDX-License-Identifier: Apache-2.0
// DecryptionFinding: something that a session has against the terms of its decryption rule, or what
// is to be said of it. DecryptionFindings keeps those of one call, and whether the session is to
// end.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "inspect/decryption_terms.hpp"

namespace endreason::inspect {

struct DecryptionFinding {
  DecryptionCause cause{};
  bool blocks{};       // the profile ends the session for it
  bool from_client{};  // whose bytes it rests on
  std::string sentence;
};

class DecryptionFindings {
 public:
  void clear() { all_.clear(); }
  void add(DecryptionCause cause, const DecryptionTerms& terms, bool from_client,
           std::string sentence) {
    const bool blocks = !info(cause).note && (terms.blocks & cause_bit(cause)) != 0;
    all_.push_back({cause, blocks, from_client, std::move(sentence)});
  }
  // The finding that ends the session, that of the highest priority; null: none does.
  const DecryptionFinding* blocking() const {
    const DecryptionFinding* best = nullptr;
    for (const DecryptionFinding& f : all_)
      if (f.blocks && (best == nullptr || f.cause < best->cause)) best = &f;
    return best;
  }
  const std::vector<DecryptionFinding>& all() const { return all_; }

 private:
  std::vector<DecryptionFinding> all_;
};

}  // namespace endreason::inspect
