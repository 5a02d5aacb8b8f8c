// SPDX-License-Identifier: Apache-2.0
// The names in an X.509 certificate as rules write them: "C=US, O=Example, CN=example.com". Reads
// DER by itself, since a rule may ask for the very bytes that a library would refuse. Pure; bounds
// are checked everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace endreason::inspect {

struct CertificateParts {
  std::span<const std::uint8_t> serial, issuer, subject, alternative_names;  // DER contents
};

// What of it can be read; parts that cannot are empty.
CertificateParts certificate_parts(std::span<const std::uint8_t> der);
// Appends a distinguished name (the contents of its SEQUENCE).
void append_name(std::span<const std::uint8_t> name, std::vector<std::uint8_t>& out);
// "01:AF:..." of an INTEGER's contents.
void append_serial(std::span<const std::uint8_t> serial, std::vector<std::uint8_t>& out);
// The next DNS name or address of the alternative names; takes it off the front.
std::span<const std::uint8_t> next_alternative_name(std::span<const std::uint8_t>& names);

}  // namespace endreason::inspect
