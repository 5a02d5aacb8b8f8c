// SPDX-License-Identifier: Apache-2.0
// The quick way to decode the key columns of common records, where the machine has one.
#pragma once

#include "model/traffic_record.hpp"

namespace endreason {

// Does what decode_key_columns does, for most records, or returns false: look more closely with
// that one, which alone says what a record means; nothing was decoded then. The record must not be
// partial, and its columns up to action_source must stand in the input as they are (plain_up_to),
// in PAN-OS order behind its base.
using DecodeCommonColumns = bool (*)(TrafficRecord& record);
// Needs AVX-512 with VBMI and VBMI2.
bool decode_common_columns_avx512(TrafficRecord& record);

}  // namespace endreason
