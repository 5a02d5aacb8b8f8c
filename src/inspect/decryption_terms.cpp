// SPDX-License-Identifier: Apache-2.0
#include "inspect/decryption_terms.hpp"

#include <fmt/format.h>

namespace endreason::inspect {

CipherParts cipher_part_named(std::string_view name) {
  static constexpr std::string_view kMiddle = "-algo-";
  for (const CipherPartInfo& row : kCipherParts) {
    const std::string_view end = row.log_name.substr(row.log_name.find(kMiddle) + kMiddle.size());
    if (name == row.log_name || name == end) return cipher_bit(row.value);
  }
  return 0;
}

std::string tls_version_text(unsigned version) {
  if (version == 0x0300) return "SSL 3.0";
  if (version > 0x0300 && version <= 0x0304) return fmt::format("TLS 1.{}", version - 0x0301);
  return fmt::format("{:#06x}", version);
}

}  // namespace endreason::inspect
